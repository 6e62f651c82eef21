"""``deepmeme doctor`` says what is there, and fails when something is broken."""

import json
from pathlib import Path

import pytest

from deepmeme.cli.main import run
from deepmeme.pipelines import doctor
from deepmeme.pipelines.consent import remember
from deepmeme.pipelines.doctor import Finding


def test_everything_here_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    states = {finding["about"]: finding["state"] for finding in report["findings"]}
    assert states["self-test"] == states["video"] == states["shipped model"] == "good"


def test_what_is_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", ("numpy", "no-such-library"))
    assert run(["doctor", "--no-self-test"]) == 1
    assert "Missing: no-such-library" in capsys.readouterr().err


def test_a_check_that_breaks_does_not_end_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def _processor() -> Finding:
        raise RuntimeError("no processor")

    monkeypatch.setattr(doctor, "_processor", _processor)
    findings = list(doctor.examine(self_test=False))
    assert Finding("processor", "bad", "RuntimeError: no processor", "Install deepmeme again.") in (
        findings
    )
    assert findings[-1].about == "video"


def test_a_wrong_result_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REFERENCE_BLUE", ((0,) * 4,) * 4)
    found = {finding.about: finding for finding in doctor.examine()}
    assert found["self-test"].state == "bad"


def test_it_knows_whether_consent_was_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path))
    found = {finding.about: finding.found for finding in doctor.examine(self_test=False)}
    assert "will be asked" in found["consent"]
    remember()
    found = {finding.about: finding.found for finding in doctor.examine(self_test=False)}
    assert found["consent"].startswith("given on 2") and str(tmp_path) in found["consent"]


def test_it_knows_how_results_are_marked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path))

    def marks() -> doctor.Finding:
        findings = doctor.examine(self_test=False)
        return next(finding for finding in findings if finding.about == "marks")

    assert marks().state == "good" and "a key of this computer" in marks().found
    (tmp_path / "config.toml").write_text('provenance = "off"\n')
    assert marks().state == "note" and "neither watermark nor credentials" in marks().found
    (tmp_path / "config.toml").write_text("provenance = 7\n")
    assert marks().state == "bad" and "config.toml" in marks().found


def test_the_extras_that_it_names_exist():
    from importlib.metadata import metadata

    assert set(doctor.EXTRAS) <= set(metadata("deepmeme").get_all("Provides-Extra"))

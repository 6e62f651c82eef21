"""The command as a whole: help, version, startup."""

import subprocess
import sys

import pytest

from tests.pipelines.studio import Studio


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time\n"
        "from deepmeme.cli.main import run\n"
        "code = run(['--help'])\n"
        "print('TOOK', time.process_time())\n"
        "print('LOADED', sorted({m.split('.')[0] for m in sys.modules}))\n"
        "sys.exit(code)"
    )
    took = []
    for _ in range(3):
        done = _python("-c", code)
        assert done.returncode == 0, done.stderr
        took.append(float(done.stdout.split("TOOK ")[1].split()[0]))
    loaded = done.stdout.split("LOADED ")[1]
    for heavy in ("torch", "openvino", "cv2", "av", "numpy", "PIL"):
        assert f"'{heavy}'" not in loaded
    assert min(took) < 0.5


def test_version_needs_nothing() -> None:
    done = _python("-m", "deepmeme", "--version")
    assert done.returncode == 0 and done.stdout.startswith("deepmeme ")


@pytest.mark.parametrize(
    "words", [(), ("animate",), ("motion",), ("motion", "extract"), ("motion", "info")]
)
def test_help_of_every_command(studio: Studio, words: tuple[str, ...]) -> None:
    code, out, _ = studio.run(*words, "--help")
    assert code == 0 and "Usage: deepmeme" in out


def test_no_words_show_the_help(studio: Studio) -> None:
    code, out, err = studio.run()
    assert "animate" in out + err and code in (0, 2)


def test_json_works_for_usage_errors(studio: Studio) -> None:
    import json

    code, out, _ = studio.run("animate", "--json", "--nonsense")
    assert code == 2 and json.loads(out)["error"]["type"] == "UsageError"

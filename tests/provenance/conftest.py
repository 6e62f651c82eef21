"""What the tests of results share."""

import pytest


@pytest.fixture
def research(tmp_path_factory, monkeypatch):
    """Settings without watermark and credentials, so that equal results are equal bytes."""
    folder = tmp_path_factory.mktemp("research")
    (folder / "config.toml").write_text('provenance = "off"\n')
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(folder))
    return folder

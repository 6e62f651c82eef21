"""No test reads or writes the settings, signing key or consent of whoever runs it."""

import signal

import pytest


def pytest_configure():
    """Ctrl-C is heard by the programs that tests start, also where a shell began us with `&`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def config_dir(tmp_path_factory):
    """One folder for the whole run, so that the signing key is made once."""
    folder = tmp_path_factory.mktemp("config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMEME_CONFIG_DIR", str(folder))
        yield folder


@pytest.fixture
def research(tmp_path_factory, monkeypatch):
    """Settings without watermark and credentials, so that equal results are equal bytes."""
    folder = tmp_path_factory.mktemp("research")
    (folder / "config.toml").write_text('provenance = "off"\n')
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(folder))
    return folder

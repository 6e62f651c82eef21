"""No test reads or writes the settings, signing key or consent of whoever runs it."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def config_dir(tmp_path_factory):
    """One folder for the whole run, so that the signing key is made once."""
    folder = tmp_path_factory.mktemp("config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMEME_CONFIG_DIR", str(folder))
        yield folder

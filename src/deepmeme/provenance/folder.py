"""Where this user's settings, signing identity and consent lie."""

import os
from pathlib import Path

import platformdirs


def config_folder() -> Path:
    """``DEEPMEME_CONFIG_DIR``, or the place that this system has for it. It may not exist yet."""
    chosen = os.environ.get("DEEPMEME_CONFIG_DIR")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_config_dir("deepmeme"))

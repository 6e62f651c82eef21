"""Pictures and driving videos for ``deepmeme demo``, made by this project but for the toons.

``python -m deepmeme.data.demo_scene -o DIR`` makes ours again. ``toon_*`` are Microsoft's Fluent
Emoji (MIT, ``LICENSE-fluent-emoji.txt``); ``python -m deepmeme.data.demo_toons`` prepares them.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from deepmeme.errors import InputError


@cache
def shipped() -> dict[str, Path]:
    """The pictures and videos by name, such as "painting.png"."""
    folder = Path(str(files(__name__)))
    return {p.name: p for p in sorted(folder.iterdir()) if p.suffix in (".png", ".mp4")}


def asset(name: str) -> Path:
    """One of them.

    Raises:
        InputError: nothing of that name comes with deepmeme.
    """
    found = shipped().get(name)
    if found is None:
        raise InputError(f"No {name!r} comes with deepmeme. There are: {', '.join(shipped())}.")
    return found

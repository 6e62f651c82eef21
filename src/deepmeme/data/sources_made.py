"""What preparing a data set takes from the user and gives back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Wishes:
    """What may be asked for beside the folder."""

    limit: int | None = None
    """At most so many: emoji, portraits, clips of a speaker, people."""
    size: int = 128
    """Side of an emoji's frames in pixels."""


@dataclass(frozen=True)
class Made:
    """A data set that is ready."""

    folder: Path
    num_items: int
    what: str
    """What the items are, in a few words."""
    sums: dict[str, str] = field(default_factory=dict)
    """sha256 of each file it was made from."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "folder": str(self.folder.resolve()),
            "num_items": self.num_items,
            "what": self.what,
            "sha256": self.sums,
        }

"""What a user may choose of any result, whatever made it: label, quality, size."""

from dataclasses import asdict, fields
from typing import Any, cast

from deepmeme.media.wording import TEXT
from deepmeme.pipelines.values import parse_bytes

LABEL = TEXT
CORNERS = ("bottom-right", "bottom-left", "top-right", "top-left")
QUALITIES = {"small": 60, "good": 80, "best": 95}


class OutputChoices:
    """The other half of a dataclass of options that has these fields."""

    label: bool
    label_text: str
    label_corner: str
    quality: str
    max_size: str | None

    @property
    def quality_percent(self) -> int:
        return QUALITIES[self.quality]

    @property
    def label_shown(self) -> str:
        """The label's words, or nothing; words of one's own need no ``label`` beside them."""
        return self.label_text.strip() or (LABEL if self.label else "")

    @property
    def max_bytes(self) -> int | None:
        return None if self.max_size is None else parse_bytes(str(self.max_size))

    def label_contradictions(self) -> list[str]:
        """A corner for a label that isn't shown."""
        if self.label_corner != CORNERS[0] and not self.label_shown:
            return [f"--label-corner {self.label_corner} needs --label"]
        return []

    def as_dict(self) -> dict[str, object]:
        """For the record and for JSON."""
        return asdict(cast(Any, self))

    def changed(self) -> dict[str, object]:
        """Only the fields that differ from their defaults."""
        chosen = fields(cast(Any, self))
        return {f.name: v for f in chosen if (v := getattr(self, f.name)) != f.default}

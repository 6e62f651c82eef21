"""What was done and why, as facts: for the last message on the screen, for JSON, for the page."""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class SourceStory:
    """What was taken from one source picture."""

    name: str
    size: tuple[int, int]
    """Width and height in pixels, as read."""
    how: str
    """In words: "face 1 of 3", "centre (no face found)", "whole picture"."""
    crops: tuple[tuple[int, int, int], ...]
    """x, y and side in pixels of each animated square; none for the whole picture."""
    pasted: bool
    anchors: tuple[int | None, ...]
    """Driving frame that movement is counted from, for each square; None in absolute transfer."""
    faces: int
    """Squares that hold a face which was found."""
    side: int
    """Pixels of the largest animated square in the result, its own detail added."""
    pose_gap: float
    """How far the source's pose is from its anchor's, 0 = the same shape; the largest square."""


@dataclass(frozen=True)
class DrivingStory:
    """What was taken from the driving video, template or picture."""

    name: str
    kind: str
    how: str
    frames: int
    fps: float
    crop: tuple[int, int, int] | None


@dataclass(frozen=True)
class Story:
    """Everything a user may want to know about one animation."""

    model: str
    engine: str
    precision: str
    device: str
    resolution: int
    sources: tuple[SourceStory, ...]
    driving: DrivingStory
    layout: str
    size: tuple[int, int]
    frames: int
    fps: float
    sound: str
    warnings: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    """Only those that differ from their defaults."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)

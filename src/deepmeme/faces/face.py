"""What a detector finds. Pixel coordinates measure from the picture's upper left corner, so that
pixel (0, 0) covers the square from (0, 0) to (1, 1).
"""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in picture pixels; it may leave the picture."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """In pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In pixels."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """In square pixels; 0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) in pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def intersection(self, other: "Box") -> float:
        """Area in both, in square pixels."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(0.0, width) * max(0.0, height)


class Face(NamedTuple):
    """One face in a picture."""

    box: Box
    """From above the brows to the chin, about square."""
    score: float
    """Certainty in (0, 1]."""
    angle_deg: float = 0.0
    """How far the head is turned in the picture plane, clockwise positive."""

"""What a user may choose when a swap is run: every default, range and explanation, once."""

import re
from dataclasses import dataclass
from typing import Literal

from deepmeme.choices import choice, settle
from deepmeme.pipelines.output import CORNERS, LABEL, QUALITIES, OutputChoices
from deepmeme.pipelines.values import parse_bytes, parse_label

Side = Literal["a", "b"]
COLOURS = ("lab", "rct", "histogram", "none")
"""Ways to take on colours; see ``colour``."""

_WHO, _LOOK, _TIME, _OUTPUT = "Who", "Look", "Time", "Output"


def parse_faces(text: str) -> Literal["one", "all"] | int:
    """one, all, or a number counted from 1."""
    word = text.strip().lower()
    if word == "one":
        return "one"
    if word == "all":
        return "all"
    if not re.fullmatch(r"[0-9]{1,3}", word) or int(word) < 1:
        raise ValueError("one, all, or a number: 1 is the person seen most, 2 the next")
    return int(word)


@dataclass(frozen=True)
class ConvertOptions(OutputChoices):
    """Choices for :func:`deepmeme.pipelines.swap.convert.convert`.

    Raises:
        InputError: naming every value that does not fit, all at once.
    """

    to: str = choice(
        "b", "Whose face is put in: b into a video of A, or a into a video of B.", _WHO,
        one_of=("a", "b"),
    )  # fmt: skip
    faces: str = choice(
        "one",
        "Whose face is replaced: one (the person that the model knows, else the one seen most), "
        "all, or a number (1 is the person seen most).",
        _WHO,
        parse=parse_faces,
        metavar="one|all|N",
    )

    colour: str = choice(
        "rct", "How the new face takes on the old one's colours.", _LOOK, one_of=COLOURS
    )
    blend: str = choice(
        "seamless",
        "Fade the edge (feather), or level light and colour along it, too (seamless).",
        _LOOK,
        one_of=("seamless", "feather"),
    )
    mask: str = choice(
        "seen",
        "What is replaced: inside the mask that the model learned, the outline of the landmarks "
        "(hull), or both; seen is both without hands, hair and whatever else hides the face.",
        _LOOK,
        one_of=("seen", "both", "learned", "hull"),
    )
    erode: float = choice(
        0.0, "Make the mask smaller by this percent of the face's width; larger below 0.", _LOOK,
        low=-15, high=30,
    )  # fmt: skip
    feather: float = choice(
        12.0, "Width of the fading edge, in percent of the face's width.", _LOOK, low=0, high=40
    )
    sharpen: float = choice(
        0.3, "Sharpen the new face, which is softer than the video.", _LOOK, low=0, high=1
    )
    face_scale: float = choice(
        1.0, "Size of the new face over the old one's.", _LOOK, low=0.8, high=1.2
    )

    smooth: float = choice(
        0.5, "Calm the trembling of the face's place: 0 leaves it, 1 is calmest.", _TIME,
        low=0, high=1,
    )  # fmt: skip
    preview: int | None = choice(
        None, "Only the first N frames, for a quick look.", _TIME, low=1, high=100_000, metavar="N"
    )

    compare: bool = choice(False, "Show the video as it was beside the result.", _OUTPUT)
    sound: bool = choice(True, "Keep the video's sound.", _OUTPUT, off="silent")
    label: bool = choice(False, f'Show a small "{LABEL}" in a corner.', _OUTPUT)
    label_text: str = choice(
        "", "Other words for the label.", _OUTPUT, parse=parse_label, metavar="TEXT"
    )
    label_corner: str = choice(
        CORNERS[0], "Corner of the result that the label is in.", _OUTPUT, one_of=CORNERS
    )
    quality: str = choice("good", "Of the encoded file.", _OUTPUT, one_of=tuple(QUALITIES))
    max_size: str | None = choice(
        None, "Keep the file under this size, like 8MB.", _OUTPUT, parse=parse_bytes, metavar="SIZE"
    )

    def __post_init__(self) -> None:
        settle(self, self.label_contradictions)

    @property
    def side(self) -> Side:
        """Whose face is put in."""
        return "a" if self.to == "a" else "b"

    @property
    def shown_side(self) -> Side:
        """Who is in the video."""
        return "b" if self.to == "a" else "a"

    @property
    def whose(self) -> Literal["one", "all"] | int:
        return parse_faces(str(self.faces))

"""What a user may choose when animating: every default, range and explanation, once.

The command line, the page and the API's schema are derived from these fields; nothing else in the
product states a default.
"""

from dataclasses import dataclass
from typing import Literal

from deepmeme.choices import choice, settle
from deepmeme.pipelines.output import CORNERS, LABEL, QUALITIES, OutputChoices
from deepmeme.pipelines.values import (
    Colour,
    Rectangle,
    parse_anchor,
    parse_bytes,
    parse_colour,
    parse_crop,
    parse_face,
    parse_label,
    parse_time,
)

_MOTION, _FRAMING, _TIME, _OUTPUT, _ENGINE = "Motion", "Framing", "Time", "Output", "Engine"


@dataclass(frozen=True)
class AnimateOptions(OutputChoices):
    """Choices for :func:`deepmeme.animate`.

    Raises:
        InputError: naming every value that does not fit, all at once.
    """

    relative: bool = choice(
        True,
        "Carry over the movement since the anchor frame (relative) or the pose itself (absolute).",
        _MOTION,
        off="absolute",
    )
    adapt_scale: bool = choice(
        True, "Scale movement by the size of the source's face to the driver's.", _MOTION
    )
    anchor: str = choice(
        "auto",
        "Driving frame that looks most like the source: auto, or its number from 0.",
        _MOTION,
        parse=parse_anchor,
        metavar="auto|N",
    )
    multiplier: float = choice(
        1.0, "Damp (below 1) or exaggerate (above 1) the movement.", _MOTION, low=0.0, high=5.0
    )
    smooth: float = choice(
        0.3, "Calm jitter: 0 leaves the movement as it is, 1 is calmest.", _MOTION, low=0, high=1
    )
    max_turn: float = choice(
        30.0,
        "Farthest turn of the head since the anchor, in degrees: one picture shows one side.",
        _MOTION,
        low=5,
        high=180,
    )
    part: str = choice(
        "whole",
        "Carry over everything, the head's pose alone, or the expression alone.",
        _MOTION,
        one_of=("whole", "pose", "expression"),
    )

    eyes: bool = choice(True, "Move the eyes, or keep the source's as they are.", _MOTION)
    mouth: bool = choice(True, "Move mouth and jaw, or keep the source's as they are.", _MOTION)

    crop: str = choice(
        "auto",
        "Square of the source to animate: auto (face, or else the centre), none, or x,y,w,h.",
        _FRAMING,
        parse=parse_crop,
        metavar="auto|none|X,Y,W,H",
        also="no-crop=none",
    )
    crop_driving: str = choice(
        "auto",
        "The same for the driving video.",
        _FRAMING,
        parse=parse_crop,
        metavar="auto|none|X,Y,W,H",
    )
    face: str = choice(
        "largest",
        "Face of the source to animate: largest, all, or a number (1 is the largest).",
        _FRAMING,
        parse=parse_face,
        metavar="largest|N|all",
    )
    paste_back: str = choice(
        "auto",
        "Put the animated square back into the whole picture: auto does where there is more "
        "picture around a face.",
        _FRAMING,
        one_of=("auto", "yes", "no"),
    )
    background: str = choice(
        "white", "Colour behind transparent pictures.", _FRAMING, parse=parse_colour
    )

    start: str | None = choice(
        None, "Begin at this time of the driving video.", _TIME, parse=parse_time, metavar="TIME"
    )
    end: str | None = choice(
        None, "Stop at this time of the driving video.", _TIME, parse=parse_time, metavar="TIME"
    )
    fps: float | None = choice(
        None, "Frames a second of the result; the driving video's own otherwise.", _TIME,
        low=1, high=120,
    )  # fmt: skip
    speed: float = choice(1.0, "2 is twice as fast, 0.5 half as fast.", _TIME, low=0.1, high=10)
    loop: int = choice(1, "Play the movement this many times.", _TIME, low=1, high=100)
    ping_pong: bool = choice(False, "Play forwards, then backwards: a seamless loop.", _TIME)
    mirror: bool = choice(False, "Mirror the driving video left to right.", _TIME)

    layout: str = choice(
        "auto",
        "What the video shows; auto is the result, or a grid for several sources.",
        _OUTPUT,
        one_of=("auto", "result", "side-by-side", "grid"),
        short="l",
    )
    size: int | None = choice(
        None,
        "Side in pixels of the result, or of each cell; otherwise as the model or picture is.",
        _OUTPUT,
        low=32,
        high=4096,
    )
    detail: bool = choice(
        True, "Carry the source's fine detail beyond the model's resolution.", _OUTPUT
    )
    caption_top: str = choice("", "Meme text at the top.", _OUTPUT, metavar="TEXT")
    caption_bottom: str = choice("", "Meme text at the bottom.", _OUTPUT, metavar="TEXT")
    label: bool = choice(False, f'Show a small "{LABEL}" in a corner.', _OUTPUT)
    label_text: str = choice(
        "", "Other words for the label.", _OUTPUT, parse=parse_label, metavar="TEXT"
    )
    label_corner: str = choice(
        CORNERS[0], "Corner of the result that the label is in.", _OUTPUT, one_of=CORNERS
    )
    audio: str = choice(
        "driving", "Sound: the driving video's, none, or a file's.", _OUTPUT,
        metavar="driving|none|FILE",
    )  # fmt: skip
    quality: str = choice("good", "Of the encoded file.", _OUTPUT, one_of=tuple(QUALITIES))
    max_size: str | None = choice(
        None, "Keep the file under this size, like 8MB.", _OUTPUT, parse=parse_bytes, metavar="SIZE"
    )

    model: str = choice(
        "portrait",
        "Model: a name from `deepmeme models list`, a model folder, or a .pth.tar checkpoint.",
        _ENGINE,
        short="m",
    )
    config: str | None = choice(
        None, "YAML configuration that belongs to a .pth.tar checkpoint.", _ENGINE, metavar="FILE"
    )
    engine: str = choice(
        "auto", "What runs the networks.", _ENGINE, one_of=("auto", "openvino", "torch")
    )
    precision: str = choice(
        "auto",
        "Arithmetic of the networks; auto takes the fastest that the model was checked for.",
        _ENGINE,
        one_of=("auto", "fp32", "int8", "bf16", "fp16"),
    )
    device: str = choice("auto", "cpu, cuda, cuda:1, mps, or auto.", _ENGINE)

    def __post_init__(self) -> None:
        settle(self, self._contradictions)

    def _contradictions(self) -> list[str]:
        found = []
        start, end = self.start_s, self.end_s
        if end is not None and end <= start:
            found.append(f"--end {self.end} is not after --start {self.start}")
        if isinstance(self.crop_of_source, Rectangle) and self.face != "largest":
            found.append("--crop X,Y,W,H already says where; leave out --face")
        if self.crop == "none" and self.face != "largest":
            found.append("--face needs a crop; leave out --no-crop")
        if self.crop == "none" and self.paste_back == "yes":
            found.append("--paste-back yes needs a crop to put back; leave out --no-crop")
        if self.config is not None and not self.config.strip():
            found.append("--config is empty; give the YAML file")
        return found + self.label_contradictions()

    @property
    def start_s(self) -> float:
        return 0.0 if self.start is None else parse_time(str(self.start))

    @property
    def end_s(self) -> float | None:
        return None if self.end is None else parse_time(str(self.end))

    @property
    def crop_of_source(self) -> Literal["auto", "none"] | Rectangle:
        return parse_crop(str(self.crop))

    @property
    def crop_of_driving(self) -> Literal["auto", "none"] | Rectangle:
        return parse_crop(str(self.crop_driving))

    @property
    def which_face(self) -> Literal["largest", "all"] | int:
        return parse_face(str(self.face))

    @property
    def anchor_frame(self) -> Literal["auto"] | int:
        return parse_anchor(str(self.anchor))

    @property
    def background_colour(self) -> Colour:
        return parse_colour(str(self.background))

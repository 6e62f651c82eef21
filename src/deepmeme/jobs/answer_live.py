"""A live picture for the page: one source, then an answer to each frame of the browser's camera.

One at a time in a process: whoever begins takes the place of whoever was there.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.jobs.answer_look import shipped_model
from deepmeme.jobs.consent import refuse
from deepmeme.jobs.wire import Message
from deepmeme.media.image import PICTURE_DAMAGE
from deepmeme.pipelines.live import Live
from deepmeme.provenance.glance import Glance

Frame = NDArray[np.uint8]

_MOST_PIXELS = 1024 * 1024
_LEAST_SIDE = 16
_JPEG = b"\xff\xd8\xff"


class Show(NamedTuple):
    """What is being shown to somebody."""

    live: Live
    glance: Glance


_shown: Show | None = None


def begin(about: dict[str, Any], blob: bytes) -> Message:
    """``path, consent, mirror, size`` -> width and height of the frames to come.

    Raises:
        ConsentNeeded: a real person may be in the picture, and nobody said that they agree.
        InputError: a picture or size that cannot be used.
    """
    global _shown
    _shown = None  # before the next one takes its memory
    live = Live.begin(
        about["path"],
        model=shipped_model(),
        ask=None if about["consent"] else _refuse,
        mirror=about["mirror"],
        longest=about["size"],
        late=True,
    )
    _shown = Show(live, Glance(live.record))
    width, height = live.size
    return Message({"width": width, "height": height})


def frame(about: dict[str, Any], blob: bytes) -> Message:
    """A camera's JPEG, and ``again`` -> whether it shows a face, and the answer as a marked JPEG.

    Raises:
        InputError: nothing has begun here, or it is not such a JPEG.
    """
    if _shown is None:
        raise InputError("No live picture has begun here. Begin with a source picture.")
    answer = _shown.live.frame(decoded(blob), again=about["again"])
    return Message({"face": _shown.live.seen}, _shown.glance(answer))


def decoded(jpeg: bytes) -> Frame:
    """A camera's frame (h, w, 3).

    Raises:
        InputError: not a JPEG, damaged, or of more pixels than 1024 x 1024.
    """
    if not jpeg.startswith(_JPEG):
        raise InputError("A camera's frame has to be a JPEG; this one is not.")
    try:
        picture = Image.open(BytesIO(jpeg), formats=["JPEG"])
        width, height = picture.size
        if width * height > _MOST_PIXELS or min(width, height) < _LEAST_SIDE:
            raise InputError(
                f"A camera's frame of {width} x {height} pixels is not read. Send one of at least "
                f"{_LEAST_SIDE} x {_LEAST_SIDE} and at most 1024 x 1024; 640 x 480 is plenty."
            )
        return np.asarray(picture.convert("RGB"), np.uint8)
    except InputError:
        raise
    except (Image.DecompressionBombError, *PICTURE_DAMAGE) as error:
        raise InputError(f"This camera frame is a damaged JPEG ({error}).") from error


def _refuse(people: Sequence[Path]) -> None:
    refuse("The picture")

"""What is in an upload: how large it is, where its faces are, which square would be animated."""

from base64 import b64encode
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.faces.refine import Finder, find_faces
from deepmeme.jobs.wire import Message
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.pipelines.consent import may_be_somebody
from deepmeme.pipelines.motion_model import MotionModel, load_model
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.squares import squares_of

Frame = NDArray[np.uint8]

_THUMB_PX = 640
_THUMB_QUALITY = 82


def look(about: dict[str, Any], blob: bytes) -> Message:
    """``path`` of an upload -> its kind, size, faces and a small picture of it."""
    path = Path(about["path"])
    kind = sniff(path)
    said: dict[str, Any] = {"kind": kind.family}
    if kind.family == "sound":
        return Message(said)
    if kind.family == "picture":
        shown = read_image(path)
        said |= _faces(path, shown)
    else:
        clip = open_clip(path)
        shown = next(iter(clip))
        said |= {"seconds": clip.duration_s, "fps": float(clip.fps)}
    height, width = shown.shape[:2]
    return Message({**said, "width": width, "height": height, "thumb": data_url(_small(shown))})


def _faces(path: Path, picture: Frame) -> dict[str, Any]:
    engine = shipped_model().engine
    finder = Finder.of(engine)
    faces = find_faces(picture, finder)
    framing = engine.info().framing
    square = squares_of(picture, AnimateOptions(), framing, path, finder, faces)[0]
    height, width = picture.shape[:2]
    x, y, side = square.corner or (0, 0, min(width, height))
    boxes = [face.box for face in faces]
    return {
        "faces": [
            [round(b.x0), round(b.y0), round(b.x1 - b.x0), round(b.y1 - b.y0)] for b in boxes
        ],
        "crop": [x, y, side, side],
        "found_face": square.found_face,
        "asks_consent": may_be_somebody(path, faces),
    }


@lru_cache(maxsize=1)
def shipped_model() -> MotionModel:
    """The portrait model, loaded once in a process."""
    return load_model("portrait")


def data_url(picture: Image.Image) -> str:
    """A small JPEG that travels inside JSON. For pictures that somebody brought, not for made
    ones, which go through ``provenance.glance``."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=_THUMB_QUALITY)
    return as_url(stream.getvalue())


def as_url(jpeg: bytes) -> str:
    """JPEG bytes for an ``<img src>``."""
    return "data:image/jpeg;base64," + b64encode(jpeg).decode()


def _small(frame: Frame) -> Image.Image:
    picture = Image.fromarray(frame)
    picture.thumbnail((_THUMB_PX, _THUMB_PX))
    return picture

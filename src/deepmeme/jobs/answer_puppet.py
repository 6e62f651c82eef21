"""A picture whose keypoints are pulled by hand, for the page's lesson."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.jobs.answer_look import as_url, data_url, shipped_model
from deepmeme.jobs.wire import Message
from deepmeme.media.image import read_image
from deepmeme.pipelines.puppet import Puppet
from deepmeme.provenance.glance import Glance
from deepmeme.provenance.record import Record, read_inputs

_KEPT = 2
_DIGITS = 5


def puppet(about: dict[str, Any], blob: bytes) -> Message:
    """``path, points`` (all of them, or null: at rest) -> the picture moved so, and how.

    Raises:
        InputError: no picture, or points that are not this model's.
    """
    doll, glance = _staged(about["path"])
    view = doll.moved(about["points"])
    said = {
        "points": _plain(view.points),
        "home": _plain(doll.home),
        "names": list(doll.names),
        "picture": as_url(glance(view.rendered)),
        "grid": data_url(Image.fromarray(view.grid)),
        "occlusion": None if view.occlusion is None else data_url(Image.fromarray(view.occlusion)),
        "heatmap": data_url(Image.fromarray(view.heatmap)),
    }
    return Message(said)


@lru_cache(maxsize=_KEPT)
def _staged(path: str) -> tuple[Puppet, Glance]:
    """Looked at once: an upload's file never changes."""
    model = shipped_model()
    doll, info = Puppet(model, read_image(path), Path(path)), model.info()
    record = Record("puppet", info.name, info.sha256, read_inputs(source=path), private=True)
    return doll, Glance(record)


def _plain(points: NDArray[np.float32]) -> list[list[float]]:
    return [[round(float(x), _DIGITS), round(float(y), _DIGITS)] for x, y in points]

"""Faces of people who do not exist: drawn, walked between, edited, looked up, kept.

Codes are what all of it works on, (n, d) each; they are kept as ``.npz`` with the model's name.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.align import portrait_crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.landmarks import find_landmarks
from deepmeme.media.clip import Frame
from deepmeme.provenance.record import InputFile, Record
from deepmeme.provenance.seal import Rendered
from deepmeme.runtime.dream import DreamModel, between

Codes = NDArray[np.float32]

FPS = 25
_MOST_FACES = 4096
_MOST_FILE = 64 << 20


def sample(model: DreamModel, count: int, *, seed: int = 0) -> Codes:
    """Codes of people who do not exist; the n-th of a seed is always the same.

    Raises:
        InputError: none, or more than fit into memory.
    """
    if not 1 <= count <= _MOST_FACES:
        raise InputError(f"Ask for 1 to {_MOST_FACES} faces at once, not {count}.")
    return model.codes(count, seed)


def look_up(model: DreamModel, picture: Frame) -> Codes:
    """(1, d) the code whose face is most like the largest one in a picture, by the encoder.

    Raises:
        InputError: no face in the picture, or the model has no encoder.
    """
    faces = detect_faces(picture)
    if not faces:
        raise InputError("There is no face in the picture; choose one that shows a face.")
    marks = find_landmarks(picture, faces[0])
    crop = portrait_crop(marks.xy_px, marks.names)
    return model.encode(crop.cut(picture, model.info.resolution)[None])


def grid(pictures: Sequence[Frame], columns: int | None = None) -> Frame:
    """All pictures (n, r, r, 3) beside and below each other, as square as can be."""
    across = columns or max(1, round(float(np.sqrt(len(pictures)))))
    side = pictures[0].shape[0]
    down = -(-len(pictures) // across)
    canvas = np.full((down * side, across * side, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = divmod(number, across)
        canvas[y * side : (y + 1) * side, x * side : (x + 1) * side] = picture
    return canvas


def walk(
    model: DreamModel, stops: Codes, *, seconds: float = 2.0, loop: bool = False,
    record: Record | None = None,
) -> Rendered:  # fmt: skip
    """A film from code to code (n, d), ``seconds`` from each to the next, slow at each.

    Raises:
        InputError: fewer than two codes, or a way of no length.
    """
    if len(stops) < 2:
        raise InputError(f"A walk needs two faces at least; found {len(stops)}.")
    if not 0.1 <= seconds <= 600:
        raise InputError(f"From face to face take 0.1 to 600 seconds, not {seconds:g}.")
    legs = [*pairwise(stops)]
    if loop:
        legs.append((stops[-1], stops[0]))
    each = max(2, round(seconds * FPS))
    eased = [0.5 - 0.5 * float(np.cos(np.pi * i / each)) for i in range(each)]

    def frames_from(first: int) -> Iterator[Frame]:
        for number in range(first, each * len(legs)):
            leg, place = divmod(number, each)
            code = between(*legs[leg], [eased[place]], round_=model.info.family == "vae")
            yield model.paint(code)[0]

    side = model.info.resolution
    return Rendered(
        side, side, Fraction(FPS), each * len(legs), frames_from,
        record or record_of(model, "interpolate", {"stops": len(stops), "seconds": seconds}),
    )  # fmt: skip


def record_of(
    model: DreamModel, task: str, facts: Mapping[str, Any], inputs: Sequence[InputFile] = ()
) -> Record:
    """What the credentials say of its making."""
    return Record(task, model.info.name, model.info.sha256, tuple(inputs), dict(facts))


def save_codes(codes: Codes, model: DreamModel, path: Path | str) -> Path:
    """Keep codes as ``.npz``: ``codes``, and which model they belong to.

    Raises:
        InputError: the name ends otherwise.
    """
    target = Path(path)
    if target.suffix.lower() != ".npz":
        raise InputError(f"Codes are kept as .npz; {target} ends otherwise.")
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as file:
        np.savez(file, codes=codes, model=model.info.name, sha256=model.info.sha256)
    part.replace(target)
    return target


def open_codes(path: Path | str, model: DreamModel) -> Codes:
    """Back from :func:`save_codes`.

    Raises:
        InputError: no such file, or codes of another model.
    """
    source = Path(path)
    try:
        if source.stat().st_size > _MOST_FILE:
            raise InputError(f"{source} is larger than {_MOST_FILE >> 20} MB, too large for codes.")
        with np.load(source, allow_pickle=False) as stored:
            codes, sha256 = np.asarray(stored["codes"], np.float32), str(stored["sha256"])
            name = str(stored["model"])
    except InputError:
        raise
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(
            f"{source} holds no codes ({error}). Make some: deepmeme faces sample --codes FILE.npz"
        ) from error
    if sha256 != model.info.sha256:
        raise InputError(
            f"{source} holds codes of {name}, not of {model.info.name}; give that one with --model."
        )
    return codes

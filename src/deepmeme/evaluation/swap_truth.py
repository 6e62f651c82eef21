"""How near a swap comes to the truth: the other person in the same pose with the same face.

Only rendered people have such a truth. Faces are compared as aligned squares, inside the true
face's outline, at the size that the model paints.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from deepmeme.evaluation.swap_people import Seen, look
from deepmeme.faces.align import from_square
from deepmeme.faces.identity import unit_length
from deepmeme.losses.reconstruction import ssim_loss, weighted_mean
from deepmeme.media.montage import resize
from deepmeme.pipelines.swap.colour import match_colour
from deepmeme.runtime.swap import Side, SwapModel

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]
Vector = NDArray[np.float32]
Embed = Callable[[Frame], Vector]
"""An aligned square -> a vector of length 1."""
Painter = Callable[[int, Side], Frame]
"""The number of a moment and whose face it shall have -> (s, s, 3) the painted square."""

_CONTEXT = 0.5
"""Rim round a square, as a share of its side, before landmarks are looked for."""
_LOOKED_AT_PX = 256


@dataclass(frozen=True)
class Truth:
    """Two people in the same moments, and faces of both to choose from."""

    a: tuple[Seen, ...]
    b: tuple[Seen, ...]
    known_a: tuple[Seen, ...]
    known_b: tuple[Seen, ...]
    """What a model was trained on, or some of it."""

    def of(self, side: Side) -> tuple[Seen, ...]:
        """One person's moments."""
        return self.a if side == "a" else self.b

    def known(self, side: Side) -> tuple[Seen, ...]:
        """Faces of that person to choose from."""
        return self.known_a if side == "a" else self.known_b


def both_found(a: Sequence[Seen | None], b: Sequence[Seen | None]) -> list[tuple[Seen, Seen]]:
    """The moments in which both faces are found."""
    return [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]


class Score(NamedTuple):
    """Means over all moments and both directions."""

    ssim: float
    """Inside the face, 1 is equal."""
    l1: float
    """Inside the face, of colours in [0, 1]."""
    landmarks: float
    """Mean distance of landmarks over the face's width."""
    mouth: float
    """The same of the lips alone."""
    nearer: float
    """Share of the faces whose identity is nearer to the wanted person than to the other."""
    lost: float
    """Share of the faces in which none is found."""


def score(truth: Truth, paint: Painter, embed: Embed, size: int) -> Score:
    """Rate what ``paint`` makes, at ``size`` pixels."""
    similar, apart, marks, lips, nearer, lost = [], [], [], [], [], []
    references = {side: _reference(truth.known(side), embed, size) for side in ("a", "b")}
    for side in ("a", "b"):
        for number, wanted in enumerate(truth.of(side)):
            made = resize(paint(number, side), size, size)
            true, mask = wanted.square(size), wanted.mask(size)
            found = compare(made, true, mask)
            similar.append(found[0])
            apart.append(found[1])
            vector = embed(made)
            other = references["a" if side == "b" else "b"]
            nearer.append(float(vector @ references[side] > vector @ other))
            errors = landmark_errors(made, true)
            lost.append(float(errors is None))
            if errors is not None:
                marks.append(errors[0])
                lips.append(errors[1])
    means = [float(np.mean(values)) if values else float("nan")
             for values in (similar, apart, marks, lips, nearer, lost)]  # fmt: skip
    return Score(*means)


def compare(made: Frame, true: Frame, mask: Frame) -> tuple[float, float]:
    """(SSIM, mean absolute difference) of two squares inside a mask (n, n) of 0..255."""
    first, second = (
        torch.from_numpy(np.ascontiguousarray(square)).permute(2, 0, 1)[None].float() / 255
        for square in (made, true)
    )
    weight = torch.from_numpy(mask)[None, None].float() / 255
    similarity = 1 - float(ssim_loss(first, second, weight))
    return similarity, float(weighted_mean((first - second).abs(), weight))


def landmark_errors(made: Frame, true: Frame) -> tuple[float, float] | None:
    """Mean distances (all landmarks, lips) over the face's width; None where no face is found."""
    seen = [look(with_rim(square)) for square in (made, true)]
    if seen[0] is None or seen[1] is None:
        return None
    names = seen[1].names
    first, second = (_in_frame(face) for face in (seen[0], seen[1]))
    width = float(np.linalg.norm(second[names.index("jaw_0")] - second[names.index("jaw_16")]))
    gaps = np.linalg.norm(first - second, axis=1) / max(width, 1e-6)
    lips = [row for row, name in enumerate(names) if name.startswith("lip")]
    return float(gaps.mean()), float(gaps[lips].mean())


def model_painter(truth: Truth, model: SwapModel) -> Painter:
    """What a trained model makes of the other person's face."""
    size = model.info.resolution

    def paint(number: int, side: Side) -> Frame:
        other = truth.of("a" if side == "b" else "b")[number]
        made = model.swap(other.square(size)[None], side).faces[0]
        return np.asarray(np.rint(made * 255), np.uint8)

    return paint


def paste_painter(truth: Truth, size: int, *, corrected: bool) -> Painter:
    """Cut and paste: the known face whose landmarks are most alike, laid over those, and, if
    ``corrected``, in the colours of the face that it covers."""

    def paint(number: int, side: Side) -> Frame:
        under = truth.of("a" if side == "b" else "b")[number]
        known = truth.known(side)
        gaps = [float(np.abs(face.points - under.points).mean()) for face in known]
        nearest = known[int(np.argmin(gaps))]
        source, target = ((face.points + 1) * size / 2 - 0.5 for face in (nearest, under))
        matrix, _ = cv2.estimateAffine2D(
            np.asarray(source, np.float32), np.asarray(target, np.float32), method=cv2.LMEDS
        )
        if matrix is None:  # landmarks all in a line
            matrix = np.eye(2, 3)
        bent = cv2.warpAffine(
            nearest.square(size), matrix, (size, size), borderMode=cv2.BORDER_REPLICATE
        )
        laid = np.asarray(bent, np.uint8)
        if not corrected:
            return laid
        unit, below, mask = (
            np.asarray(picture, np.float32) / np.float32(255)
            for picture in (laid, under.square(size), under.mask(size))
        )
        toned = match_colour(unit, below, mask, "lab")
        return np.asarray(np.rint(np.clip(toned, 0, 1) * 255), np.uint8)

    return paint


def sheet(truth: Truth, painters: Sequence[Painter], size: int, rows: int = 8) -> Frame:
    """A row a moment: A, then what each painter and the truth make of it as B."""
    lines = []
    for number in np.linspace(0, len(truth.a) - 1, rows).astype(int):
        cells = [truth.a[number].square(size)]
        cells += [resize(paint(int(number), "b"), size, size) for paint in painters]
        lines.append(np.concatenate([*cells, truth.b[number].square(size)], axis=1))
    return np.asarray(np.concatenate(lines), np.uint8)


def write_sheet(picture: Frame, path: Path, times: int = 2) -> None:
    """A PNG, enlarged."""
    large = cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), np.ascontiguousarray(large[..., ::-1]))


def _reference(known: Sequence[Seen], embed: Embed, size: int) -> Vector:
    total = np.sum([embed(face.square(size)) for face in known], axis=0)
    return unit_length(total)


def with_rim(square: Frame) -> Frame:
    """Enlarged, its rim going on, so that a face finder sees a face and not only its middle."""
    large = resize(square, _LOOKED_AT_PX, _LOOKED_AT_PX)
    rim = round(_CONTEXT * _LOOKED_AT_PX)
    return np.asarray(cv2.copyMakeBorder(large, rim, rim, rim, rim, cv2.BORDER_REPLICATE), np.uint8)


def _in_frame(face: Seen) -> Points:
    return from_square(face.points, face.crop)

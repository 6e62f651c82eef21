"""Scenes with faces for a finder to find: heads of the banks put before all kinds of grounds.

A scene is a pure function of the seed and its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import normal_shares, open_bank
from deepmeme.data.scene_faces import (
    COLUMNS,
    WEIGHT,
    Array,
    FaceBank,
    Picture,
    moved_faces,
    open_faces,
)
from deepmeme.data.scene_grounds import blob, clutter, ground, read_faceless, window
from deepmeme.data.scene_styles import degraded, lit, painted, recoloured
from deepmeme.errors import InputError

Random = np.random.Generator

MOST_FACES = 8
_COUNTS, _COUNT_SHARES = (0, 1, 2, 3, 5, 8), (0.2, 0.34, 0.2, 0.13, 0.09, 0.04)
_TINY_PX = 8.0
"""Smaller faces may be found or not."""
_MOST_HIDDEN = 0.3


class Scene(NamedTuple):
    """One picture and all faces in it."""

    picture: Picture
    """(size, size, 3)"""
    faces: Array
    """(n, COLUMNS) of ``scene_faces``, in pixels."""


@dataclass(frozen=True, eq=False)
class Scenes:
    """Draws scenes."""

    banks: tuple[FaceBank, ...]
    shares: tuple[float, ...]
    """How often a head comes from each bank."""
    faceless: tuple[Picture, ...] = ()
    size: int = 160
    side_px: tuple[float, float] = (8.0, 120.0)
    """Sides of face boxes, between."""
    most_turn_deg: float = 50.0
    seed: int = 0
    harsh: bool = True
    """Whether scenes are painted, lit and degraded, and faces hidden in part."""

    def __call__(self, number: int) -> Scene:
        """The scene of that number."""
        rng = np.random.default_rng((self.seed, number))
        count = int(rng.choice(_COUNTS, p=_COUNT_SHARES))
        whole = count > 0 and rng.random() < 0.25
        picture = self._ground(rng)
        faces = np.zeros((0, COLUMNS), np.float32)
        if whole:
            side = self.side_px[1] * float(np.exp(rng.uniform(-1.3, 0.15)))
            picture, faces = self._put(picture, faces, rng, side, whole=True)
            count = int(rng.random() < 0.15)
        sides = sorted(self._side(rng, count) for _ in range(count))
        for side in sides:
            picture, faces = self._put(picture, faces, rng, side)
        if self.harsh:
            picture = _changed(picture, rng)
        return Scene(picture, faces[:MOST_FACES])

    def _side(self, rng: Random, count: int) -> float:
        low, high = self.side_px
        high = max(low, high / max(1.0, count / 1.5))
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def _ground(self, rng: Random) -> Picture:
        picture = ground(rng, self.size, self.faceless)
        if rng.random() < 0.15:
            bank, frame = self._draw(rng)
            picture = window(_cloth(bank, frame), rng, self.size)
        if rng.random() < 0.6:
            picture = clutter(picture, rng)
        if rng.random() < 0.2:
            bank, frame = self._draw(rng)
            matrix = self._place(bank.faces[frame], rng, self._side(rng, 1))
            picture = _paste(picture, _faded(_blind(bank, frame, rng), rng), matrix)[0]
        return picture

    def _draw(self, rng: Random) -> tuple[FaceBank, int]:
        bank = self.banks[int(rng.choice(len(self.banks), p=self.shares))]
        return bank, int(rng.choice(bank.chosen))

    def _place(self, face: Array, rng: Random, side: float) -> Array:
        """(2, 3) similarity from the frame to the scene."""
        most = self.most_turn_deg
        turn = rng.normal(0, 8) if rng.random() < 0.55 else rng.uniform(-most, most)
        now = float(np.rad2deg(np.arctan2(-face[3], face[4])))
        flip = rng.choice([-1.0, 1.0])
        # An upright head stays as it is held; what counts is the lean in the scene
        lean = np.clip(now * flip + turn, -most, most) - now * flip
        ratio = side / face[2]
        c, s = ratio * np.cos(np.deg2rad(lean)), ratio * np.sin(np.deg2rad(lean))
        linear = np.array([[c, -s], [s, c]]) @ np.diag([flip, 1.0])
        rim = -0.1 * side if rng.random() < 0.1 else min(0.45 * side, 0.4 * self.size)
        to = rng.uniform(rim, self.size - rim, 2)
        return np.column_stack([linear, to - linear @ face[:2]]).astype(np.float32)

    def _put(
        self, picture: Picture, faces: Array, rng: Random, side: float, *, whole: bool = False
    ) -> tuple[Picture, Array]:
        """The scene with one more face, if there is room for it."""
        bank, frame = self._draw(rng)
        for _ in range(4):
            matrix = self._place(bank.faces[frame], rng, side)
            new = moved_faces(bank.faces[frame][None], matrix)
            if not _crowded(new[0], faces):
                break
        else:
            return picture, faces
        cut, matrix = _shrunk(bank, frame, matrix)
        if self.harsh and rng.random() < 0.4:
            cut[..., :3] = recoloured(cut[..., :3], rng, 0.8)
        if self.harsh and rng.random() < 0.12:
            cut[..., :3] = painted(np.ascontiguousarray(cut[..., :3]), rng)
        if whole:
            cut[..., 3] = 255
        else:
            cut = _trimmed(cut, bank.faces[frame] * (cut.shape[0] / bank.bank.shape.size), rng)
        picture, cover = _paste(picture, cut, matrix)
        faces = faces.copy()
        faces[_hidden(faces, cover) > _MOST_HIDDEN, WEIGHT] = 0
        if self.harsh and rng.random() < 0.15:
            at = new[0, :2] + rng.uniform(-0.6, 0.6, 2) * side
            blob(picture, rng, at, side * rng.uniform(0.2, 0.5))
        if side < _TINY_PX or _outside(new[0], self.size) > _MOST_HIDDEN:
            new[0, WEIGHT] = 0
        return picture, np.concatenate([faces, new])


def open_scenes(
    folders: Sequence[Path],
    *,
    faceless: Path | None = None,
    shares: Sequence[float] | None = None,
    size: int = 160,
    seed: int = 0,
    held_out: bool = False,
) -> Scenes:
    """Scenes from the banks in these folders.

    Args:
        folders: of banks with the 68 landmarks and irises.
        faceless: a folder of photographs without faces.
        shares: how often a head comes from each bank; by default as often from each.
        size: side of a scene in pixels.
        seed: of everything that is drawn.
        held_out: draw from the heads that training never sees, and from no others.

    Raises:
        InputError: no bank, one that can't be read, or one without usable faces.
    """
    banks = tuple(open_faces(open_bank(folder), held_out=held_out) for folder in folders)
    if not banks:
        raise InputError("Scenes need at least one bank of heads: --banks DIR")
    for folder, bank in zip(folders, banks, strict=True):
        if not len(bank.chosen):
            raise InputError(f"{folder} holds no faces to draw from (held_out={held_out}).")
    return Scenes(
        banks,
        normal_shares(shares, [1.0] * len(banks)),
        read_faceless(faceless),
        size,
        (8.0, 0.75 * size),
        seed=seed,
    )


def _changed(picture: Picture, rng: Random) -> Picture:
    if rng.random() < 0.25:
        picture = lit(picture, rng)
    if rng.random() < 0.3:
        picture = painted(picture, rng)
    if rng.random() < 0.75:
        picture = recoloured(picture, rng)
    return degraded(picture, rng)


def _shrunk(bank: FaceBank, frame: int, matrix: Array) -> tuple[Picture, Array]:
    """A head's cut-out about as small as it is going to be, and the map from there."""
    ratio = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    shrink = 2 ** int(np.clip(np.floor(np.log2(1 / ratio) + 0.3), 0, 5))
    return bank.cut(frame, shrink), matrix * np.array([shrink, shrink, 1], np.float32)


def _paste(picture: Picture, cut: Picture, matrix: Array) -> tuple[Picture, Array]:
    """The picture with ``cut`` (h, w, 4) over it, and how much covers each pixel (h, w).

    Beyond its edges the cut goes on: shoulders down to the picture's edge.
    """
    matrix = matrix.copy()
    matrix[:, 2] += matrix[:, :2].sum(1) / 2 - 0.5  # from corners to pixel centres
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(cut, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    cover = moved[..., 3].astype(np.float32) / 255
    if not cover.any():
        return picture, cover
    share = cv2.merge([cover] * 3)
    return np.asarray(cv2.convertScaleAbs(picture * (1 - share) + moved[..., :3] * share)), cover


def _trimmed(cut: Picture, face: Array, rng: Random) -> Picture:
    """The cut-out as a person down to the picture's edge, a bust, a head alone or a picture."""
    kind = rng.random()
    if kind < 0.12:
        return _framed(cut, rng)
    if kind < 0.35:
        cut[..., 3] = _head_only(cut[..., 3], face, rng)
    elif kind < 0.75:
        return _faded(cut, rng)
    return cut


def _faded(cut: Picture, rng: Random) -> Picture:
    """Ends before the cut-out's edges, softly or not: no streaks beyond it."""
    size = cut.shape[0]
    soft = rng.uniform(1, 0.3 * size) if rng.random() < 0.6 else 1.0
    line = np.arange(size, dtype=np.float32)
    down = np.clip((size - 1 - line) / soft, 0, 1)[:, None]
    across = np.clip(np.minimum(line, size - 1 - line) / min(soft, 0.1 * size), 0, 1)[None]
    cut[..., 3] = (cut[..., 3] * (down * across)).astype(np.uint8)
    return cut


def _framed(cut: Picture, rng: Random) -> Picture:
    """A picture on a wall: with its own ground, in a frame."""
    framed = cut
    framed[..., 3] = 255
    size = cut.shape[0]
    rim = int(rng.integers(0, 14) * size / 256)
    if rim:
        shade = (*rng.integers(0, 255, 3).tolist(), 255)
        cv2.rectangle(framed, (1, 1), (size - 2, size - 2), shade, rim)
    framed[[0, -1], :, 3] = framed[:, [0, -1], 3] = 0
    return framed


def _head_only(mask: NDArray[np.uint8], face: Array, rng: Random) -> NDArray[np.uint8]:
    """The person's mask within an ellipse round the head: a bust, a mask, a coin."""
    side, oval = face[2], np.zeros_like(mask)
    middle = face[:2] - face[3:5] * side * rng.uniform(0.0, 0.2)
    axes = side * np.array([rng.uniform(0.55, 0.85), rng.uniform(0.7, 1.0)])
    lean = float(np.rad2deg(np.arctan2(-face[3], face[4])))
    spots = [tuple(round(float(v)) for v in pair) for pair in (middle, axes)]
    cv2.ellipse(oval, spots[0], spots[1], lean, 0, 360, 255, -1)
    soft = cv2.GaussianBlur(oval, (0, 0), rng.uniform(0.4, 5) * side / 110)
    inside = mask if rng.random() < 0.6 else np.full_like(mask, 255)
    inside = np.minimum(inside, np.asarray(soft, np.uint8))
    inside[[0, -1]] = inside[:, [0, -1]] = 0
    return np.asarray(inside, np.uint8)


def _cloth(bank: FaceBank, frame: int) -> Picture:
    """What lies below the chin or, where little does, beside the head."""
    picture, face = bank.bank.frames[frame], bank.faces[frame]
    below = int(face[1] + 0.75 * face[2])
    if below < picture.shape[0] - 24:
        return np.ascontiguousarray(picture[below:])
    return np.ascontiguousarray(picture[:, : max(16, int(face[0] - 0.8 * face[2]))])


def _blind(bank: FaceBank, frame: int, rng: Random) -> Picture:
    """A head whose face is gone: seen from behind, perhaps, or with its parts in disorder."""
    cut, face = bank.cut(frame), bank.faces[frame]
    side = int(face[2] * 0.55)
    x, y = (int(np.clip(face[i], side, 255 - side)) for i in (0, 1))
    part = cut[y - side : y + side, x - side : x + side, :3]
    if rng.random() < 0.5:
        strewn = part.copy()
        half = strewn.shape[0] // 2
        corners = [strewn[a : a + half, b : b + half].copy() for a in (0, half) for b in (0, half)]
        order = rng.permutation([[1, 2, 3, 0], [2, 3, 0, 1], [3, 2, 1, 0], [2, 0, 3, 1]])[0]
        for place, source in enumerate(order):
            a, b = place // 2 * half, place % 2 * half
            strewn[a : a + half, b : b + half] = corners[source]
    else:
        coarse = cv2.resize(part, (3, 3), interpolation=cv2.INTER_AREA)
        coarse = rng.permutation(coarse.reshape(9, 3)).reshape(3, 3, 3) // 2 + coarse // 2
        strewn = cv2.resize(coarse, part.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    cut[y - side : y + side, x - side : x + side, :3] = strewn
    return cut


def _box(face: Array) -> tuple[Array, Array]:
    middle, half = face[..., :2], np.asarray(face[..., 2:3] / 2, np.float32)
    return np.asarray(middle - half), np.asarray(middle + half)


def _crowded(new: Array, faces: Array) -> bool:
    """Whether a face would lie over an earlier one."""
    apart = np.abs(faces[:, :2] - new[:2]).max(1)
    return bool((apart < 0.55 * (faces[:, 2] + new[2])).any())


def _outside(face: Array, size: int) -> float:
    low, high = _box(face)
    seen = np.clip(np.minimum(high, size) - np.maximum(low, 0), 0, None)
    return 1 - float(seen.prod() / face[2] ** 2)


def _hidden(faces: Array, cover: Array) -> Array:
    """Share of each face's box that ``cover`` (h, w) lies on."""
    shares = np.zeros(len(faces), np.float32)
    for row, face in enumerate(faces):
        (x0, y0), (x1, y1) = (
            np.clip(corner, 0, cover.shape[0]).astype(int) for corner in _box(face)
        )
        if x1 > x0 and y1 > y0:
            shares[row] = cover[y0:y1, x0:x1].mean()
    return shares

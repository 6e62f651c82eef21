"""Puts an animated square back into the full picture so that no seam shows."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.crop import Crop
from deepmeme.media.clip import Frame

FEATHER = 0.12
"""Width of the blend over the crop's side."""
_ROUNDING = 0.3
_RIM = 0.02
_TONE_PX = 32
_TONE_BLUR = 0.18
_TONE_MOST = 24.0


class PasteBack:
    """Prepared for one picture size and one crop; then called for each frame.

    Nothing outside the blend changes by a single bit. Holds a mask and no frames.
    """

    def __init__(
        self,
        picture_shape: tuple[int, ...],
        crop: Crop,
        *,
        feather: float = FEATHER,
        match_tone: bool = True,
    ) -> None:
        """Prepare the mask.

        Args:
            picture_shape: (h, w, ...) of the pictures to come.
            crop: where the patches were cut.
            feather: width of the blend over the crop's side, above 0 to 0.4.
            match_tone: shift the patch's colours, softly and by little, to meet the picture's at
                the rim.

        Raises:
            InputError: a feather that doesn't fit into the crop.
        """
        if not 0 < feather <= 0.4:
            raise InputError(f"The feather must lie above 0 and at most at 0.4; found {feather}.")
        self._height, self._width = picture_shape[:2]
        self._crop = crop
        self._match_tone = match_tone
        self._region, self._mask = _place_mask(self._height, self._width, crop, feather)
        self._outside = np.float32(1) - self._mask
        tone_crop = Crop(_TONE_PX / 2, _TONE_PX / 2, _TONE_PX)
        tone_mask = _mask_values(tone_crop, 0, 0, _TONE_PX, _TONE_PX, feather)
        # Only the blend's own zone is compared: there picture and patch should be the same thing.
        self._rim = (tone_mask < 0.9).astype(np.float32) * self._shown()
        self._spread = np.maximum(_blur(self._rim), np.float32(1e-3))

    @property
    def region(self) -> tuple[slice, slice]:
        """Rows and columns that may change; empty where the crop misses the picture."""
        return self._region

    def __call__(self, picture: Frame, patch: Frame) -> Frame:
        """A copy of ``picture`` (h, w, 3) with ``patch`` (s, s, 3) in place of the crop.

        Raises:
            InputError: the picture isn't of the prepared size, or the patch isn't square RGB.
        """
        if picture.shape != (self._height, self._width, 3):
            raise InputError(
                f"Pasting was prepared for pictures of {self._width}x{self._height}; found "
                f"{picture.shape}."
            )
        if patch.ndim != 3 or patch.shape[0] != patch.shape[1] or patch.shape[2] != 3:
            raise InputError(f"A patch must be a square (s, s, 3); found {patch.shape}.")
        result: Frame = picture.copy()
        if not self._mask.size:
            return result
        if self._match_tone:
            patch = self._toned(picture, patch)
        window = picture[self._region]
        result[self._region] = cv2.blendLinear(
            self._warped(patch), window, self._mask, self._outside
        )
        return result

    def _warped(self, patch: Frame) -> Frame:
        """The patch where it belongs, as pixels of the region."""
        side = self._crop.side
        if patch.shape[0] > 1.5 * side:  # sampling would skip pixels
            size = max(1, round(side))
            patch = cv2.resize(patch, (size, size), interpolation=cv2.INTER_AREA)
        rows, columns = self._region
        matrix = self._crop.inverse(patch.shape[0])
        matrix[:, 2] -= columns.start, rows.start
        height, width = self._mask.shape
        warped = cv2.warpAffine(
            patch, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(warped, dtype=np.uint8)

    def _toned(self, picture: Frame, patch: Frame) -> Frame:
        """The patch with the slow colour difference at its rim taken out, spread inwards."""
        there = self._crop.cut(picture, _TONE_PX).astype(np.float32)
        here = cv2.resize(patch, (_TONE_PX, _TONE_PX), interpolation=cv2.INTER_AREA)
        gap = np.clip(there - here.astype(np.float32), -_TONE_MOST, _TONE_MOST)
        shift = _blur(gap * self._rim[..., None]) / self._spread[..., None]
        size = (patch.shape[1], patch.shape[0])
        wide = cv2.resize(shift, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.add(patch, wide, dtype=cv2.CV_8U), dtype=np.uint8)

    def _shown(self) -> NDArray[np.float32]:
        """Which cells of the tone grid lie in the picture: what lies beyond shows nothing real."""
        back = self._crop.inverse(_TONE_PX)
        rows, columns = np.mgrid[:_TONE_PX, :_TONE_PX]
        x = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
        y = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
        inside = (x >= 0) & (y >= 0) & (x <= self._width - 1) & (y <= self._height - 1)
        return np.asarray(inside, dtype=np.float32)


def paste_back(picture: Frame, patch: Frame, crop: Crop) -> Frame:
    """One patch into one picture; for many frames prepare a ``PasteBack``.

    Raises:
        InputError: as ``PasteBack``.
    """
    return PasteBack(picture.shape, crop)(picture, patch)


def _place_mask(
    height: int, width: int, crop: Crop, feather: float
) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """Where the mask is above 0 inside the picture, and its values there."""
    box = crop.box
    x0, x1 = max(0, math.floor(box.x0)), min(width, math.ceil(box.x1))
    y0, y1 = max(0, math.floor(box.y0)), min(height, math.ceil(box.y1))
    if x0 >= x1 or y0 >= y1:
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32)
    mask = _mask_values(crop, x0, y0, x1, y1, feather)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    region = (slice(int(y0 + top), int(y0 + bottom)), slice(int(x0 + left), int(x0 + right)))
    return region, np.ascontiguousarray(mask[top:bottom, left:right])


def _mask_values(
    crop: Crop, x0: int, y0: int, x1: int, y1: int, feather: float
) -> NDArray[np.float32]:
    """1 in the middle, falling smoothly to exactly 0 before the rim of a rounded square."""
    to_unit = crop.matrix(2)  # pixels of a 2 x 2 cut: the square is [-0.5, 1.5] in both
    columns, rows = np.arange(x0, x1), np.arange(y0, y1)[:, None]
    across = np.abs(to_unit[0, 0] * columns + to_unit[0, 1] * rows + to_unit[0, 2] - 0.5)
    down = np.abs(to_unit[1, 0] * columns + to_unit[1, 1] * rows + to_unit[1, 2] - 0.5)
    # Signed distance to a rounded square of half side 1 - rim, negative inside.
    straight = 1 - 2 * _RIM - _ROUNDING
    beyond_x, beyond_y = across - straight, down - straight
    corner = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    distance = corner + np.minimum(np.maximum(beyond_x, beyond_y), 0) - _ROUNDING
    share = np.clip(-distance / (2 * feather), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def _blur(values: NDArray[np.float32]) -> NDArray[np.float32]:
    sigma = _TONE_BLUR * _TONE_PX
    blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, dtype=np.float32)

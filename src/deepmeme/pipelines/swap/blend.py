"""Lays a swapped face into the picture: where its mask is, and not one pixel beyond.

Work is done in the aligned square, at the model's size; only the last step, laying the square over
the picture and blending, is done at the picture's own resolution and only inside the square's box.
"""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import Crop, at_size

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]

MASK_PX = 128
"""Side of the masks that are shaped here."""
FACE_SHARE = 0.78
"""Width of the average face, from ear to ear, over the side of the aligned square."""
_SURE = (0.15, 0.75)
"""A mask below the first is taken for 0, above the second for 1: no veil, no ghost."""
_HOLE = 0.95
_RIM_PX, _COVER_PX = 3, 2
_MEMBRANE_PX = 64
_MOST_SHIFT = 0.14
"""A larger difference along the rim is a beard or a fringe, which should stay, and no light."""
_SHARPEST = 1.5


def shape_mask(
    learned: Floats | None,
    hull: Floats | None,
    seen: Floats | None = None,
    *,
    erode: float,
    feather: float,
) -> Floats:
    """What of the square is replaced: (128, 128) in [0, 1], 0 along the square's edges.

    Args:
        learned: the model's own mask (r, r) in [0, 1]; None counts as everywhere.
        hull: the outline of the landmarks, as well.
        seen: where nothing hides the face, as well; its edges fade within a few pixels.
        erode: percent of the face's width by which the edge moves inwards; outwards below 0.
        feather: percent of the face's width in which it fades, inwards from that edge.
    """
    whole = _sure(learned) * _sure(hull)
    _fill_holes(whole)
    clear = None if seen is None else _without_cover(_sure(seen), whole)
    percent = MASK_PX * FACE_SHARE / 100
    if erode < 0:
        whole = np.asarray(cv2.dilate(whole, _disc(-erode * percent)), np.float32)
    whole[:_RIM_PX] = whole[-_RIM_PX:] = 0
    whole[:, :_RIM_PX] = whole[:, -_RIM_PX:] = 0
    # Two means of a half each widen the edge by a whole: it is moved in by as much before.
    reach = round(feather * percent / 4)
    whole = _blurred(_shrunk(whole, max(0.0, erode) * percent + 2 * reach), reach)
    if clear is not None:
        whole = whole * clear
    return np.asarray(np.where(whole < 1 / 255, 0, np.minimum(whole, 1)), np.float32)


def _sure(mask: Floats | None) -> Floats:
    """A mask of our size, decided where it is all but certain; 1 everywhere for None."""
    if mask is None:
        return np.ones((MASK_PX, MASK_PX), np.float32)
    low, high = _SURE
    return np.asarray(np.clip((at_size(mask, MASK_PX) - low) / (high - low), 0, 1), np.float32)


def _without_cover(seen: Floats, face: Floats) -> Floats:
    """0 where something reaches over the ``face`` from outside, 1 elsewhere."""
    outside = face < 0.5
    clear = np.where(outside, np.float32(0), seen)
    _fill_holes(clear)
    clear[outside] = 1
    return _blurred(_shrunk(clear, _COVER_PX), _COVER_PX // 2)


def _shrunk(mask: Floats, pixels: float) -> Floats:
    if pixels < 0.5:
        return mask
    kernel = _disc(pixels)
    shrunk = cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(shrunk, np.float32)


def _blurred(mask: Floats, reach: int) -> Floats:
    """Two means over ``reach`` pixels to each side."""
    if reach < 1:
        return mask
    box = (2 * reach + 1, 2 * reach + 1)
    twice = cv2.blur(cv2.blur(mask, box, borderType=cv2.BORDER_REPLICATE), box)
    return np.asarray(twice, np.float32)


def level_rim(face: Floats, like: Floats, mask: Floats) -> Floats:
    """``face`` shifted so that it meets ``like`` where the mask fades, and smoothly inside.

    The correction of Perez, Gangnet and Blake, "Poisson Image Editing" (2003), equation 7: the
    difference along the rim, spread inwards by a membrane. It is solved by pulling the differences
    to coarser grids and pushing them back (Gortler et al. 1996; Farbman et al. 2011).

    Args:
        face: (n, n, 3) in [0, 1].
        like: the same, the face that is replaced.
        mask: (m, m) as :func:`shape_mask` gives it.
    """
    small, there = (at_size(picture, _MEMBRANE_PX) for picture in (face, like))
    inside = at_size(mask, _MEMBRANE_PX)
    rim = np.asarray(4 * inside * (1 - inside), np.float32)
    if float(rim.sum()) < 1:
        return face
    gap = np.clip(there - small, -_MOST_SHIFT, _MOST_SHIFT).astype(np.float32)
    shift = cv2.resize(_spread(gap, rim), face.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(face + shift, 0, 1), np.float32)


def paste_face(
    picture: Frame, face: Floats, mask: Floats, crop: Crop, *, sharpen: float = 0, scale: float = 1
) -> int:
    """Write ``face`` into ``picture``; every pixel whose mask is 0 stays as it is.

    Args:
        picture: (h, w, 3), changed in place.
        face: (n, n, 3) in [0, 1], the whole square.
        mask: (m, m) as :func:`shape_mask` gives it.
        crop: where the square lies.
        sharpen: 0 leaves the face as it is, 1 is sharpest.
        scale: size of the face over that of the one it replaces.

    Returns:
        The number of pixels that the mask covers.
    """
    placed = replace(crop, side=crop.side * scale)
    box, (height, width) = placed.box, picture.shape[:2]
    x0, y0 = max(0, math.floor(box.x0)), max(0, math.floor(box.y0))
    x1, y1 = min(width, math.ceil(box.x1)), min(height, math.ceil(box.y1))
    if x0 >= x1 or y0 >= y1:
        return 0
    share = _laid(mask, placed, (x0, y0, x1, y1), cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)
    np.clip(share, 0, 1, out=share)
    share[share < 1 / 512] = 0
    if not share.any():
        return 0
    fine = _laid(face, placed, (x0, y0, x1, y1), cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
    if sharpen > 0:
        sigma = max(0.8, 0.7 * placed.side / face.shape[0])
        fine += np.float32(_SHARPEST * sharpen) * (fine - cv2.GaussianBlur(fine, (0, 0), sigma))
    window = picture[y0:y1, x0:x1]
    patch = cv2.convertScaleAbs(np.maximum(fine, 0), alpha=255)
    blended = cv2.blendLinear(patch, np.ascontiguousarray(window), share, np.float32(1) - share)
    np.copyto(window, blended, where=(share > 0)[..., None])
    return int(np.count_nonzero(share))


def _laid(
    square: Floats, crop: Crop, window: tuple[int, int, int, int], how: int, border: int
) -> Floats:
    """A square's values as pixels of a window of the picture."""
    x0, y0, x1, y1 = window
    size = max(1, round(crop.side))
    if square.shape[0] > 1.5 * size:  # sampling would skip pixels
        square = at_size(square, size)
    matrix = crop.inverse(square.shape[0])
    matrix[:, 2] -= x0, y0
    laid = cv2.warpAffine(square, matrix, (x1 - x0, y1 - y0), flags=how, borderMode=border)
    return np.asarray(laid, np.float32)


def _spread(gap: Floats, weight: Floats) -> Floats:
    """A smooth picture that is ``gap`` (n, n, 3) where ``weight`` (n, n) is 1."""
    if gap.shape[0] <= 2:
        mean = (gap * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return np.broadcast_to(mean, gap.shape).astype(np.float32)
    below = cv2.pyrDown(weight)
    coarse = cv2.pyrDown(gap * weight[..., None]) / np.maximum(below, 1e-6)[..., None]
    # a coarse cell that has seen enough counts in full
    filled = _spread(np.asarray(coarse, np.float32), np.minimum(4 * below, np.float32(1)))
    wide = cv2.pyrUp(filled, dstsize=gap.shape[1::-1])
    return np.asarray(wide + (gap - wide) * weight[..., None], np.float32)


def _fill_holes(mask: Floats) -> None:
    """Fill what is open but not from outside: hands and hair reach in, networks err anywhere."""
    around = cv2.copyMakeBorder(
        (mask < _HOLE).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1
    )
    _, parts = cv2.connectedComponents(around, connectivity=8)
    inner = parts[1:-1, 1:-1]
    mask[(inner != 0) & (inner != parts[0, 0])] = 1


def unit(picture: Frame) -> Floats:
    """0 to 255 as [0, 1]."""
    return np.asarray(picture * np.float32(1 / 255), np.float32)


def _disc(radius: float) -> Frame:
    size = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)

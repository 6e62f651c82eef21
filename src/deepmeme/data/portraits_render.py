"""Show a fitted portrait again with another pose and expression.

Layers from back to front: the background with the person filled in; the sheet (hair, ears, neck,
shoulders); the inside of eyes and mouth; the face's skin. All take their colour from the
photograph; what it never showed (the back of an eye, teeth behind closed lips) is painted.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.head_frame import HeadFrame, coarse_surface, keypoint_visibility
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.portraits_carrier import Seam
from deepmeme.data.portraits_fit import Floats
from deepmeme.data.portraits_model import PortraitModel
from deepmeme.data.raster import NOTHING, interpolate, rasterize

FINER = 2
"""Pictures are drawn this much larger and averaged down."""

_INNER_BACK_CM = 0.5  # eyes, teeth and gums yield to skin that is as near as this


_GUESSED = np.array([name in ("crown", "ear_r", "ear_l") for name in KEYPOINT_NAMES])
"""Keypoints that no landmark of the face decides; they follow the pose, but count as hidden."""


class Move(NamedTuple):
    """What differs from the portrait."""

    turn: Floats  # (3, 3) rotation times zoom, camera axes (x right, y down, z back)
    shift_px: Floats  # (2,) of the head, px of the enlarged portrait; shoulders take part of it
    expression: Floats  # (e,) kit weights, absolute
    gaze: Floats  # (2, 2) degrees, absolute
    lids: tuple[float, float]  # 0 = as the expression says, 1 = closed (eye_r, eye_l)
    lips: float  # 0 = as the expression says, 1 = closed


class Window(NamedTuple):
    """The square of the enlarged portrait that becomes the picture."""

    x: float  # left edge, px of the enlarged portrait
    y: float
    side: float

    def matrix(self, size: int) -> Floats:
        """(2, 3) from the enlarged portrait's pixels to those of a picture of ``size``."""
        step = size / self.side
        offset = (step - 1) / 2
        return np.array(
            [[step, 0, offset - self.x * step], [0, step, offset - self.y * step]], np.float32
        )


_SHOULDERS_TAKE = 0.6


def no_move(model: PortraitModel) -> Move:
    """The portrait as it is."""
    return Move(
        np.eye(3, dtype=np.float32),
        np.zeros(2, np.float32),
        model.fit.expression,
        model.gaze,
        (0.0, 0.0),
        0.0,
    )


def posed(model: PortraitModel, move: Move) -> Floats:
    """(v + s, 3) enlarged pixels: the head's vertices, then the sheet's."""
    carrier, fit = model.carrier, model.fit
    shape = carrier.kit.shape(fit.identity, move.expression, base=model.base)
    for seam, amount in zip((*carrier.lids, carrier.lips), (*move.lids, move.lips), strict=True):
        if amount:
            close_seam(shape, seam, amount)
    shape = carrier.kit.look(shape, move.gaze)
    still = (fit.scale * shape @ fit.rotation.T + fit.translation).astype(np.float32)
    changed = model.sheet_site.read(still - model.source_px)
    sheet = model.sheet_px + model.sheet_follow[:, None] * changed
    places = np.concatenate([still, sheet])
    pivot = fit.scale * fit.rotation @ carrier.kit.pivot + fit.translation
    shift = np.append(move.shift_px, 0).astype(np.float32)
    turned = (places - pivot) @ move.turn.T + pivot + shift
    share = model.head_share[:, None]
    moved = share * turned + (1 - share) * (places + _SHOULDERS_TAKE * shift)
    return np.asarray(moved, np.float32)


def close_seam(shape: Floats, seam: Seam, amount: float) -> None:
    """Bring both edges of an opening towards each other, the skin around follows; in place."""
    upper, lower = shape[seam.upper], shape[seam.lower]
    meet_upper = _along(upper, lower)
    meet_lower = _along(lower, upper)
    gap = np.clip((upper - meet_upper)[:, 1:2], 0, None) > 0
    towards = np.where(gap, 0.7 * (meet_upper - upper), 0)
    gap = np.clip((meet_lower - lower)[:, 1:2], 0, None) > 0
    away = np.where(gap, 0.3 * (meet_lower - lower), 0)
    shape[seam.carried] += amount * (seam.upper_share @ towards + seam.lower_share @ away)


def _along(edge: Floats, other: Floats) -> Floats:
    """The places of ``other`` straight above or below the vertices of ``edge``."""
    order = np.argsort(other[:, 0], kind="stable")
    columns = [np.interp(edge[:, 0], other[order, 0], other[order, axis]) for axis in range(3)]
    return np.stack(columns, 1).astype(np.float32)


def show(model: PortraitModel, move: Move, window: Window, size: int) -> HeadFrame:
    """The portrait re-rendered into a square picture with its labels."""
    moved = posed(model, move)
    image, alpha = _draw(model, moved, move, window, size * FINER)
    small = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(alpha, (size, size), interpolation=cv2.INTER_AREA)
    return labelled(
        model,
        moved,
        window,
        np.rint(small.clip(0, 255)).astype(np.uint8),
        np.rint(mask.clip(0, 1) * 255).astype(np.uint8),
    )


def original(model: PortraitModel, window: Window, size: int) -> HeadFrame:
    """The photograph itself, cut out, with labels of the same mesh."""
    return labelled(
        model,
        np.concatenate([model.source_px, model.sheet_px]),
        window,
        cut_out(model.textures.portrait, window, size),
        cut_out(model.textures.alpha * 255, window, size),
    )


def cut_out(picture: Floats, window: Window, size: int) -> NDArray[np.uint8]:
    """A window of an enlarged picture of 0..255, averaged down to ``size``."""
    fine = _cut(picture, window.matrix(size * FINER), size * FINER)
    small = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(np.rint(small.clip(0, 255)), np.uint8)


def labelled(
    model: PortraitModel,
    moved: Floats,
    window: Window,
    image: NDArray[np.uint8],
    mask: NDArray[np.uint8],
) -> HeadFrame:
    """A picture of the head whose vertices and sheet lie at ``moved`` (v + s, 3) enlarged px."""
    size = image.shape[0]
    matrix = window.matrix(size)
    xy = np.asarray(moved[:, :2] @ matrix[:, :2].T + matrix[:, 2], np.float32)
    depth = (moved[:, 2] - model.fit.translation[2]) / np.float32(model.fit.scale)
    depth = depth.astype(np.float32)
    kit = model.carrier.kit
    keypoints = kit.keypoints_px(xy)
    own_depth = np.stack([depth[ids].mean() for ids in kit.keypoint_vertices])
    surface = coarse_surface(xy, depth, model.triangles, size)
    scale = np.float32((surface.depth.shape[0] - 1) / (size - 1))
    visible = keypoint_visibility(keypoints * scale, own_depth, surface.depth)
    visible &= ~_GUESSED
    return HeadFrame(image, keypoints, visible, mask, xy, depth, model.triangles, surface)


def _cut(picture: Floats, matrix: Floats, size: int) -> Floats:
    cut = cv2.warpAffine(
        picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut, np.float32)


def _sample(picture: Floats, places: Floats) -> Floats:
    """The picture at places (h, w, 2); its edge goes on outside of it."""
    found = cv2.remap(
        picture,
        np.ascontiguousarray(places[..., 0]),
        np.ascontiguousarray(places[..., 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.float32)


def _draw(
    model: PortraitModel, moved: Floats, move: Move, window: Window, size: int
) -> tuple[Floats, Floats]:
    """The picture (size, size, 3) of 0..255 and the person's share (size, size)."""
    textures, carrier = model.textures, model.carrier
    matrix = window.matrix(size)
    xy = np.asarray(moved[:, :2] @ matrix[:, :2].T + matrix[:, 2], np.float32)
    num = len(model.source_px)
    picture = _cut(textures.background, matrix, size)
    sheet = rasterize(xy[num:], moved[num:, 2], model.sheet_triangles, size, size)
    places = interpolate(
        model.sheet_px[:, :2], model.sheet_triangles, sheet.triangle, sheet.barycentric
    )
    alpha = _sample(textures.alpha, places) * (sheet.triangle != NOTHING)
    picture += (_sample(textures.person, places) - picture) * alpha[..., None]

    depth = moved[:num, 2].copy()
    inner = carrier.kit.parts["mouth"].start
    depth[inner:] += _INNER_BACK_CM * model.fit.scale
    triangles = carrier.head_triangles
    seen = rasterize(xy[:num], depth, triangles, size, size)
    values = np.concatenate([model.source_px[:, :2], model.skin_share[:, None]], 1)
    read = interpolate(values, triangles, seen.triangle, seen.barycentric)
    is_skin = (seen.triangle != NOTHING) & (seen.triangle < carrier.num_skin)
    is_inner = seen.triangle >= carrier.num_skin
    where = np.ascontiguousarray(read[..., :2])
    solid = np.clip((_sample(textures.alpha, where) - 0.5) * 2, 0, 1)
    share = read[..., 2] * is_skin * solid
    inside = cv2.GaussianBlur(is_inner.astype(np.float32), (0, 0), 0.8)
    colour = _sample(textures.skin, where)
    if is_inner.any():
        painted = _paint_inside(model, moved, move, matrix, seen.triangle, seen.barycentric, where)
        spread = np.maximum(inside, is_inner)[..., None] * is_inner[..., None]
        colour = colour * (1 - spread) + painted * spread
        share = np.maximum(share, is_inner)
    picture += (colour - picture) * share[..., None]
    return picture, np.maximum(alpha, share)


def _paint_inside(
    model: PortraitModel,
    moved: Floats,
    move: Move,
    matrix: Floats,
    triangle: NDArray[np.int32],
    barycentric: Floats,
    where: Floats,
) -> Floats:
    """Colours of eyes and mouth: the photograph's where it shows them, painted elsewhere."""
    carrier = model.carrier
    triangles = carrier.head_triangles
    size = triangle.shape[0]
    paint = interpolate(model.inside.colour, triangles, triangle, barycentric)
    first = carrier.kit.parts["mouth"].start
    depth = np.zeros((len(model.source_px), 1), np.float32)
    lips = moved[carrier.kit.landmarks[60:68], 2].mean()
    depth[:, 0] = (moved[: len(depth), 2] - lips) / model.fit.scale
    away = interpolate(depth, triangles, triangle, barycentric)[..., 0]
    eye_first = carrier.kit.parts["eye_l"].start
    corner = triangles[np.maximum(triangle, 0), 0]
    is_eye = (triangle != NOTHING) & (corner >= eye_first)
    is_mouth = (triangle >= carrier.num_skin) & (corner < eye_first) & (corner >= first)
    dark = np.clip(1.1 - 0.15 * away.clip(0, None), 0.2, 1.0)
    paint *= np.where(is_mouth, dark, 1.0)[..., None].astype(np.float32)
    shown = _sample(model.textures.portrait, where)
    open_eye = _sample(model.inside.eyes, where) * is_eye
    colour = paint * (1 - open_eye[..., None]) + shown * open_eye[..., None]
    if model.inside.shows_mouth:
        plate, cover = _plate(model, moved, move, matrix, size)
        cover = cover * is_mouth
        colour = colour * (1 - cover[..., None]) + plate * cover[..., None]
    return np.asarray(colour, np.float32)


def _plate(
    model: PortraitModel, moved: Floats, move: Move, matrix: Floats, size: int
) -> tuple[Floats, Floats]:
    """The photograph's open mouth as a plate that moves with the upper teeth."""
    teeth = model.carrier.upper_teeth
    source, target = model.source_px[teeth, :2], moved[teeth, :2]
    design = np.concatenate([source, np.ones((len(source), 1), np.float32)], 1)
    solved = np.linalg.lstsq(design, target, rcond=None)[0].T
    onward = matrix[:, :2] @ solved + np.array([[0, 0, 1]]) * matrix[:, 2:]
    plate = _cut(model.textures.portrait, onward.astype(np.float32), size)
    cover = _cut(model.inside.mouth, onward.astype(np.float32), size)
    return plate, cover

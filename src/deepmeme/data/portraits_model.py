"""A portrait as a mesh that can move: the fitted head, and a sheet for hair, ears and shoulders."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from deepmeme.data.ict import KEYPOINT_NAMES, FaceKit, vertex_normals
from deepmeme.data.portraits_carrier import Carrier
from deepmeme.data.portraits_fit import Floats, HeadFit, fit_head
from deepmeme.data.portraits_sites import Sites, landmark_weights
from deepmeme.data.portraits_texture import (
    Textures,
    build_textures,
    enlarged_px,
)
from deepmeme.data.raster import NOTHING, rasterize

SHEET_STEP = 6
"""Spacing of the sheet's grid in pixels of the enlarged portrait."""

SHEET_PAD = 120
"""How far the sheet goes on outside of the enlarged portrait, in its pixels."""

SHEET_BEHIND_CM = 1.0
"""The sheet lies behind the head's own skin, which has the better texture there."""

_FACING_GONE, _FACING_WHOLE = 0.2, 0.5
_PAINT = {
    "mouth": np.array([78, 32, 32], np.float32),
    "eye_sockets": np.array([150, 92, 84], np.float32),
    "gums": np.array([150, 84, 82], np.float32),
    "teeth": np.array([226, 218, 203], np.float32),
}
_IRIS, _WHITE = np.array([70.0, 50.0, 40.0]), np.array([200.0, 190.0, 182.0])
_RIM_CM = np.array([0.0, 0.0, 3.5], np.float32)
"""Hair and ears turn about nearly their own depth, as the outline of a ball does."""


class Inside(NamedTuple):
    """Colours of eyes and mouth."""

    colour: Floats  # (v, 3) painted, for what the portrait doesn't show
    eyes: Floats  # (h, w) where the portrait shows the eyeballs
    mouth: Floats  # (h, w) where the portrait shows the mouth's inside
    shows_mouth: bool


class Lifted(NamedTuple):
    """A head in three dimensions that meets its landmarks."""

    base: Floats  # (v, 3) cm: identity and residual, without expression
    places: Floats  # (v, 3) camera px
    gaze: Floats  # (2, 2) degrees (right, up) of eye_r and eye_l


@dataclass(frozen=True)
class PortraitModel:
    """One portrait, fitted. Pixels are those of the enlarged portrait."""

    carrier: Carrier
    textures: Textures
    fit: HeadFit
    base: Floats  # (v, 3) cm: identity and residual, without expression
    source_px: Floats  # (v, 3) camera places in the portrait
    gaze: Floats  # (2, 2) degrees (right, up) of eye_r and eye_l in the portrait
    skin_share: Floats  # (v,) 1 = the skin shows, 0 = it looked sideways and the sheet shows
    inside: Inside
    sheet_px: Floats  # (s, 3) grid of places in the portrait, with depth
    sheet_triangles: NDArray[np.int32]  # those that show something of the person
    triangles: NDArray[np.int32]  # head and the sheet's solid part, over vertices, then sheet
    sheet_site: Sites  # head surface whose expression the sheet follows
    sheet_follow: Floats  # (s,) how much of that expression
    head_share: Floats  # (v + s,) 1 = moves with the head, 0 = with the torso; vertices, then sheet


def fit_portrait(
    carrier: Carrier,
    image: NDArray[np.uint8],
    matte: NDArray[np.uint8],
    landmarks: Floats,
    irises: Floats,
    fit: HeadFit | None = None,
) -> PortraitModel:
    """Fit and prepare one portrait.

    Args:
        carrier: what all portraits share.
        image: (h, w, 3) RGB.
        matte: (h, w), 255 = person.
        landmarks: (468, 3) px of the portrait.
        irises: (2, 5, 2) px, see ``teacher.Teacher.irises``.
        fit: the fit to the landmarks of the enlarged portrait, where it is known already.
    """
    kit = carrier.kit
    seen = enlarged_px(landmarks)
    fit = fit or fit_head(seen, carrier.head.basis(carrier.sites), landmark_weights())
    lifted = lift(carrier, fit, seen, enlarged_px(irises))
    textures = build_textures(image, matte, landmarks)
    normals = vertex_normals(lifted.places, kit.triangles)
    return PortraitModel(
        carrier,
        textures,
        fit,
        lifted.base,
        lifted.places,
        lifted.gaze,
        _skin_share(kit, -normals[:, 2]),
        _inside(kit, textures, lifted.places, enlarged_px(irises)),
        *_sheet(carrier, fit, textures, lifted.places),
    )


def lift(carrier: Carrier, fit: HeadFit, seen: Floats, irises: Floats) -> Lifted:
    """A fitted head that meets the landmarks ``seen`` (468, 3) and the irises, all in its px."""
    kit = carrier.kit
    base = kit.base(fit.identity)
    fitted = fit.scale * kit.shape(fit.identity, fit.expression, base=base) @ fit.rotation.T
    fitted += fit.translation
    off = seen - carrier.sites.read(fitted)
    off[:, 2] = 0
    base = base + carrier.residual @ (off @ fit.rotation / np.float32(fit.scale))
    shape = kit.shape(fit.identity, fit.expression, base=base)
    gaze = _gaze(kit, shape, fit, irises)
    places = fit.scale * kit.look(shape, gaze) @ fit.rotation.T + fit.translation
    return Lifted(base, np.asarray(places, np.float32), gaze)


def _skin_share(kit: FaceKit, facing: Floats) -> Floats:
    """Where the head's own skin covers the sheet."""
    share = np.clip((facing - _FACING_GONE) / (_FACING_WHOLE - _FACING_GONE), 0, 1)
    wide, up = np.abs(kit.neutral[:, 0]), kit.neutral[:, 1]
    share *= np.clip((7.6 - wide) / 1.2, 0, 1) * np.clip((kit.neutral[:, 2] - 0.5) / 2, 0, 1)
    share *= np.clip((up + 9.0) / 1.5, 0, 1) * np.clip((10.5 - up) / 2.0, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _inside(kit: FaceKit, textures: Textures, source: Floats, irises: Floats) -> Inside:
    """Paint for eyes and mouth in the portrait's own tones."""
    eyes = cv2.GaussianBlur(cv2.erode(textures.openings[..., 0], np.ones((3, 3))), (0, 0), 0.8)
    mouth = cv2.erode(textures.openings[..., 1], np.ones((3, 3), np.uint8))
    face = source[kit.landmarks[27:36], :2].astype(int).clip(0)
    nose = textures.person[
        face[:, 1].clip(0, eyes.shape[0] - 1), face[:, 0].clip(0, eyes.shape[1] - 1)
    ]
    light = float(np.clip(nose.mean() / 165, 0.35, 1.1))
    colour = np.zeros((len(source), 3), np.float32)
    for part, paint in _PAINT.items():
        colour[kit.parts[part]] = paint * np.float32(light)
    rows, columns = np.indices(eyes.shape)
    for eye, part in enumerate(("eye_r", "eye_l")):
        x, y = irises[eye, 0]
        radius = np.linalg.norm(irises[eye, 1] - irises[eye, 3]) / 2
        away = np.hypot(columns - x, rows - y)
        open_here = (textures.openings[..., 0] > 0.7) & (away < 4 * radius)
        iris = textures.portrait[open_here & (away > 0.45 * radius) & (away < 0.85 * radius)]
        white = textures.portrait[open_here & (away > 1.15 * radius)]
        iris_tone = np.median(iris, axis=0) if len(iris) > 4 else _IRIS * light
        white_tone = np.percentile(white, 70, axis=0) if len(white) > 4 else _WHITE * light
        centre, axis = _eye_axis(kit, kit.neutral, part)
        way = kit.neutral[kit.parts[part]] - centre
        lengths = np.linalg.norm(way, axis=1) * np.linalg.norm(axis)
        turn = np.arccos(np.clip(way @ axis / np.maximum(lengths, 1e-6), -1, 1))
        paint = np.where(turn[:, None] < 0.42, iris_tone, white_tone)
        colour[kit.parts[part]] = np.where(turn[:, None] < 0.17, iris_tone * 0.3, paint)
    tall = np.ptp(np.flatnonzero((mouth > 0.5).any(1))) if (mouth > 0.5).any() else 0
    shows = bool(tall >= 3)
    return Inside(colour, eyes, cv2.GaussianBlur(mouth, (0, 0), 1.0), shows)


def _gaze(kit: FaceKit, shape: Floats, fit: HeadFit, irises: Floats) -> Floats:
    """(2, 2) degrees that put the irises where they are seen, from where the kit's eyes look."""
    angles = np.zeros((2, 2), np.float32)
    for eye, part in enumerate(("eye_r", "eye_l")):
        centre, axis = _eye_axis(kit, shape, part)
        reach = float(np.linalg.norm(axis))
        middle = fit.scale * fit.rotation @ centre + fit.translation
        x, y = (irises[eye, 0] - middle[:2]) / (fit.scale * reach)
        away = np.array([x, y, -np.sqrt(max(1 - x * x - y * y, 0.2))], np.float32)
        angles[eye] = _direction(fit.rotation.T @ away) - _direction(axis)
    return np.asarray(np.clip(angles, -40, 40), np.float32)


def _eye_axis(kit: FaceKit, shape: Floats, part: str) -> tuple[Floats, Floats]:
    """The place an eye turns about, and the way from there to the iris (cm)."""
    ball = shape[kit.parts[part]]
    centre = (ball.min(0) + ball.max(0)) / 2
    iris = kit.keypoint_vertices[KEYPOINT_NAMES.index(part.replace("eye", "iris"))]
    return centre, np.asarray(shape[iris].mean(0) - centre, np.float32)


def _direction(way: Floats) -> Floats:
    """(2,) degrees to the right and up."""
    x, y, z = way / np.linalg.norm(way)
    return np.rad2deg(np.array([np.arctan2(x, z), np.arcsin(np.clip(y, -1, 1))], np.float32))


def _sheet(
    carrier: Carrier, fit: HeadFit, textures: Textures, source: Floats
) -> tuple[Floats, NDArray[np.int32], NDArray[np.int32], Sites, Floats, Floats]:
    """The sheet's grid, its and all triangles, what it follows, the head's share in motion."""
    height, width = textures.alpha.shape
    columns = np.arange(-SHEET_PAD, width + SHEET_PAD + 1, SHEET_STEP)
    rows = np.arange(-SHEET_PAD, height + SHEET_PAD + 1, SHEET_STEP)
    x, y = np.meshgrid(columns, rows)
    grid = np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)
    skin = carrier.kit.triangles[(carrier.kit.triangles < carrier.kit.parts["mouth"].start).all(1)]
    small = np.asarray((source[:, :2] + SHEET_PAD) / SHEET_STEP, np.float32)
    seen = rasterize(small, source[:, 2], skin, len(rows), len(columns))
    covered = (seen.triangle != NOTHING).ravel()
    distance, nearest = cKDTree(grid[covered]).query(grid)
    of = np.flatnonzero(covered)[nearest]
    site = Sites(
        skin[seen.triangle.ravel()[of]].astype(np.int64), seen.barycentric.reshape(-1, 3)[of]
    )
    rim = fit.scale * fit.rotation @ (carrier.kit.pivot + _RIM_CM) + fit.translation
    depth = np.minimum(site.read(source)[:, 2], rim[2]).reshape(len(rows), len(columns))
    depth = cv2.GaussianBlur(depth, (0, 0), 0.6 * fit.scale / SHEET_STEP)
    follow = np.exp(-((distance / (1.5 * fit.scale)) ** 2)).astype(np.float32)
    places = np.concatenate([grid, depth.reshape(-1, 1)], 1).astype(np.float32)
    share = _head_share(fit, np.concatenate([source, places])[:, :2])
    triangles = _sheet_triangles(textures, grid, len(rows), len(columns))
    x, y = (grid[triangles].mean(1) + 0.5).astype(int).T
    solid = textures.alpha[y.clip(0, height - 1), x.clip(0, width - 1)] > 0.4
    every = np.concatenate([carrier.head_triangles, triangles[solid] + len(source)])
    places[:, 2] += SHEET_BEHIND_CM * fit.scale * np.exp(-((distance / (0.5 * fit.scale)) ** 2))
    return places, triangles, every.astype(np.int32), site, follow, share


def _sheet_triangles(
    textures: Textures, grid: Floats, num_rows: int, num_columns: int
) -> NDArray[np.int32]:
    near = cv2.dilate((textures.alpha > 0.01).astype(np.uint8), np.ones((2 * SHEET_STEP + 1,) * 2))
    height, width = near.shape
    x = grid[:, 0].clip(0, width - 1).astype(int)
    y = grid[:, 1].clip(0, height - 1).astype(int)
    used = (near[y, x] > 0) & (grid[:, 1] > -SHEET_STEP)
    corner = np.arange(num_rows * num_columns).reshape(num_rows, num_columns)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]
    triangles = np.concatenate(
        [np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)]
    )
    shown: NDArray[np.int32] = triangles[used[triangles].any(1)].astype(np.int32)
    return shown


def _head_share(fit: HeadFit, xy: Floats) -> Floats:
    """How much a place of the portrait moves with the head: 1 above the chin, 0 at the shoulders.

    Judged on the plane through the head's middle, upright to the head.
    """
    centred = np.concatenate([xy - fit.translation[:2], np.zeros((len(xy), 1), np.float32)], axis=1)
    upright = centred @ fit.rotation / fit.scale
    across, up = upright[:, 0], upright[:, 1]
    wide = np.clip(np.abs(across) - 7.0, 0, None)
    share = np.clip((up + 13.0 - 0.8 * wide) / 5.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)

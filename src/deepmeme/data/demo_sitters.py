"""The people of the demo, none of whom ever lived: the driver, the painted lady, the statue,
and the guest who swaps faces with the driver."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import KEYPOINT_NAMES, Camera, FaceKit
from deepmeme.data.raster import NOTHING, rasterize
from deepmeme.data.synthetic_heads import Pose, SyntheticHead
from deepmeme.data.synthetic_heads.head import SHADOW_REACH_CM
from deepmeme.data.synthetic_heads.person import LookName
from deepmeme.data.synthetic_heads.shading import Light
from deepmeme.data.synthetic_heads.tables import Material

Array = NDArray[np.float32]
Frame = NDArray[np.uint8]
Triple = tuple[float, float, float]

_SHADOW_SIDE = 1024
_BROWS = slice(17, 27)


def _f32(values: Triple) -> Array:
    return np.array(values, np.float32)


def light(
    *, sky: Triple, ground: Triple, key: Triple, key_from: Triple, rim: Triple, rim_from: Triple,
    shadow: float,
) -> Light:  # fmt: skip
    """Lights from plain numbers; directions need no unit length."""
    towards, behind = _f32(key_from), _f32(rim_from)
    return Light(
        sky=_f32(sky),
        ground=_f32(ground),
        key=_f32(key),
        key_direction=towards / np.linalg.norm(towards),
        rim=_f32(rim),
        rim_direction=behind / np.linalg.norm(behind),
        shadow=shadow,
    )


@dataclass(frozen=True)
class Casting:
    """How a person of :class:`SyntheticHead` is made up, lit and framed."""

    seed: int
    look: LookName
    light: Light
    wall: tuple[Triple, Triple]
    """Colours of the wall in the dark and in the light, 0 to 255."""
    glow: tuple[float, float]
    """Where the wall is lit."""
    plain: float = 0.65
    """Share of the identity that is kept; smaller is nearer to the mean face."""
    lids: float = 0.05
    scale: float = 0.058
    place: tuple[float, float] = (0.0, 0.21)
    person: dict[str, Any] = field(default_factory=dict)
    """Fields of ``Person`` that are set."""


class Portrait(NamedTuple):
    """A sitter's picture, and what is where in it."""

    picture: Frame  # (size, size, 3)
    skin: Array  # (size, size) 0..1
    person: Array  # (size, size) 0..1


class Sitter(SyntheticHead):
    """A cast person under studio light with finer shadows."""

    def __init__(self, casting: Casting, kit: FaceKit) -> None:
        from deepmeme.data.synthetic_heads.texture_maps import build_texture_maps

        super().__init__(
            casting.seed, casting.look, face_kit=kit, background=_wall(casting.wall, casting.glow)
        )
        identity = self.person.identity * np.float32(casting.plain)
        self.person = replace(self.person, identity=identity, **casting.person)
        self._base = kit.base(identity)
        self._light = casting.light
        self._rest_lids = casting.lids
        self._camera = Camera(scale=casting.scale, translation=casting.place, distance=110.0)
        self._build(build_texture_maps(kit), np.random.default_rng(self._rng_seed))

    def _shadow(self, turned: Array) -> tuple[Array, Array]:
        towards = self._light.key_direction
        side = np.cross([0.0, 1.0, 0.0], towards)
        side /= np.linalg.norm(side)
        axes = np.stack([side, -np.cross(towards, side), -towards]).astype(np.float32)
        place = turned @ axes.T
        place[:, :2] = (place[:, :2] / SHADOW_REACH_CM + 1) * (_SHADOW_SIDE / 2)
        side_px = _SHADOW_SIDE
        seen = rasterize(place[:, :2], place[:, 2], self._triangles, side_px, side_px)
        return seen.depth, place

    def portrait(self, size: int, expression: dict[str, float]) -> Portrait:
        """Face on, with light in the eyes, rendered at twice the size."""
        frame = self.render(Pose(), expression, size=2 * size)
        image = np.asarray(frame.image, np.float32)
        side = len(image)
        seen = rasterize(frame.vertices_px, frame.depth, frame.triangles, side, side).triangle
        kind = np.where(seen == NOTHING, -1, self._material[seen])
        if not self._look.solid:
            image = _soft_hairline(image, kind, float(frame.keypoints_px[_BROWS, 1].min()))
            image = self._catch_light(image, frame)
        skin = (kind == Material.SKIN).astype(np.float32)

        def small(values: Array) -> Array:
            resized = cv2.resize(values, (size, size), interpolation=cv2.INTER_AREA)
            return np.asarray(resized, np.float32)

        picture = np.asarray(np.clip(np.rint(small(image)), 0, 255), np.uint8)
        return Portrait(picture, small(skin), small(np.asarray(frame.mask / 255, np.float32)))

    def _catch_light(self, image: Array, frame: HeadFrame) -> Array:
        """The window's reflection in both eyes, on the side of the key light."""
        side = len(image)
        left = np.sign(self._light.key_direction[0])
        spot = np.zeros((side, side), np.float32)
        for name in ("iris_r", "iris_l"):
            x, y = frame.keypoints_px[KEYPOINT_NAMES.index(name)]
            at = (round(float(x + left * 0.006 * side)), round(float(y - 0.007 * side)))
            cv2.circle(spot, at, max(1, round(side * 0.0045)), 1.0, -1, cv2.LINE_AA)
        spot = cv2.GaussianBlur(spot, (0, 0), side * 0.0016)[..., None]
        return np.asarray(image + spot * (np.array([255, 248, 232]) - image), np.float32)


def _soft_hairline(image: Array, kind: NDArray[np.int_], brows_px: float) -> Array:
    """Hair begins little by little: skin and hair run into each other above the brows."""
    side = len(image)
    hair, skin = ((kind == k).astype(np.float32) for k in (Material.HAIR, Material.SKIN))
    near = side * 0.006
    edge = 4 * cv2.GaussianBlur(hair, (0, 0), near) * cv2.GaussianBlur(skin, (0, 0), near)
    edge *= np.clip((brows_px - np.arange(side)) / (0.05 * side) + 0.5, 0, 1)[:, None]
    blurred = cv2.GaussianBlur(image, (0, 0), near)
    share = np.clip(edge * 1.3, 0, 1)[..., None]
    return np.asarray(image + share * (0.94 * blurred - image), np.float32)


def _wall(colours: tuple[Triple, Triple], glow: tuple[float, float], size: int = 512) -> Frame:
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    share = np.exp(-(((x - glow[0]) / 0.9) ** 2 + ((y - glow[1]) / 1.0) ** 2))[..., None]
    dark, bright = np.array(colours[0]), np.array(colours[1])
    wall = dark + share * (bright - dark)
    grain = np.random.default_rng(2).uniform(-0.5, 0.5, wall.shape)
    return np.asarray(np.clip(np.rint(wall + grain), 0, 255), np.uint8)


def _linear(red: int, green: int, blue: int) -> Array:
    return np.square(np.array([red, green, blue]) / 255).astype(np.float32)


_BARE: dict[str, Any] = {"stubble": 0.0, "glasses": False, "freckles": 0.0}

DRIVER = Casting(
    seed=119,
    look="photo",
    light=light(
        sky=(0.46, 0.46, 0.48), ground=(0.32, 0.29, 0.27), key=(0.66, 0.62, 0.56),
        key_from=(-0.45, 0.5, 0.8), rim=(0.35, 0.35, 0.4), rim_from=(0.8, 0.3, -0.5), shadow=0.5,
    ),
    wall=((96, 136, 160), (150, 186, 200)),
    glow=(-0.3, -0.2),
    person=_BARE | {"hair_style": "short", "age": 0.1, "makeup": 0.3, "womanly": 0.1,
                    "cloth_style": "crew", "cloth": _linear(206, 66, 58),
                    "cloth_2": _linear(244, 236, 222)},
)  # fmt: skip

GUEST = replace(
    DRIVER,
    seed=147,
    plain=1.05,
    wall=((120, 92, 64), (204, 164, 120)),
    person=_BARE | {"hair_style": "bob", "age": 0.1, "makeup": 0.7, "womanly": 0.95,
                    "cloth_style": "crew", "cloth": _linear(36, 110, 92),
                    "cloth_2": _linear(240, 230, 200), "skin": _linear(158, 104, 72),
                    "hair": _linear(84, 40, 24), "iris": _linear(70, 84, 50)},
)  # fmt: skip

LADY = Casting(
    seed=114,
    look="photo",
    light=light(
        sky=(0.13, 0.115, 0.10), ground=(0.12, 0.085, 0.06), key=(1.25, 1.06, 0.80),
        key_from=(-0.58, 0.5, 0.72), rim=(0.16, 0.12, 0.08), rim_from=(0.8, 0.3, -0.5), shadow=0.8,
    ),
    wall=((38, 30, 22), (104, 82, 56)),
    glow=(0.35, -0.05),
    lids=0.14,
    scale=0.055,
    place=(0.0, 0.19),
    person=_BARE | {"hair_style": "beanie", "age": 0.1, "makeup": 0.6, "womanly": 0.9,
                    "cloth_style": "crew", "cloth": _linear(64, 16, 14),
                    "cloth_2": _linear(34, 60, 120), "skin": _linear(240, 200, 172),
                    "hair": _linear(80, 46, 24), "iris": _linear(70, 46, 26)},
)  # fmt: skip

STATUE = Casting(
    seed=116,
    look="marble",
    light=light(
        sky=(0.30, 0.33, 0.38), ground=(0.16, 0.14, 0.13), key=(0.95, 0.90, 0.82),
        key_from=(0.62, 0.6, 0.55), rim=(0.35, 0.38, 0.45), rim_from=(-0.8, 0.3, -0.5), shadow=0.6,
    ),
    wall=((44, 52, 62), (104, 118, 132)),
    glow=(-0.35, -0.05),
    plain=0.7,
    person=_BARE | {"hair_style": "short", "age": 0.1, "makeup": 0.0, "womanly": 0.1,
                    "cloth_style": "crew"},
)  # fmt: skip

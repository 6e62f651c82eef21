"""A person that isn't there, rendered in any pose with all labels."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.head_frame import HeadFrame, coarse_surface, keypoint_visibility
from deepmeme.data.ict import (
    Camera,
    FaceKit,
    find_face_kit,
    load_face_kit,
    rotation_matrix,
    vertex_normals,
    view,
)
from deepmeme.data.raster import NOTHING, Raster, rasterize
from deepmeme.data.synthetic_heads.background import paint_background
from deepmeme.data.synthetic_heads.body import Body, build_body, build_collar, build_glasses
from deepmeme.data.synthetic_heads.cloth import paint_cloth
from deepmeme.data.synthetic_heads.hair import cut_hair, hair_cover
from deepmeme.data.synthetic_heads.motion import CENTRAL, Pose
from deepmeme.data.synthetic_heads.paint import paint_skin, paint_strands
from deepmeme.data.synthetic_heads.person import LookName, Person, sample_person
from deepmeme.data.synthetic_heads.shading import (
    CHANNELS,
    Look,
    Mesh,
    sample_light,
    seen_skin,
    shade,
)
from deepmeme.data.synthetic_heads.styling import (
    canvas_relief,
    cartoon_shape,
    draw_outlines,
    paint_over,
)
from deepmeme.data.synthetic_heads.tables import (
    HeadTables,
    Material,
    build_tables,
    head_weight,
)
from deepmeme.data.synthetic_heads.texture_maps import TextureMaps, build_texture_maps

Array = NDArray[np.float32]

SHADOW_SIDE = 224
SHADOW_REACH_CM = 28.0
BODY_TURN = 0.15
"""The share of the head's yaw that the shoulders follow."""


STRAIGHT = Pose()


class SyntheticHead:
    """One person with hair, clothes, light and background; ``render`` gives moments of it.

    The same seed gives the same person; equal arguments give equal pixels.
    """

    def __init__(
        self,
        seed: int,
        look: LookName = "photo",
        *,
        face_kit: FaceKit | Path | str | None = None,
        background: NDArray[np.uint8] | None = None,
    ) -> None:
        """Draw a person. ``background`` (h, w, 3) replaces the one drawn.

        Raises:
            InputError: the face kit isn't there (see ``ict.find_face_kit``).
        """
        kit = face_kit if isinstance(face_kit, FaceKit) else _kit_at(find_face_kit(face_kit))
        self._tables, maps = _tables(kit)
        self.person = sample_person(seed, look, len(kit.identity))
        self._base = kit.base(self.person.identity)
        self._rng_seed = (seed, 61)
        rng = np.random.default_rng(self._rng_seed)
        self._light = sample_light(np.random.default_rng((seed, 67)))
        self._camera = _sample_camera(rng)
        self._rest_lids = 0.0 if look == "cartoon" else float(rng.uniform(0.0, 0.16))
        self._cartoon = rng.uniform((0.35, 0.3, 0.05), (0.8, 1.0, 0.22))
        self._ink = rng.uniform(0, 60, 3).astype(np.float32)
        self._stroke = int(rng.integers(2, 6))
        self._background = background
        self._scene = seed
        self._backgrounds: dict[int, Array] = {}
        self._reliefs: dict[int, Array] = {}
        self._build(maps, rng)

    def _build(self, maps: TextureMaps, rng: np.random.Generator) -> None:
        person, tables = self.person, self._tables
        self._hair = cut_hair(person)
        cover = hair_cover(person, tables, maps.place)
        cloth = paint_cloth(person)
        self._hairless = np.ascontiguousarray(1 - cover[..., None], np.float32)
        self._look = _look(person, paint_skin(person, maps, cover, cloth), cloth, rng)
        self._bodies = _bodies(person, tables, self._base)
        self._glasses = build_glasses(person, tables, self._base) if person.glasses else None
        count = len(tables.kit.neutral)
        triangles, material = [tables.triangles], [tables.material]
        place, openness = [tables.place], [tables.openness]

        def add(part: NDArray[np.int32], kind: Material, at: Array, open_: Array) -> None:
            nonlocal count
            triangles.append(part + count)
            material.append(np.full(len(part), kind, np.uint8))
            place.append(at)
            openness.append(open_)
            count += len(at)

        if self._glasses is not None:
            ones = np.ones(len(self._glasses.place), np.float32)
            add(self._glasses.triangles, Material.GLASSES, self._glasses.place, ones)
        for body in self._bodies:
            ones = np.full(len(body.place), 0.95, np.float32)
            add(body.triangles, Material.CLOTH, body.place, ones)
        below = sum(len(part) for part in triangles)
        self._coverage = np.zeros(0, np.float32)
        if self._hair is not None:
            kind = Material.HAT if self._hair.cap else Material.HAIR
            at = self._hair.place * (np.array([80, 12], np.float32) if self._hair.cap else 1)
            add(self._hair.triangles, kind, at, self._hair.openness)
            self._coverage = self._hair.coverage
        self._triangles = np.ascontiguousarray(np.concatenate(triangles), np.int32)
        self._layers = self._triangles[:below], self._triangles[below:]
        self._material = np.concatenate(material)
        self._place = np.concatenate(place).astype(np.float32)
        self._openness = np.concatenate(openness).astype(np.float32)

    def render(
        self,
        pose: Pose = STRAIGHT,
        expression: Mapping[str, float] | None = None,
        gaze: tuple[float, float] = (0.0, 0.0),
        size: int = 256,
    ) -> HeadFrame:
        """One moment. ``expression``: weights 0..1 by ARKit-like name (``jawOpen``, ``eyeBlink_L``,
        ``mouthSmile`` for both sides...); ``gaze``: degrees to the picture's right and up.

        Raises:
            InputError: no such expression.
        """
        return self.render_face(pose, expression, gaze, size)[0]

    def render_face(
        self,
        pose: Pose = STRAIGHT,
        expression: Mapping[str, float] | None = None,
        gaze: tuple[float, float] = (0.0, 0.0),
        size: int = 256,
    ) -> tuple[HeadFrame, NDArray[np.uint8]]:
        """As ``render``, and (size, size) 0..255: how much of a pixel shows skin, eyes or mouth.

        Ears and neck count; hair, hats, cloth and background do not, glasses do.
        """
        points, strands, weight = self._shape(expression or {}, gaze)
        turned, head = self._turn(points, weight, pose)
        camera = self._camera._replace(
            scale=self._camera.scale * pose.zoom,
            translation=(
                self._camera.translation[0] + pose.x,
                self._camera.translation[1] + pose.y,
            ),
        )
        xy, depth = view(turned, camera, size)
        fine = 2 * xy + np.float32(0.5)
        below, over = (rasterize(fine, depth, part, 2 * size, 2 * size) for part in self._layers)
        over = over._replace(
            triangle=np.where(over.triangle < 0, NOTHING, over.triangle + len(self._layers[0]))
        )
        vertices = np.zeros((len(turned), CHANNELS), np.float32)
        vertices[:, :3] = vertex_normals(turned, self._triangles)
        vertices[:, 3:5] = self._place
        vertices[:, 5] = self._openness
        first = len(turned) - len(strands)
        vertices[first:, 6:9] = strands @ head.T
        vertices[first:, 9] = self._coverage
        shadow, shadow_place = self._shadow(turned)
        mesh = Mesh(self._triangles, self._material, vertices, shadow_place)
        image, mask = shade(below, over, mesh, shadow, self._behind(size), self._look, self._light)
        surface = _nearer(below, over)
        if self.person.look == "cartoon":
            width = max(2, round(size / 85))
            image = draw_outlines(image, surface, self._material, self._ink, width)
        elif self.person.look == "painting":
            image = paint_over(image, max(1, round(self._stroke * size / 256)), self._relief(size))
        kit = self._tables.kit
        keypoints = kit.keypoints_px(np.concatenate([xy, depth[:, None]], 1))
        visible = keypoint_visibility(2 * keypoints[:, :2] + 0.5, keypoints[:, 2], surface.depth)
        frame = HeadFrame(
            image=image,
            keypoints_px=keypoints[:, :2].copy(),
            visible=visible,
            mask=mask,
            vertices_px=xy,
            depth=depth,
            triangles=self._triangles,
            surface=coarse_surface(xy, depth, self._triangles, size),
            part=self._material,
        )
        return frame, seen_skin(below, over, mesh, self._look.strands, self._hairless)

    def landmarks_at_rest(self) -> Array:
        """(k, 3) centimetres: where ``KEYPOINT_NAMES`` are in the face that does nothing."""
        return self._tables.kit.keypoints_px(self._base)

    def place(self, seed: int) -> None:
        """Put the person somewhere else: another light, camera and drawn background."""
        self._light = sample_light(np.random.default_rng((seed, 67)))
        self._camera = _sample_camera(np.random.default_rng((seed, 71)))
        self._scene, self._backgrounds = seed, {}

    def _shape(
        self, expression: Mapping[str, float], gaze: tuple[float, float]
    ) -> tuple[Array, Array, Array]:
        """Places before any turn, strand directions of the hair, and what turns with the head."""
        kit, person = self._tables.kit, self.person
        weights = kit.expression_weights(_with_lids(expression, gaze, self._rest_lids))
        head = kit.shape(person.identity, weights, base=self._base)
        head = kit.look(head, np.array(gaze, np.float32))
        parts, weight = [head], [self._tables.head_weight]
        if self._glasses is not None:
            parts.append(self._glasses.vertices)
            weight.append(np.ones(len(self._glasses.vertices), np.float32))
        for body in self._bodies:
            parts.append(body.vertices)
            weight.append(np.zeros(len(body.vertices), np.float32))
        rim = self._tables.bust_rim
        first = len(parts) - len(self._bodies)
        parts[first] = np.concatenate([head[rim], parts[first][len(rim) :]])  # no crack to the neck
        strands = np.zeros((0, 3), np.float32)
        if self._hair is not None:
            mesh = self._hair.mesh(self._tables, head)
            parts.append(mesh.vertices)
            weight.append(head_weight(mesh.vertices))
            strands = mesh.strands
        points = np.concatenate(parts)
        if person.look == "cartoon":
            eyes = np.stack([head[kit.parts[side]].mean(0) for side in ("eye_r", "eye_l")])
            gain, nose, chin = (float(value) for value in self._cartoon)
            points = cartoon_shape(points, eyes, gain, nose, chin)
        return points, strands, np.concatenate(weight)

    def _turn(self, points: Array, weight: Array, pose: Pose) -> tuple[Array, Array]:
        head = rotation_matrix(pose.yaw, pose.pitch, pose.roll)
        body = rotation_matrix(BODY_TURN * pose.yaw, 0.0, 0.0)
        centred = points - self._tables.kit.pivot
        turned = weight[:, None] * (centred @ head.T) + (1 - weight[:, None]) * (centred @ body.T)
        return turned.astype(np.float32), head

    def _shadow(self, turned: Array) -> tuple[Array, Array]:
        towards = self._light.key_direction
        side = np.cross([0.0, 1.0, 0.0], towards)
        side /= np.linalg.norm(side) + 1e-9
        axes = np.stack([side, -np.cross(towards, side), -towards]).astype(np.float32)
        place = turned @ axes.T
        place[:, :2] = (place[:, :2] / SHADOW_REACH_CM + 1) * (SHADOW_SIDE / 2)
        seen = rasterize(place[:, :2], place[:, 2], self._triangles, SHADOW_SIDE, SHADOW_SIDE)
        return seen.depth, place

    def _behind(self, size: int) -> Array:
        if size not in self._backgrounds:
            if self._background is None:
                picture = paint_background(self._scene, size)
            else:
                given = cv2.resize(self._background, (size, size), interpolation=cv2.INTER_AREA)
                picture = np.square(given.astype(np.float32) / 255)
            self._backgrounds[size] = np.ascontiguousarray(picture, np.float32)
        return self._backgrounds[size]

    def _relief(self, size: int) -> Array:
        if size not in self._reliefs:
            self._reliefs[size] = canvas_relief(np.random.default_rng(self._rng_seed), size)
        return self._reliefs[size]


def _sample_camera(rng: np.random.Generator) -> Camera:
    return Camera(
        scale=float(rng.uniform(0.048, 0.064)),
        translation=(float(rng.normal(0, 0.05)), float(rng.uniform(0.15, 0.25))),
        distance=float(rng.uniform(55, 160)),
    )


def _nearer(below: Raster, over: Raster) -> Raster:
    front = over.depth < below.depth
    return Raster(
        np.where(front, over.triangle, below.triangle),
        np.where(front[..., None], over.barycentric, below.barycentric),
        np.minimum(over.depth, below.depth),
    )


def _with_lids(
    expression: Mapping[str, float], gaze: tuple[float, float], rest: float
) -> dict[str, float]:
    """Lids follow the gaze, and are never as wide open as the kit's neutral ones."""
    weights: dict[str, float] = {}
    for name, value in expression.items():
        for side in _sides(name):
            weights[side] = float(value)
    right, up = gaze[0] / 30, gaze[1] / 25
    follow = {
        "eyeLookUp": max(up, 0),
        "eyeLookDown": max(-up, 0),
        "eyeLookOut_L": max(right, 0),
        "eyeLookIn_R": max(right, 0),
        "eyeLookIn_L": max(-right, 0),
        "eyeLookOut_R": max(-right, 0),
    }
    for name, value in follow.items():
        for side in _sides(name):
            weights[side] = min(weights.get(side, 0) + value, 1.0)
    for side in ("L", "R"):
        wide = weights.get(f"eyeWide_{side}", 0.0)
        blink = weights.get(f"eyeBlink_{side}", 0.0)
        down = weights.get(f"eyeLookDown_{side}", 0.0)
        closed = max(blink, rest * (1 - wide) + blink * (1 - rest))
        weights[f"eyeBlink_{side}"] = min(closed, 1.0 - 0.75 * down)
    return weights


def _sides(name: str) -> tuple[str, ...]:
    single = name in CENTRAL or name[-2:] in ("_L", "_R")
    return (name,) if single else (f"{name}_L", f"{name}_R")


def _bodies(person: Person, tables: HeadTables, base: Array) -> list[Body]:
    collar = build_collar(person, tables, base)
    return [build_body(person, tables, base), *([collar] if collar else [])]


def _look(person: Person, skin: Array, cloth: Array, rng: np.random.Generator) -> Look:
    cartoon, stone = person.look == "cartoon", person.look in ("marble", "bronze")
    strands = paint_strands(rng, fine=float(rng.uniform(0.7, 1.3)))
    if cartoon:
        strands = (0.5 + 0.25 * (strands > 0.62) - 0.1 * (strands < 0.3)).astype(np.float32)
    grey = np.array([1.0, 0.97, 0.93], np.float32)
    metal = np.array([1.2 if person.look == "bronze" else 0.35, 0.5, 0.5], np.float32)
    tips = person.hair * rng.uniform(0.9, 1.7)
    return Look(
        skin=skin,
        cloth=cloth,
        hat=np.full((8, 8, 3), person.cloth_2, np.float32),
        strands=strands,
        hair_root=person.hair,
        hair_tip=tips.clip(0, 0.9).astype(np.float32),
        hair_gloss=0.0 if cartoon else float(rng.uniform(0.1, 0.5)),
        iris=(person.iris * 1.6).astype(np.float32),
        sclera=(grey * (1.0 if cartoon else rng.uniform(0.55, 0.72))).astype(np.float32),
        iris_radius=float(rng.uniform(0.46, 0.5)) * (1.15 if cartoon else 1),
        pupil_radius=float(rng.uniform(0.16, 0.26)),
        teeth=(np.array([0.78, 0.72, 0.6]) * rng.uniform(0.75, 1.1)).astype(np.float32),
        mouth=np.array([0.3, 0.07, 0.07], np.float32),
        glasses=metal if stone else np.square(rng.uniform(0.02, 0.6, 3)).astype(np.float32),
        solid=stone,
        bands=3 if cartoon else 0,
    )


@lru_cache(maxsize=1)
def _kit_at(path: Path) -> FaceKit:
    return load_face_kit(path)


@lru_cache(maxsize=1)
def _tables(kit: FaceKit) -> tuple[HeadTables, TextureMaps]:
    return build_tables(kit), build_texture_maps(kit)

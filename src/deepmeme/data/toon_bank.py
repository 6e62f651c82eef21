"""Cartoon people who move, with all labels: so that the networks know drawings too.

The face is drawn with its expression; then head and hair turn as a relief over a still background
and still shoulders (the depth of a mask, not of a full head, so turns stay below 20 degrees).

    python -m deepmeme.data.toon_bank -o DIR --groups 200 --frames 6
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import BankWriter
from deepmeme.data.head_frame import HeadFrame, coarse_surface
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.raster import interpolate, rasterize
from deepmeme.data.synthetic_heads import Pose
from deepmeme.data.toon_points import toon_points
from deepmeme.data.toons import REST, Toon, ToonMoment, draw_layers, toon

Array = NDArray[np.float32]

_CELLS = 48
_PIVOT_Y = 0.42
_REACH = 0.07
"""How far a landmark carries the skin around it along."""


def toon_frames(seed: int, count: int, size: int = 256) -> list[HeadFrame]:
    """Moments of one person before one background; the first is at rest and face on."""
    rng = np.random.default_rng((seed, 71))
    person = toon(seed)
    person = replace(person, eye=float(np.clip(person.eye * rng.normal(1, 0.08), 0.6, 1.25)))
    moments = [REST, *(sample_moment(rng) for _ in range(count - 1))]
    poses = [Pose(), *(_sample_pose(rng) for _ in range(count - 1))]
    return [toon_frame(person, m, p, size) for m, p in zip(moments, poses, strict=True)]


def sample_moment(rng: np.random.Generator) -> ToonMoment:
    """Speaking, blinking, winking, looking about."""
    lids = float(rng.choice([1.0, 0.0, rng.uniform(0.1, 1)], p=[0.5, 0.2, 0.3]))
    other = lids if rng.uniform() < 0.88 else float(rng.choice([0.0, 1.0]))
    raised = rng.normal(0, 0.6, 2).clip(-1, 1.2) * 0.3 + rng.normal(0, 0.6)
    look = rng.normal(0, (0.3, 0.18)).clip((-0.6, -0.35), (0.6, 0.35))
    return ToonMoment(
        lids=(lids, other),
        gaze=(float(look[0]), float(look[1])),
        jaw=float(rng.choice([0.0, rng.beta(1.2, 1.6)], p=[0.4, 0.6])),
        wide=float(rng.uniform(0.5, 1.2)),
        smile=float(rng.normal(0, 0.8)),
        brows=(float(np.clip(raised[0], -1, 1.2)), float(np.clip(raised[1], -1, 1.2))),
    )


def _sample_pose(rng: np.random.Generator) -> Pose:
    yaw, pitch, roll = (rng.normal(0, 1, 3) * (9, 6, 6)).clip((-20, -14, -14), (20, 14, 14))
    x, y = rng.normal(0, 0.03, 2)
    return Pose(float(yaw), float(pitch), float(roll), x=float(x), y=float(y))


def toon_frame(person: Toon, moment: ToonMoment, pose: Pose, size: int = 256) -> HeadFrame:
    """One moment with its labels."""
    layers = draw_layers(person, size, moment)
    grid, triangles = _mesh()
    drawn = grid + _carried(grid, toon_points(person, moment) - toon_points(person), person)
    turned, depth = _turn(drawn, pose)
    keypoints = _turn(toon_points(person, moment), pose)[0]
    half = np.float32((size - 1) / 2)
    # the face-on drawing at the place where each pixel of the turned one comes from
    straight, straight_depth = _turn(grid, pose)
    surface = rasterize((straight + 1) * half, straight_depth, triangles, size, size)
    origin = interpolate(grid, triangles, surface.triangle, surface.barycentric)
    at = ((origin + 1) * half).astype(np.float32)
    cover = cv2.remap(layers.cover, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    cover[surface.triangle < 0] = 0
    picture = cv2.remap(layers.picture, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    share = cover[..., None]
    image = layers.backdrop * (1 - share) + picture * share
    vertices = (turned + 1) * half
    kept = _on_person(grid, triangles, person)
    return HeadFrame(
        image=np.clip(np.rint(image), 0, 255).astype(np.uint8),
        keypoints_px=((keypoints + 1) * half).astype(np.float32),
        visible=np.asarray((np.abs(keypoints) < 1).all(-1)),
        mask=np.clip(np.rint(cover * 255), 0, 255).astype(np.uint8),
        vertices_px=vertices,
        depth=depth * np.float32(10),
        triangles=kept,
        surface=coarse_surface(vertices, depth * np.float32(10), kept, size),
    )


def _mesh() -> tuple[Array, NDArray[np.int32]]:
    line = np.linspace(-1.2, 1.2, _CELLS + 1, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    row, column = (v.ravel() for v in np.meshgrid(range(_CELLS), range(_CELLS), indexing="ij"))
    first = row * (_CELLS + 1) + column
    below = first + _CELLS + 1
    triangles = np.concatenate(
        [np.stack([first, below, first + 1], 1), np.stack([first + 1, below, below + 1], 1)]
    )
    return grid, np.ascontiguousarray(triangles, np.int32)


def _on_person(grid: Array, triangles: NDArray[np.int32], person: Toon) -> NDArray[np.int32]:
    """Triangles of the mesh that show the person at rest; the same for all frames of a person."""
    cover = draw_layers(person, 64).cover
    at = ((grid + 1) * 31.5).astype(np.float32)
    seen = cv2.remap(cover, at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR)[0]
    return np.ascontiguousarray(triangles[seen[triangles].mean(1) > 0.5])


def _carried(grid: Array, moved: Array, person: Toon) -> Array:
    """How landmarks that moved by (k, 2) carry the places of the grid (n, 2) along."""
    gap = np.square(grid[:, None] - toon_points(person)[None]).sum(-1)
    pull = np.exp(-gap / (2 * _REACH**2))
    share = np.minimum(1, pull.max(1)) / (pull.sum(1) + 1e-9)
    return np.asarray((pull @ moved) * share[:, None], np.float32)


def _turn(places: Array, pose: Pose) -> tuple[Array, Array]:
    """Turned places (n, 2) and their depth (n,), smaller is nearer; shoulders stay."""
    x, y = places[:, 0], places[:, 1]
    dome = np.sqrt(np.clip(1 - (x / 0.60) ** 2 - ((y + 0.08) / 0.72) ** 2, 0, 1))
    nose = np.exp(-((x / 0.05) ** 2) - ((y - 0.11) / 0.09) ** 2)
    z = 0.42 * dome + 0.06 * nose
    t = np.clip((0.78 - y) / 0.34, 0, 1)
    weight = t * t * (3 - 2 * t)
    yaw, pitch, roll = np.deg2rad([pose.yaw, pose.pitch, pose.roll])
    dx, dy = x, y - _PIVOT_Y
    tx = dx * np.cos(yaw) + z * np.sin(yaw)
    tz = z * np.cos(yaw) - dx * np.sin(yaw)
    ty = dy * np.cos(pitch) - tz * np.sin(pitch)
    rx = tx * np.cos(roll) - ty * np.sin(roll) + pose.x
    ry = tx * np.sin(roll) + ty * np.cos(roll) + pose.y
    moved = np.stack([x + weight * (rx - dx), y + weight * (ry - dy)], 1)
    return moved.astype(np.float32), (-tz).astype(np.float32)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write a bank of moving cartoon people.")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--frames", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1000)
    given = parser.parse_args()
    writer = BankWriter(
        given.output,
        given.groups,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=given.frames,
        origin=f"toons, seed {given.seed}",
    )
    for group in range(writer.groups, given.groups):
        writer.add_group(toon_frames(given.seed + group, given.frames))


if __name__ == "__main__":
    _main()

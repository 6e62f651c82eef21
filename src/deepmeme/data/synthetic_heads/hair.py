"""Hair as a shell over the scalp, with a curtain that hangs down where it is long."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.synthetic_heads.person import Person
from deepmeme.data.synthetic_heads.tables import (
    SCALP_COLUMNS,
    SCALP_END_DEG,
    SCALP_ROWS,
    HeadTables,
    scalp_points,
    smoothstep,
)

Array = NDArray[np.float32]

HANGING_ROWS = 22
HIDDEN_CM = -0.7
_AROUND_DEG = np.abs((np.linspace(0, 360, SCALP_COLUMNS, endpoint=False) + 180) % 360 - 180)
_DOWN_DEG = np.linspace(0, SCALP_END_DEG, SCALP_ROWS)


class HairMesh(NamedTuple):
    """What hair adds to the head for one frame."""

    vertices: Array  # (n, 3) cm, in the head's axes
    strands: Array  # (n, 3) along the strands


@dataclass(frozen=True)
class Hair:
    """The cut of one person: thickness over the scalp, and how it hangs."""

    thickness: Array  # (columns, rows) cm; HIDDEN_CM under the skin where none grows
    hang_from: NDArray[np.int32]  # (columns,) row at which it lets go of the head
    length: Array  # (columns,) cm below that row, 0 where it does not hang
    sway: Array  # (columns, HANGING_ROWS, 2) outwards and forwards, cm
    triangles: NDArray[np.int32]  # (t, 3)
    place: Array  # (n, 2) strand number and cm from the root
    openness: Array  # (n,)
    coverage: Array  # (n,) 1 = dense, 0 = all strands have ended
    cap: bool  # worn, not grown

    def mesh(self, tables: HeadTables, vertices: Array) -> HairMesh:
        """The hair on a head (v, 3) that is not turned yet."""
        scalp = scalp_points(tables, vertices)
        middle = scalp.mean((0, 1), keepdims=True) + np.array([0, 2.0, 0], np.float32)
        outwards = scalp - middle
        outwards /= np.linalg.norm(outwards, axis=-1, keepdims=True)
        shell = scalp + outwards * self.thickness[..., None]
        strands = np.gradient(shell, axis=1)
        columns = np.arange(SCALP_COLUMNS)
        root = shell[columns, self.hang_from]
        level = outwards[columns, self.hang_from] * np.array([1, 0, 1], np.float32)
        level /= np.linalg.norm(level, axis=-1, keepdims=True) + 1e-6
        along = np.linspace(0, 1, HANGING_ROWS, dtype=np.float32)
        fall = self.length[:, None] * along
        hanging = np.repeat(root[:, None], HANGING_ROWS, 1)
        hanging[..., 1] -= fall
        hanging += level[:, None] * self.sway[..., :1]
        hanging[..., 2] += self.sway[..., 1]
        hanging_strands = np.gradient(hanging, axis=1)
        points = np.concatenate([shell.reshape(-1, 3), hanging.reshape(-1, 3)])
        directions = np.concatenate([strands.reshape(-1, 3), hanging_strands.reshape(-1, 3)])
        return HairMesh(points.astype(np.float32), directions.astype(np.float32))


def cut_hair(person: Person) -> Hair | None:
    """The person's hair, None for the bald. Drawn from the person's seed."""
    rng = np.random.default_rng((person.seed, 31))
    style = person.hair_style
    if style == "bald":
        return None
    line = _hairline(person, rng)
    volume = _volume(person, rng)
    soft = {"buzz": 8.0, "short": 26.0, "parted": 22.0, "beanie": 3.0, "bangs": 5.0}.get(
        style, 10.0
    )
    below = line[:, None] - _DOWN_DEG[None]
    thickness = volume * np.clip(below / soft, 0, 1) ** 0.75
    thickness = np.where(
        below > 0, np.maximum(thickness, 0.05), HIDDEN_CM * smoothstep(0, 6, -below)
    )
    if style == "parted":
        side = rng.choice([-1, 1]) * rng.uniform(8, 30)
        signed = (np.linspace(0, 360, SCALP_COLUMNS, endpoint=False) + 180) % 360 - 180
        groove = np.exp(-0.5 * np.square((signed[:, None] - side) / 6)) * (_DOWN_DEG > 8)
        thickness = np.where(below > 0, thickness * (1 - 0.6 * groove), thickness)
    hang_from, length, sway = _hanging(person, rng, line)
    triangles = _triangles(thickness, hang_from, length)
    return Hair(
        thickness=thickness.astype(np.float32),
        hang_from=hang_from,
        length=length,
        sway=sway,
        triangles=triangles,
        place=_place(hang_from, length),
        openness=_openness(thickness, below),
        coverage=_coverage(person, below),
        cap=style == "beanie",
    )


def hair_cover(person: Person, tables: HeadTables, place: Array) -> Array:
    """(h, w) in 0..1: how much the scalp shows hair, so that no skin shines through."""
    style = person.hair_style
    if style == "beanie":
        return np.zeros(place.shape[:2], np.float32)
    rng = np.random.default_rng((person.seed, 31))
    line = _hairline(person, rng)
    if style == "bald":
        rng = np.random.default_rng((person.seed, 37))
        strength = rng.choice([0.0, 0.12, 0.3])
        line = (
            np.interp(_AROUND_DEG, [0, 60, 90, 180], [20, 30, 90, 125])
            if rng.uniform() < 0.4
            else line
        )
    else:
        strength = 0.85
    rays = place - tables.scalp_centre
    rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True).clip(1e-3)
    down = np.degrees(np.arccos((rays @ tables.scalp_axes[0]).clip(-1, 1)))
    around = np.degrees(np.arctan2(rays @ tables.scalp_axes[2], rays @ tables.scalp_axes[1])) % 360
    column = np.linspace(0, 360, SCALP_COLUMNS, endpoint=False)
    edge = np.interp(around, column, line, period=360)
    ear = smoothstep(7.6, 7.2, np.abs(place[..., 0])) + (place[..., 2] < -3.5) + (place[..., 1] > 6)
    cover = strength * smoothstep(-1.0, 5.0, (edge - down).astype(np.float32)) * ear.clip(0, 1)
    return np.asarray(cover, np.float32)


def _hairline(person: Person, rng: np.random.Generator) -> NDArray[np.float64]:
    """(columns,) degrees from the whirl down to where the hair ends."""
    style = person.hair_style
    if style == "beanie":
        return np.interp(_AROUND_DEG, [0, 50, 90, 130, 180], [68, 72, 84, 100, 106])
    high = rng.uniform(-3, 2) - (0 if person.womanly > 0.5 else 8 * max(person.age - 0.35, 0))
    receding = rng.uniform(0, 12) * person.age * (person.womanly < 0.5)
    front, temple = 66 + high, 70 - receding
    side, behind, nape = rng.uniform(86, 98), 100.0, rng.uniform(118, 128)
    if style in ("bangs",):
        front, temple = rng.uniform(74, 82), rng.uniform(78, 86)
    if style in ("bob", "long", "tied"):
        side = 98.0
    knots = [front, front + 1, temple, side, behind, nape, nape]
    line = np.interp(_AROUND_DEG, [0, 22, 48, 80, 105, 140, 180], knots)
    jag = {"bangs": 1.8, "short": 1.2, "buzz": 0.3}.get(style, 0.7)
    return np.asarray(line + _ripple(rng, 3) * jag + _ripple(rng, 11) * jag * 0.7)


def _ripple(rng: np.random.Generator, width: int) -> NDArray[np.float64]:
    raw = rng.standard_normal(SCALP_COLUMNS)
    kernel = np.hanning(width + 2)
    wrapped = np.concatenate([raw[-width:], raw, raw[:width]])
    ripple = np.convolve(wrapped, kernel / np.sqrt(np.square(kernel).sum()), "same")
    return np.asarray(ripple[width:-width])


def _volume(person: Person, rng: np.random.Generator) -> NDArray[np.float64]:
    style = person.hair_style
    top, side = {
        "buzz": (0.2, 0.12),
        "short": (rng.uniform(0.8, 2.6), rng.uniform(0.2, 1.0)),
        "parted": (rng.uniform(1.2, 2.6), rng.uniform(0.4, 1.2)),
        "bangs": (rng.uniform(1.2, 2.2), rng.uniform(0.9, 1.6)),
        "bob": (rng.uniform(1.0, 2.0), rng.uniform(1.2, 2.4)),
        "long": (rng.uniform(0.9, 2.0), rng.uniform(0.9, 2.0)),
        "afro": (rng.uniform(2.5, 5.5), rng.uniform(2.0, 4.5)),
        "tied": (rng.uniform(0.4, 0.9), rng.uniform(0.3, 0.6)),
        "beanie": (rng.uniform(0.9, 1.6), rng.uniform(0.6, 0.9)),
    }.get(style, (1.0, 0.6))
    down = smoothstep(40, 85, _DOWN_DEG.astype(np.float32))[None]
    volume = top * (1 - down) + side * down
    if style == "beanie":
        cuff = smoothstep(
            14, 11, np.asarray(_hairline(person, rng)[:, None] - _DOWN_DEG, np.float32)
        )
        return np.asarray(np.broadcast_to(volume + 0.35 * cuff, (SCALP_COLUMNS, SCALP_ROWS)))
    bumps = np.stack([_ripple(rng, 9) for _ in range(SCALP_ROWS)], 1)
    kernel = np.hanning(15 if style != "afro" else 7)
    bumps = np.apply_along_axis(np.convolve, 1, bumps, kernel / kernel.sum(), "same")
    locks = _ripple(rng, 5)[:, None] * 0.10 + _ripple(rng, 2)[:, None] * 0.05
    rough = {"buzz": 0.05, "afro": 0.35, "tied": 0.3}.get(style, 0.45)
    return np.asarray(volume * (1 + rough * bumps + locks * (style != "buzz")).clip(0.35, 1.7))


def _hanging(
    person: Person, rng: np.random.Generator, line: NDArray[np.float64]
) -> tuple[NDArray[np.int32], Array, Array]:
    style = person.hair_style
    hang_from = np.rint(
        np.interp(_AROUND_DEG, [50, 80, 180], [66, 88, 92]) / SCALP_END_DEG * (SCALP_ROWS - 1)
    )
    length = np.zeros(SCALP_COLUMNS)
    sway = np.zeros((SCALP_COLUMNS, HANGING_ROWS, 2), np.float32)
    if style in ("bob", "long"):
        reach = rng.uniform(9, 14) if style == "bob" else rng.uniform(18, 36)
        opening = rng.uniform(50, 66)
        hangs = opening < _AROUND_DEG
        length = np.where(hangs, reach * (1 + 0.05 * _ripple(rng, 5)), 0.0)
        cm = length[:, None] * np.linspace(0, 1, HANGING_ROWS)
        locks = 0.35 * _ripple(rng, 4)[:, None] + 0.18 * _ripple(rng, 2)[:, None]
        curl = rng.choice([0.05, 0.3, 0.8]) * np.sin(
            cm * rng.uniform(0.5, 1.3) + 1.5 * _ripple(rng, 9)[:, None]
        )
        bulge = rng.uniform(0.3, 1.6) * np.sin(np.pi * (cm / (reach + 1e-6)).clip(0, 1))
        tuck = (
            -rng.uniform(0, 2.2)
            * smoothstep(0.55, 1.0, (cm / reach).astype(np.float32))
            * (style == "bob")
        )
        ease = smoothstep(0, 5, cm.astype(np.float32))
        sway[..., 0] = bulge + ease * (locks + curl + tuck)
        forwards = np.where(_AROUND_DEG < 100, 1.0, -1.0)[:, None]
        sway[..., 1] = forwards * 0.33 * (cm - 11).clip(0) + ease * 0.3 * _ripple(rng, 6)[:, None]
    return hang_from.astype(np.int32), length.astype(np.float32), sway


def _triangles(
    thickness: NDArray[np.float64], hang_from: NDArray[np.int32], length: Array
) -> NDArray[np.int32]:
    columns, rows = np.meshgrid(np.arange(SCALP_COLUMNS), np.arange(SCALP_ROWS - 1), indexing="ij")
    following = (columns + 1) % SCALP_COLUMNS
    quads = np.stack(
        [
            columns * SCALP_ROWS + rows,
            following * SCALP_ROWS + rows,
            following * SCALP_ROWS + rows + 1,
            columns * SCALP_ROWS + rows + 1,
        ],
        -1,
    ).reshape(-1, 4)
    grown = thickness.reshape(-1)[quads].max(1) > 0
    after = SCALP_COLUMNS * SCALP_ROWS
    columns, rows = np.meshgrid(
        np.arange(SCALP_COLUMNS), np.arange(HANGING_ROWS - 1), indexing="ij"
    )
    following = (columns + 1) % SCALP_COLUMNS
    both = (length[columns] > 0) & (length[following] > 0)
    hanging = after + np.stack(
        [
            columns * HANGING_ROWS + rows,
            following * HANGING_ROWS + rows,
            following * HANGING_ROWS + rows + 1,
            columns * HANGING_ROWS + rows + 1,
        ],
        -1,
    ).reshape(-1, 4)
    kept = np.concatenate([quads[grown], hanging[both.reshape(-1)]])
    triangles = np.concatenate([kept[:, [0, 1, 2]], kept[:, [0, 2, 3]]])
    return np.ascontiguousarray(triangles, np.int32)


def _place(hang_from: NDArray[np.int32], length: Array) -> Array:
    strand = np.arange(SCALP_COLUMNS) / SCALP_COLUMNS * 4
    shell = np.stack(np.broadcast_arrays(strand[:, None], _DOWN_DEG[None] * 0.16), -1)
    cm = length[:, None] * np.linspace(0, 1, HANGING_ROWS)
    start = hang_from[:, None] * (SCALP_END_DEG / (SCALP_ROWS - 1)) * 0.16
    hanging = np.stack(np.broadcast_arrays(strand[:, None], start + cm), -1)
    return np.concatenate([shell.reshape(-1, 2), hanging.reshape(-1, 2)]).astype(np.float32)


def _coverage(person: Person, below: NDArray[np.float64]) -> Array:
    """Strands end towards the hairline and at the tips."""
    if person.hair_style == "beanie" or person.look in ("cartoon", "marble", "bronze"):
        return np.ones(SCALP_COLUMNS * (SCALP_ROWS + HANGING_ROWS), np.float32)
    width = {"bangs": 9.0, "buzz": 8.0, "short": 6.0, "parted": 6.0}.get(person.hair_style, 2.5)
    shell = np.clip((below + 0.5) / width, 0, 1)
    along = np.linspace(0, 1, HANGING_ROWS)
    tips = np.clip((1 - along) / 0.14, 0, 1) ** 0.7
    return np.concatenate([shell.reshape(-1), np.tile(tips, SCALP_COLUMNS)]).astype(np.float32)


def _openness(thickness: NDArray[np.float64], below: NDArray[np.float64]) -> Array:
    smooth = sum(np.roll(thickness, step, 0) for step in range(-4, 5)) / 9
    shell = (
        1 + 0.5 * (thickness - smooth) - 0.25 * smoothstep(4, 0, below.astype(np.float32))
    ).clip(0.4, 1.2)
    hanging = np.full(SCALP_COLUMNS * HANGING_ROWS, 0.85)
    return np.concatenate([shell.reshape(-1), hanging]).astype(np.float32)

"""Heads in space with named keypoints, as they look in a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.shape import average_face
from deepmeme.runtime.engine import KeypointArrays

NAMES = tuple(average_face())
ROW = {name: row for row, name in enumerate(NAMES)}
NECK = [row for name, row in ROW.items() if name.startswith("neck")]
HEAD = [row for name, row in ROW.items() if not name.startswith("neck")]
_FALLING = (*(f"jaw_{i}" for i in range(5, 12)), *(f"lip_outer_{i}" for i in range(7, 12)),
            *(f"lip_inner_{i}" for i in range(5, 8)))  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Proportions of a head over the average's."""

    wide: float = 1.0
    tall: float = 1.0
    deep: float = 1.0
    eyes: float = 1.0
    """Height of the open eye."""
    mouth: float = 1.0
    """Width of the mouth."""


def head(
    person: Person = Person(),
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    size: float = 0.3,
    place: tuple[float, float] = (0.0, 0.0),
    blink: float = 0.0,
    jaw: float = 0.0,
    smile: float = 0.0,
) -> KeypointArrays:
    """One frame of keypoints in [-1, 1], seen without perspective.

    Angles in degrees; ``size`` is the distance of the eyes; ``blink`` 1 closes the lids; ``jaw``
    and ``smile`` move chin and mouth corners by eye distances.
    """
    shape = np.array([average_face()[name] for name in NAMES])
    for side in "rl":
        ring = [ROW[f"eye_{side}_{i}"] for i in range(6)]
        middle = (shape[ring[0]] + shape[ring[3]]) / 2
        shape[ring, 1] = middle[1] + (shape[ring, 1] - middle[1]) * person.eyes
        for upper, lower in ((1, 5), (2, 4)):
            gap = shape[ring[lower]] - shape[ring[upper]]
            shape[ring[upper]] += blink * gap
    lips = [row for name, row in ROW.items() if name.startswith("lip")]
    shape[lips, 0] *= person.mouth
    for name in _FALLING:
        shape[ROW[name], 1] += jaw
    for name, way in (("lip_outer_0", -1), ("lip_outer_6", 1), ("lip_inner_0", -1),
                      ("lip_inner_4", 1)):  # fmt: skip
        shape[ROW[name], :2] += (way * smile, -smile / 2)
    shape = shape * (person.wide, person.tall, person.deep)
    turned = shape @ rotation(yaw, pitch, roll).T
    xy = turned[:, :2] * size + place
    return KeypointArrays(xy[None].astype(np.float32))


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Axes as the picture's: x right, y down, z to the viewer; roll clockwise and last."""
    a, b, c = np.deg2rad([yaw, pitch, roll])
    about_y = [[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]
    about_x = [[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return np.asarray(np.array(about_z) @ about_x @ about_y)


def frames(*keypoints: KeypointArrays) -> KeypointArrays:
    """One after the other."""
    return KeypointArrays(np.concatenate([part.xy for part in keypoints]))

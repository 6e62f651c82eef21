"""Squares of ellipses for faces, one colour for each person, so that all labels are exact."""

from pathlib import Path

import numpy as np

from deepmeme.data.face_squares import MARGIN, SIDE, SquaresShape, layout, write_shape
from deepmeme.faces.shape import average_face

NAMES = tuple(average_face())


def write_squares(folder: Path, *, people: int = 11, frames: int = 3) -> Path:
    """Each person has a colour; the face is an ellipse, its upper part hidden in the last frame."""
    rng = np.random.default_rng(6)
    folder.mkdir(parents=True)
    shape = SquaresShape(people, people, frames, SIDE, NAMES, "ellipses")
    arrays = {
        name: np.zeros((people * frames, *item), dtype)
        for name, (dtype, item) in layout(shape).items()
    }
    points = np.array([average_face()[name][:2] for name in NAMES])
    y, x = np.mgrid[:SIDE, :SIDE] * (2 / SIDE) - 1
    inside = (x / 0.6) ** 2 + (y / 0.75) ** 2 < 1
    for row in range(people * frames):
        if row % frames == 0:
            colour = rng.integers(60, 255, 3)
        seen = inside & ((y > -0.3) | (row % frames < frames - 1))
        arrays["pictures"][row] = np.where(seen[..., None], colour, 20)
        arrays["seen"][row] = 255 * seen
        arrays["xy"][row] = (points - (0, 0.15)) * (2 / 2.9 / MARGIN)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    write_shape(folder, shape)
    return folder

"""Masks of aligned squares: the outline, and what of it is seen."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import InputError, WeightsError
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.mask import face_mask
from deepmeme.faces.shape import average_face

NAMES = tuple(average_face())
XY = np.array([average_face()[name][:2] for name in NAMES]) * (2 / 2.9) - (0, 0.1)


def square(size: int = 80) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 255, (size, size, 3)).astype(np.uint8)


def test_without_a_network_the_outline_counts(tmp_path: Path) -> None:
    found = face_mask(square(), XY, NAMES, folder=tmp_path)

    assert np.array_equal(found, hull_mask(XY, NAMES, 80))


def test_other_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"needs a square .* found \(80, 40, 3\)"):
        face_mask(square()[:, :40], XY, NAMES, folder=tmp_path)


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(WeightsError, match=r"model\.json does not describe a model"):
        face_mask(square(), XY, NAMES, folder=tmp_path)

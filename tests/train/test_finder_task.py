"""The finder and the landmark network learn a step, and a run becomes a folder that works."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from deepmeme.errors import InputError
from deepmeme.faces.face import Box, Face
from deepmeme.faces.finder import sight_faces
from deepmeme.faces.landmarks import find_landmarks
from deepmeme.models.faces.finder import CHANNELS, UNIT_PX, FaceFinder, FinderConfig, Sightings
from deepmeme.train.courses import FACE_COURSES
from deepmeme.train.export import export_any
from deepmeme.train.export_finder import export, finder_of, landmarks_of
from deepmeme.train.faces import train_faces
from deepmeme.train.finder_task import finder_losses
from deepmeme.train.landmark_task import NAMES
from deepmeme.weights.folder import check_folder, checked_file
from tests.data.face_bank import write_face_bank

TINY = FinderConfig(4, (4, 8))

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    bank = write_face_bank(root / "bank")
    for network, course in FACE_COURSES.items():
        short = replace(course, steps=2, batch_size=2, accelerator="cpu")
        assert train_faces(network, [bank], root / "run", short, size=64).finished
    return root / "run"


def test_a_run_becomes_a_folder(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    export_any(run, out)
    facts = json.loads((out / "model.json").read_text())
    assert check_folder(out) == []
    assert facts["landmarks"]["names"] == list(NAMES)
    assert checked_file(out, facts["stages"]["find"]).stat().st_size < 1_000_000
    picture = np.random.default_rng(0).integers(0, 255, (90, 130, 3)).astype(np.uint8)
    found = sight_faces(picture, sure=0.01, folder=out)
    assert all(len(seen.points) == 5 for seen in found)
    points = find_landmarks(picture, Face(Box(20, 20, 80, 80), 1.0), folder=out)
    assert points.names == NAMES and points.xy_px.shape == (len(NAMES), 2)


def test_batches_and_previews(run: Path) -> None:
    assert list(run.glob("finder/previews/*.png")) and list(run.glob("landmarks/previews/*.png"))
    assert finder_of(run / "finder").config == FinderConfig()
    assert landmarks_of(run / "landmarks").config.names == NAMES


def test_what_cannot_be_trained_or_exported_is_said(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--size 65: expected a multiple of 32"):
        train_faces("finder", [run], tmp_path / "run", size=65)
    with pytest.raises(InputError, match=f"holds all of it: {run}"):
        export_any(run / "landmarks", tmp_path / "model")
    shutil.copytree(run / "landmarks", tmp_path / "half" / "landmarks")
    with pytest.raises(InputError, match=r"no finder yet.*deepmeme train faces finder"):
        export_any(tmp_path / "half", tmp_path / "model")
    with pytest.raises(InputError, match="no checkpoint"):
        export_any(tmp_path / "nothing", tmp_path / "model")


def truth() -> torch.Tensor:
    face = [30.0, 26.0, 24.0, 0.0, 1.0, 1.0, 26, 22, 34, 22, 30, 27, 27, 33, 33, 33]
    return torch.tensor([[face, [0.0] * 16]])


def maps_saying(faces: torch.Tensor, cells: int) -> torch.Tensor:
    """The maps of a finder that is right about the only face and sure of it."""
    maps = torch.zeros(1, CHANNELS, cells, cells)
    maps[:, 0] = -20.0
    x, y, side = faces[0, 0, :3].tolist()
    maps[0, 0, int(y // 4), int(x // 4)] = 20.0
    line = (torch.arange(cells) + 0.5) * 4
    cell = torch.stack(torch.meshgrid(line, line, indexing="xy"))
    maps[0, 1:3] = (torch.tensor([x, y]).view(2, 1, 1) - cell) / side
    maps[0, 3], maps[0, 4], maps[0, 5] = np.log(side / UNIT_PX), 0.0, 1.0
    maps[0, 6:] = (faces[0, 0, 6:].view(10, 1, 1) - cell.repeat(5, 1, 1)) / side
    return maps


def test_who_is_right_pays_nothing() -> None:
    faces = truth()
    maps = maps_saying(faces, 16)
    losses = finder_losses(Sightings(*maps.split((1, 2, 1, 2, 10), 1)), faces)
    assert sum(float(loss) for loss in losses.values()) < 1e-3
    wrong = maps.clone()
    wrong[0, 3] += 0.5
    assert float(finder_losses(Sightings(*wrong.split((1, 2, 1, 2, 10), 1)), faces)["side"]) > 0.5


class Told(FaceFinder):
    """Says the same whatever it is shown, at the size it was made for."""

    def __init__(self, maps: torch.Tensor) -> None:
        super().__init__(TINY)
        self.maps = maps

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        seen = torch.nn.functional.interpolate(frames[:, :1], scale_factor=0.25, mode="nearest")
        return self.maps[:, :, : seen.shape[2], : seen.shape[3]] + 0 * seen


def test_maps_are_read_as_they_are_written(tmp_path: Path) -> None:
    """A face of side 24 at (30, 26) of the searched picture is found there in the large one."""
    faces = truth()
    export(Told(maps_saying(faces, 160)), None, tmp_path)
    large = np.zeros((540, 960, 3), np.uint8)
    found = sight_faces(cv2.resize(large, (960, 540)), folder=tmp_path, finer=False)
    near = min(found, key=lambda seen: seen.face.box.area)  # the coarse look says the same
    np.testing.assert_allclose(near.face.box.centre, (60, 52), atol=0.3)
    assert near.face.box.width == pytest.approx(48, rel=0.01)
    assert near.face.angle_deg == pytest.approx(0, abs=0.1)
    wanted = 2 * faces[0, 0, 6:].view(5, 2).numpy()
    np.testing.assert_allclose(near.points, wanted, atol=0.5)

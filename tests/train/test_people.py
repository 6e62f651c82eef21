"""Masks and identities learn a few steps, and a run becomes a folder that works."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deepmeme.errors import InputError, WeightsError
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.identity import identity_vector, knows_people
from deepmeme.faces.mask import face_mask, knows_masks
from deepmeme.faces.shape import average_face
from deepmeme.losses.identity import cosine_margin, supervised_contrast
from deepmeme.models.faces.identity import FaceIdentity, IdentityConfig, oval_of
from deepmeme.train.courses import PEOPLE_COURSES
from deepmeme.train.export import export_any
from deepmeme.train.export_people import export, identity_of, mask_of
from deepmeme.train.people import train_identity, train_mask
from deepmeme.weights.catalogue import read_folder
from deepmeme.weights.folder import check_folder
from tests.data.face_squares import write_squares

NAMES = tuple(average_face())
XY = (np.array([average_face()[name][:2] for name in NAMES]) - (0, 0.15)) * (2 / 2.9)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    squares = write_squares(root / "squares")
    mask, identity = (
        replace(course, steps=3, batch_size=6, accelerator="cpu", precision="32-true")
        for course in PEOPLE_COURSES.values()
    )
    assert train_mask(squares, root / "run", mask, size=32).finished
    assert train_identity([squares], root / "run", identity, size=32).finished
    return root / "run"


def test_a_run_becomes_a_folder(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "people"
    export_any(run, out)
    facts = json.loads((out / "model.json").read_text())
    square = np.random.default_rng(0).integers(0, 255, (80, 80, 3)).astype(np.uint8)

    assert check_folder(out) == []
    assert facts["family"] == "people" and set(facts["stages"]) == {"mask", "identity"}
    assert read_folder(out).name == "people"
    assert knows_masks(out) and knows_people(out)
    found = face_mask(square, XY, NAMES, folder=out)
    assert found.shape == (80, 80) and found.dtype == np.uint8
    assert (found <= hull_mask(XY, NAMES, 80)).all()
    vector = identity_vector(square, folder=out)
    assert vector.shape == (64,) and vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)
    assert list(run.glob("mask/previews/*.png")) and list(run.glob("identity/previews/*.png"))


def test_the_network_says_the_same_when_shipped(run: Path, tmp_path: Path) -> None:
    export(mask_of(run / "mask"), identity_of(run / "identity"), tmp_path)
    square = np.random.default_rng(1).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    given = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        wanted = identity_of(run / "identity")(given)[0].numpy()

    np.testing.assert_allclose(identity_vector(square, folder=tmp_path), wanted, atol=2e-2)


def test_half_a_folder_serves_the_half(run: Path, tmp_path: Path) -> None:
    export(None, identity_of(run / "identity"), tmp_path)
    square = np.zeros((40, 40, 3), np.uint8)

    assert knows_people(tmp_path) and not knows_masks(tmp_path)
    assert np.array_equal(face_mask(square, XY, NAMES, folder=tmp_path), hull_mask(XY, NAMES, 40))


def test_what_cannot_be_done_is_said(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--size 40: expected a multiple of 16"):
        train_mask(tmp_path, tmp_path / "run", size=40)
    with pytest.raises(InputError, match=f"holds all of it: {run}"):
        export_any(run / "identity", tmp_path / "model")
    with pytest.raises(WeightsError, match="does not describe a model"):
        identity_vector(np.zeros((40, 40, 3), np.uint8), folder=tmp_path)
    with pytest.raises(InputError, match=r"square of RGB pixels; found \(40, 30, 3\)"):
        identity_vector(np.zeros((40, 30, 3), np.uint8), folder=tmp_path)


def test_brightness_and_surroundings_tell_nothing() -> None:
    torch.manual_seed(0)
    network = FaceIdentity(IdentityConfig(32)).eval()
    frames = 0.2 + 0.5 * torch.rand(1, 3, 32, 32)
    other = torch.where(oval_of(32) > 0, frames, torch.rand(1, 3, 32, 32))

    np.testing.assert_allclose(network.levelled(frames), network.levelled(other), atol=1e-5)
    darker = network.levelled(0.5 * frames + 0.1)
    np.testing.assert_allclose(network.levelled(frames), darker, rtol=0.07)


def test_who_is_right_pays_less() -> None:
    people = torch.tensor([0, 0, 1, 1])
    apart = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    mixed = apart[[0, 2, 1, 3]]

    for loss in (cosine_margin, supervised_contrast):
        assert float(loss(apart, people)) < 0.1 < 1 < float(loss(mixed, people))
    alone = supervised_contrast(apart, torch.arange(4))
    assert float(alone) == 0

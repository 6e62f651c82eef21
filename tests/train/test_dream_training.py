"""A VAE and a GAN learn drawn faces, say how they fare, and go on from smaller ones."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from deepmeme.cli.main import run
from deepmeme.data.arrays import write_record
from deepmeme.data.dream_faces import FacesShape, open_faces
from deepmeme.data.picture_set import open_pictures
from deepmeme.errors import InputError, WeightsError
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.traits import mirrored
from deepmeme.models.vae.config import VaeConfig
from deepmeme.runtime.dream import open_dream
from deepmeme.train.dream_training import begin_with, train_gan, train_vae
from deepmeme.train.export import export_any
from deepmeme.train.gan_task import COLLAPSED, GanTask
from deepmeme.train.options import FitOptions
from deepmeme.train.report import read_log
from deepmeme.train.trait_task import read_traits, reader_of, train_traits, trait_features
from deepmeme.train.vae_task import VaeTask, VaeWeights
from tests.train.swap_facesets import drawn_face

TINY = VaeConfig(32, latent=8, width=16, most=32)
TINY_GAN = GanConfig(32, latent=8, width=16, most=32, critic=16, critic_most=32)
OPTIONS = FitOptions(
    steps=60, batch_size=16, learning_rate=4e-3, beta1=0.9, warmup=5, average_decay=0.8,
    preview_every=30, log_every=10,
)  # fmt: skip


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "faces"
    (folder / "below").mkdir(parents=True)
    rng = np.random.default_rng(2)
    for number in range(120):
        colour = tuple(int(v) for v in rng.integers(60, 230, 3))
        face = cv2.resize(drawn_face(colour, rng.random(), rng.normal() * 0.3), (48, 40))
        Image.fromarray(face).save(folder / ("below" if number % 2 else "") / f"{number}.png")
    return folder


def test_pictures_come_from_any_folder(faces: Path, tmp_path: Path) -> None:
    found = open_pictures(faces, 32)
    assert found.shape == (120, 32, 32, 3) and found.std() > 10
    with pytest.raises(InputError, match="is no folder"):
        open_pictures(tmp_path / "nothing", 32)
    with pytest.raises(InputError, match="holds 0 pictures"):
        open_pictures(tmp_path, 32)


def test_a_vae_learns_faces_and_says_what_codes_cost(faces: Path, tmp_path: Path) -> None:
    weights = VaeWeights(warmup=10)
    train_vae(faces, tmp_path, replace(OPTIONS, steps=150), config=TINY, weights=weights)
    lines = read_log(tmp_path)
    assert lines[-1]["losses"]["l1"] < 0.6 * lines[0]["losses"]["l1"]
    assert lines[-1]["notes"]["numbers in use"] >= 3
    page = (tmp_path / "index.html").read_text()
    assert "nats of a code" in page
    task = VaeTask(open_pictures(faces, 32), TINY)
    assert begin_with(tmp_path, task.players) == len(task.network.state_dict())
    with torch.no_grad():
        seen = task.feed.of(np.arange(40), torch.device("cpu"))
        again = task.network.eval().decode(task.network.encode(seen).mean)
    own = (again - seen).abs().mean()
    assert own < 0.7 * (again - seen.flip(0)).abs().mean()


def test_an_autoencoder_has_no_chance_in_it(faces: Path, tmp_path: Path) -> None:
    config = replace(TINY, variational=False)
    train_vae(faces, tmp_path, replace(OPTIONS, steps=2), config=config)
    assert "code" not in read_log(tmp_path)[-1]["losses"]


def test_a_gan_learns_and_is_judged(faces: Path, tmp_path: Path) -> None:
    options = replace(OPTIONS, learning_rate=1e-3, beta1=0.0, steps=30)
    train_gan(faces, tmp_path / "small", options, config=TINY_GAN)
    last = read_log(tmp_path / "small")[-1]
    assert set(last["losses"]) >= {"fooling", "critic"}
    notes = last["notes"]
    assert set(notes) == {"score of real", "score of made", "distance", "precision", "recall"} or (
        set(notes) == {"score of real", "score of made"}
    )
    larger = replace(TINY_GAN, resolution=64, width=8, critic=8)
    task = GanTask(open_pictures(faces, 64), larger)
    before = {k: v.clone() for k, v in task.painter.state_dict().items()}
    taken = begin_with(tmp_path / "small", task.players)
    moved = [k for k, v in task.painter.state_dict().items() if not torch.equal(v, before[k])]
    assert taken > 20 and any(k.startswith("painter.tuned.0") for k in moved)
    with pytest.raises(WeightsError, match="no checkpoint"):
        begin_with(tmp_path / "none", task.players)


def test_a_painter_of_one_face_is_told(faces: Path, caplog: pytest.LogCaptureFixture) -> None:
    task = GanTask(open_pictures(faces, 32), TINY_GAN)
    task._best_recall = 0.5
    with torch.no_grad():
        for layer in task.painter.mapping.layers:
            layer.weight.zero_()
    task.preview(torch.device("cpu"))
    assert task.judgement["recall"] < COLLAPSED
    assert "have become alike" in caplog.text


def test_the_commands(faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("vae", "gan"):
        words = f"train {kind} --data {faces} -o {tmp_path / kind} --size 32 --steps 1 --latent 8"
        assert run([*words.split(), "--batch-size", "2", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["finished"]
        export_any(tmp_path / kind, tmp_path / f"{kind}-model")
        model = open_dream(tmp_path / f"{kind}-model")
        assert model.paint(model.codes(1, 0)).shape == (1, 32, 32, 3)
    assert (
        run(["train", "vae", "--data", str(faces), "-o", str(tmp_path / "x"), "--size", "50"]) == 2
    )
    assert "choose from 32, 64, 128, 256" in capsys.readouterr().err


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces whose brightness is labelled, and a label that has nothing to do with them."""
    folder = tmp_path_factory.mktemp("labelled") / "grey"
    folder.mkdir()
    rng = np.random.default_rng(5)
    labels = rng.uniform(0, 1, (160, 2)).astype(np.float32)
    pictures = np.broadcast_to(labels[:, :1, None, None] * 200 + 20, (160, 32, 32, 3))
    shape = FacesShape(160, 160, 1, 32, ("light", "luck"), "grey")
    np.save(folder / "pictures.npy", pictures.astype(np.uint8))
    np.save(folder / "labels.npy", labels)
    write_record(folder / "faces.json", shape)
    return folder


def test_a_vae_ships_with_the_traits_that_its_codes_tell(grey: Path, tmp_path: Path) -> None:
    train_vae(grey, tmp_path / "run", replace(OPTIONS, steps=40), config=TINY)
    export_any(tmp_path / "run", tmp_path / "model", [grey])
    model = open_dream(tmp_path / "model")
    assert model.traits is not None and model.traits.names == ("light",)
    faces = open_faces(grey)
    codes = model.encode(np.asarray(faces.pictures[:60]))
    assert np.corrcoef(model.read(codes)["light"], faces.labels[:60, 0])[0, 1] > 0.9
    middle = codes.mean(0, keepdims=True)
    dark, bright = (model.paint(model.edited(middle, {"light": step})).mean() for step in (-1, 1))
    assert bright > dark + 20
    drawn, seen = model.codes(300, 1), model.encode(np.asarray(faces.pictures))
    np.testing.assert_allclose(drawn.mean(0), seen.mean(0), atol=0.3)
    assert np.abs(np.cov(drawn.T) - np.cov(seen.T)).max() < np.abs(np.cov(seen.T)).max() + 0.5


def test_a_reader_learns_traits_and_tells_a_gan_which_are_its_own(
    grey: Path, tmp_path: Path
) -> None:
    options = replace(OPTIONS, steps=60, learning_rate=2e-3)
    train_traits(grey, tmp_path / "reader", options, half=1)
    reader, names, half = reader_of(tmp_path / "reader")
    assert names == ("light", "luck") and half == 1
    faces = open_faces(grey)
    others = faces.person % 2 == 0
    read = read_traits(reader, np.asarray(faces.pictures[others]))
    assert np.corrcoef(read[:, 0], faces.labels[others, 0])[0, 1] > 0.9
    assert trait_features(reader, np.asarray(faces.pictures[:5])).shape == (5, 192)
    train_vae(grey, tmp_path / "vae", replace(OPTIONS, steps=40), config=TINY)
    gan = replace(OPTIONS, steps=2, learning_rate=1e-6)
    train_gan(grey, tmp_path / "gan", gan, config=TINY_GAN, start=tmp_path / "vae")
    with pytest.raises(InputError, match="guided by that VAE"):
        train_gan(grey, tmp_path / "gan", replace(gan, steps=3), config=TINY_GAN)
    export_any(tmp_path / "gan", tmp_path / "model", [grey], reader=tmp_path / "reader")
    model = open_dream(tmp_path / "model")
    assert model.traits is not None and model.traits.names == ("light",)  # nobody reads luck
    codes = model.codes(200, 3)
    seen = read_traits(reader, model.paint(codes))[:, 0]
    assert np.corrcoef(model.read(codes)["light"], seen)[0, 1] > 0.5
    with pytest.raises(WeightsError, match="no reader of traits"):
        reader_of(tmp_path / "gan")


def test_a_mirrored_face_looks_the_other_way() -> None:
    turned = mirrored(torch.tensor([[3.0, 2.0, 1.0]]), ("yaw", "smile", "gaze"))
    assert turned.tolist() == [[-3.0, 2.0, -1.0]]

"""Faces from codes: the same for a seed, walked between, edited, looked up, kept."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from deepmeme.errors import InputError, WeightsError
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.pipelines.dream import grid, open_codes, sample, save_codes, walk
from deepmeme.runtime.dream import DreamModel, Traits, between, open_dream
from deepmeme.train.export_dream import export_dream

VAE = VaeConfig(32, latent=8, width=16, most=32)
GAN = GanConfig(32, latent=8, width=16, most=32, critic=16, critic_most=32)
READINGS = np.eye(3, 8, dtype=np.float32) * 2
TRAITS = Traits(
    ("smile", "yaw", "age"), np.eye(3, 8, dtype=np.float32) / 2, READINGS, np.zeros(3, np.float32)
)


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> DreamModel:
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("models") / "vae"
    export_dream({"vae": Vae(VAE).state_dict()}, {"config": asdict(VAE)}, folder, TRAITS)
    return open_dream(folder)


@pytest.fixture(scope="module")
def gan(tmp_path_factory: pytest.TempPathFactory) -> DreamModel:
    torch.manual_seed(2)
    folder = tmp_path_factory.mktemp("models") / "gan"
    export_dream({"painter": Generator(GAN).state_dict()}, {"config": asdict(GAN)}, folder)
    return open_dream(folder)


def test_the_nth_face_of_a_seed_is_always_the_same(vae: DreamModel, gan: DreamModel) -> None:
    for model in (vae, gan):
        few, many = sample(model, 2, seed=7), sample(model, 5, seed=7)
        np.testing.assert_array_equal(few, many[:2])
        pictures = model.paint(many)
        assert pictures.shape == (5, 32, 32, 3) and pictures.dtype == np.uint8
        np.testing.assert_array_equal(pictures[:2], model.paint(few))
        assert not np.array_equal(sample(model, 1, seed=8), few[:1])
        with pytest.raises(InputError, match="1 to 4096"):
            sample(model, 0)


def test_a_fast_vae_paints_and_looks_up_as_torch_does(vae: DreamModel) -> None:
    torch.manual_seed(1)
    network = Vae(VAE).eval()
    codes = sample(vae, 2, seed=3)
    with torch.no_grad():
        wanted = network.decode(torch.from_numpy(codes)).permute(0, 2, 3, 1).numpy() * 255
        np.testing.assert_allclose(vae.paint(codes), wanted, atol=2)
        seen = np.asarray(np.rint(wanted), np.uint8)
        tensor = torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 255
        found = network.encode(tensor).mean.numpy()
    np.testing.assert_allclose(vae.encode(seen), found, atol=0.02)


def test_traits_move_what_they_name_and_nothing_else(vae: DreamModel, gan: DreamModel) -> None:
    codes = sample(vae, 3, seed=1)
    before, after = vae.read(codes), vae.read(vae.edited(codes, {"smile": 2, "age": -1}))
    np.testing.assert_allclose(after["smile"] - before["smile"], 2, atol=1e-5)
    np.testing.assert_allclose(after["age"] - before["age"], -1, atol=1e-5)
    np.testing.assert_allclose(after["yaw"], before["yaw"], atol=1e-5)
    with pytest.raises(InputError, match="knows no 'nose'; it knows smile, yaw, age"):
        vae.edited(codes, {"nose": 1})
    with pytest.raises(InputError, match="beyond all faces"):
        vae.edited(codes, {"smile": 40})
    with pytest.raises(InputError, match="has no encoder"):
        gan.encode(np.zeros((1, 32, 32, 3), np.uint8))
    assert gan.read(sample(gan, 1)) == {}


def test_a_walk_begins_and_turns_at_its_faces(vae: DreamModel) -> None:
    stops = sample(vae, 3, seed=2)
    film = walk(vae, stops, seconds=0.4, loop=True)
    frames = list(film.frames_from(0))
    assert len(frames) == film.num_frames == 30
    for leg, stop in enumerate(stops):
        np.testing.assert_array_equal(frames[10 * leg], vae.paint(stop[None])[0])
    np.testing.assert_array_equal(next(film.frames_from(17)), frames[17])
    with pytest.raises(InputError, match="two faces"):
        walk(vae, stops[:1])


def test_between_keeps_the_length_of_gaussian_codes() -> None:
    rng = np.random.default_rng(0)
    start, end = rng.standard_normal((2, 96)).astype(np.float32)
    lengths = np.linalg.norm(
        between(start, end, np.linspace(0, 1, 9).tolist(), round_=True), axis=1
    )
    assert lengths.min() > 0.97 * min(np.linalg.norm(start), np.linalg.norm(end))
    straight = between(start, end, [0.5], round_=False)
    np.testing.assert_allclose(straight[0], (start + end) / 2, rtol=1e-5)
    np.testing.assert_allclose(between(start, start, [0.5], round_=True)[0], start, rtol=1e-5)


def test_codes_are_kept_and_know_their_model(
    vae: DreamModel, gan: DreamModel, tmp_path: Path
) -> None:
    codes = sample(vae, 2)
    file = save_codes(codes, vae, tmp_path / "two.npz")
    np.testing.assert_array_equal(open_codes(file, vae), codes)
    with pytest.raises(InputError, match="codes of vae, not of gan"):
        open_codes(file, gan)
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="holds no codes"):
        open_codes(tmp_path / "bad.npz", vae)
    with pytest.raises(InputError, match=r"kept as \.npz"):
        save_codes(codes, vae, tmp_path / "two.png")
    with pytest.raises(InputError, match="mean nothing to another"):
        vae.paint(np.zeros((1, 5), np.float32))
    with pytest.raises(InputError, match=r"no model\.json"):
        open_dream(tmp_path)


def test_a_grid_is_as_square_as_can_be() -> None:
    pictures = [np.full((4, 4, 3), 10 * i, np.uint8) for i in range(5)]
    sheet = grid(pictures)
    assert sheet.shape == (12, 8, 3)
    assert sheet[0, 0, 0] == 0 and sheet[0, 4, 0] == 10 and sheet[8, 0, 0] == 40
    assert sheet[8, 4, 0] == 255


def test_another_family_is_refused(vae: DreamModel, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"format": 1, "family": "swap", "stages": {}}')
    with pytest.raises(WeightsError, match="needs a vae or a gan"):
        open_dream(tmp_path)

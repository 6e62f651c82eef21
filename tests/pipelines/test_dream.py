"""Faces from codes: the same for a seed, walked between, edited, looked up, kept."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from deepmeme.errors import InputError, OutputError, WeightsError
from deepmeme.media.image import read_image
from deepmeme.media.montage import tiled
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.pipelines.codes import joined, open_codes
from deepmeme.pipelines.dream import Dream, load_dream
from deepmeme.provenance.record import COMPOSITE, WHOLLY_DREAMT
from deepmeme.provenance.verify import verify
from deepmeme.runtime.dream import Traits, between
from deepmeme.train.export_dream import export_dream

VAE = VaeConfig(32, latent=8, width=16, most=32)
GAN = GanConfig(32, latent=8, width=16, most=32, critic=16, critic_most=32)
READINGS = np.eye(3, 8, dtype=np.float32) * 2
TRAITS = Traits(
    ("smile", "yaw", "age"), np.eye(3, 8, dtype=np.float32) / 2, READINGS, np.zeros(3, np.float32)
)


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Dream:
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("models") / "vae"
    export_dream({"vae": Vae(VAE).state_dict()}, {"config": asdict(VAE)}, folder, TRAITS)
    return load_dream(folder)


@pytest.fixture(scope="module")
def gan(tmp_path_factory: pytest.TempPathFactory) -> Dream:
    torch.manual_seed(2)
    folder = tmp_path_factory.mktemp("models") / "gan"
    export_dream({"painter": Generator(GAN).state_dict()}, {"config": asdict(GAN)}, folder)
    return load_dream(folder)


def test_the_nth_face_of_a_seed_is_always_the_same(vae: Dream, gan: Dream) -> None:
    for dream in (vae, gan):
        few, many = dream.sample(2, seed=7), dream.sample(5, seed=7)
        np.testing.assert_array_equal(few.values, many[:2].values)
        np.testing.assert_array_equal(many[-1].values, many.values[4:])
        pictures = dream.paint(many)
        assert pictures.shape == (5, 32, 32, 3) and pictures.dtype == np.uint8
        np.testing.assert_array_equal(pictures[:2], dream.paint(few))
        assert not np.array_equal(dream.sample(1, seed=8).values, few.values[:1])
        with pytest.raises(InputError, match="1 to 4096"):
            dream.sample(0)


def test_variety_is_the_way_from_the_middle(vae: Dream, gan: Dream) -> None:
    for dream in (vae, gan):
        full, half, none = (dream.sample(40, seed=1, variety=v).values for v in (1.0, 0.5, 0.0))
        np.testing.assert_allclose(half - none, (full - none) / 2, atol=1e-5)
        np.testing.assert_allclose(none, none[:1].repeat(40, 0), atol=1e-6)
        np.testing.assert_allclose(none[0], full.mean(0), atol=0.6)
        with pytest.raises(InputError, match="0 to 2"):
            dream.sample(1, variety=3)


def test_a_fast_vae_paints_and_looks_up_as_torch_does(vae: Dream) -> None:
    torch.manual_seed(1)
    network = Vae(VAE).eval()
    codes = vae.sample(2, seed=3)
    with torch.no_grad():
        painted = network.decode(torch.from_numpy(codes.values))
        wanted = painted.permute(0, 2, 3, 1).numpy() * 255
        np.testing.assert_allclose(vae.paint(codes), wanted, atol=2)
        seen = np.asarray(np.rint(wanted), np.uint8)
        tensor = torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 255
        found = network.encode(tensor).mean.numpy()
    np.testing.assert_allclose(vae.model.encode(seen), found, atol=0.02)


def test_traits_move_what_they_name_and_nothing_else(vae: Dream, gan: Dream) -> None:
    codes = vae.sample(3, seed=1)
    before, after = vae.attributes(codes), vae.attributes(vae.edit(codes, smile=2, age=-1))
    np.testing.assert_allclose(after["smile"] - before["smile"], 2, atol=1e-5)
    np.testing.assert_allclose(after["age"] - before["age"], -1, atol=1e-5)
    np.testing.assert_allclose(after["yaw"], before["yaw"], atol=1e-5)
    with pytest.raises(InputError, match="knows no 'nose'; it knows smile, yaw, age"):
        vae.edit(codes, nose=1)
    with pytest.raises(InputError, match="beyond all faces"):
        vae.edit(codes, smile=40)
    with pytest.raises(InputError, match="has no encoder"):
        gan.model.encode(np.zeros((1, 32, 32, 3), np.uint8))
    assert gan.attributes(gan.sample(1)) == {} and gan.traits == ()


def test_a_walk_begins_and_turns_at_its_faces(vae: Dream) -> None:
    stops = vae.sample(3, seed=2)
    film = vae.interpolate(stops, seconds=0.4, loop=True)
    frames = list(film.frames_from(0))
    assert len(frames) == film.num_frames == 30
    for leg, stop in enumerate(vae.paint(stops)):
        np.testing.assert_array_equal(frames[10 * leg], stop)
    np.testing.assert_array_equal(next(film.frames_from(17)), frames[17])
    with pytest.raises(InputError, match="two faces"):
        vae.interpolate(stops[0])
    with pytest.raises(InputError, match=r"0\.1 to 600"):
        vae.morph(stops[0], stops[1], seconds=0)


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


def test_codes_are_kept_and_know_their_model(vae: Dream, gan: Dream, tmp_path: Path) -> None:
    codes = vae.sample(2)
    again = open_codes(codes.save(tmp_path / "two.npz"))
    np.testing.assert_array_equal(again.values, codes.values)
    np.testing.assert_array_equal(vae.paint(again), vae.paint(codes))
    with pytest.raises(InputError, match="codes of vae, not of gan"):
        gan.paint(again)
    with pytest.raises(InputError, match="cannot be mixed"):
        joined([again, gan.sample(1)])
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="holds no codes"):
        open_codes(tmp_path / "bad.npz")
    np.savez(tmp_path / "evil.npz", codes=np.array([{}], object), model="", sha256="", origin="[]")
    with pytest.raises(InputError, match="holds no codes"):
        open_codes(tmp_path / "evil.npz")
    with pytest.raises(InputError, match=r"kept as \.npz"):
        codes.save(tmp_path / "two.png")
    with pytest.raises(InputError, match=r"no model\.json"):
        load_dream(tmp_path)


def test_saved_faces_are_marked_and_say_whether_a_picture_was_in_them(
    vae: Dream, tmp_path: Path
) -> None:
    codes = vae.sample(5, seed=3)
    saved = vae.save(codes, tmp_path / "sheet.png")
    assert saved.bytes == saved.path.stat().st_size
    assert read_image(saved.path).shape == (96, 64, 3)
    assert verify(saved.path).exit_code == 0
    assert vae.record("sample", codes, {}).digital_source_type == WHOLLY_DREAMT
    vae.save(codes, tmp_path / "each")
    assert len(list((tmp_path / "each").glob("face-*.png"))) == 5
    with pytest.raises(OutputError, match="no picture format"):
        vae.save(codes, tmp_path / "sheet.txt")
    picture = tmp_path / "each" / "face-0000.png"
    seen = Dream.looked_up(vae, picture, codes[0].values)
    assert vae.record("edit", vae.edit(seen, smile=1), {}).digital_source_type == COMPOSITE
    kept = open_codes(seen.save(tmp_path / "seen.npz"))
    assert [file.name for file in kept.origin] == ["face-0000.png"]
    assert vae.record("morph", joined([codes, kept]), {}).digital_source_type == COMPOSITE


def test_pictures_are_tiled_as_square_as_can_be() -> None:
    sheet = tiled([np.full((4, 4, 3), 10 * i, np.uint8) for i in range(5)])
    assert sheet.shape == (12, 8, 3)
    assert sheet[0, 0, 0] == 0 and sheet[0, 4, 0] == 10 and sheet[8, 0, 0] == 40
    assert sheet[8, 4, 0] == 255
    pair = tiled([np.zeros((4, 4, 3), np.uint8)] * 2, together=2)
    assert pair.shape == (4, 8, 3)
    assert tiled([np.zeros((4, 4, 3), np.uint8)] * 6, together=2).shape == (12, 8, 3)


def test_another_family_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"format": 1, "family": "swap", "stages": {}}')
    with pytest.raises(WeightsError, match="needs a vae or a gan"):
        load_dream(tmp_path)

"""``deepmeme faces`` from the outside: files, pipes, what is said and what is refused."""

import io
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from deepmeme.cli.main import run
from deepmeme.data.dream_faces import LABELS
from deepmeme.media.image import read_image
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.pipelines.codes import open_codes
from deepmeme.pipelines.demo import asset
from deepmeme.pipelines.dream import load_dream
from deepmeme.provenance.verify import verify
from deepmeme.runtime.dream import Traits
from deepmeme.runtime.trait_names import TRAITS
from deepmeme.train.code_search import search_code
from deepmeme.train.export_dream import export_dream

VAE = VaeConfig(32, latent=8, width=16, most=32)
GAN = GanConfig(32, latent=8, width=16, most=32, critic=16, critic_most=32)
KNOWN = Traits(
    ("smile", "yaw"), np.eye(2, 8, dtype=np.float32), np.eye(2, 8, dtype=np.float32),
    np.zeros(2, np.float32),
)  # fmt: skip


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("models") / "vae"
    return export_dream({"vae": Vae(VAE).state_dict()}, {"config": asdict(VAE)}, folder, KNOWN)


@pytest.fixture(scope="module")
def gan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(2)
    folder = tmp_path_factory.mktemp("models") / "gan"
    return export_dream({"painter": Generator(GAN).state_dict()}, {"config": asdict(GAN)}, folder)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert run([*words.split(), "--json"]) == code
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_sheet_a_folder_and_codes(
    vae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = said(f"faces sample -n 9 --seed 7 -m {vae} --codes nine.npz", capsys)
    assert facts["faces"] == 9 and Path(str(facts["output"])).name == "faces.png"
    assert read_image(tmp_path / "faces.png").shape == (96, 96, 3)
    assert verify(tmp_path / "faces.png").exit_code == 0
    assert Path(str(said(f"faces sample -m {vae}", capsys)["output"])).name == "faces-2.png"
    said(f"faces sample -n 3 -m {vae} -o each", capsys)
    assert len(list((tmp_path / "each").iterdir())) == 3
    refused = said(f"faces sample -m {vae} -o faces.png", capsys, code=2)
    assert "-y" in str(refused["error"])
    first = load_dream(vae).sample(9, seed=7, variety=0.8)
    np.testing.assert_array_equal(open_codes(tmp_path / "nine.npz").values, first.values)


def test_edits_walks_and_morphs(
    vae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(f"faces sample -n 3 -m {vae} --codes three.npz", capsys)
    told = said(
        f"faces edit three.npz -m {vae} --smile +2 --yaw -1 --compare --codes e.npz", capsys
    )
    assert read_image(Path(str(told["output"]))).size == 6 * 32 * 32 * 3
    moved = open_codes(tmp_path / "e.npz").values - open_codes(tmp_path / "three.npz").values
    np.testing.assert_allclose(moved[:, :2], [[2, -1]] * 3, atol=1e-6)
    assert said(f"faces edit -m {vae} --seed 3 --smile 1 -o e.gif", capsys)["frames"] == 76
    assert said(f"faces interpolate three.npz -m {vae} --seconds 0.4", capsys)["frames"] == 20
    film = said(f"faces interpolate -n 3 -m {vae} --seconds 0.2 --loop -o w.mp4", capsys)
    assert film["frames"] == 15
    assert said(f"faces morph three.npz e.npz -m {vae} --seconds 0.2", capsys)["frames"] == 25
    for words, error in (
        (f"faces edit -m {vae}", "Say what to change"),
        (f"faces edit -m {vae} --age 1", "knows no 'age'; it knows smile, yaw"),
        (f"faces morph three.npz -m {vae}", "two faces at least"),
        ("faces sample -m nothing", "no model"),
        (f"faces edit missing.npz -m {vae} --smile 1", "missing.npz"),
    ):
        assert error in str(said(words, capsys, code=2)["error"])


def test_every_trait_has_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    run(["faces", "edit", "--help"])
    shown = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')}" in shown for name in TRAITS)
    assert tuple(TRAITS) == LABELS


def test_a_picture_is_looked_up_with_consent(
    vae: Path, gan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("DEEPMEME_CONSENT", raising=False)
    Image.fromarray(read_image(asset("painting.png"))).save(tmp_path / "me.jpg")
    asked = said(f"faces encode me.jpg -m {vae}", capsys, code=2)
    assert "--i-have-consent" in str(asked["error"]) and not (tmp_path / "me.npz").exists()
    told = said(f"faces encode me.jpg -m {vae} --show seen.png --i-have-consent", capsys)
    assert Path(str(told["codes"])).name == "me.npz"
    assert read_image(tmp_path / "seen.png").shape == (32, 32, 3)
    assert [file.name for file in open_codes(tmp_path / "me.npz").origin] == ["me.jpg"]
    traits = said(f"faces attributes me.npz -m {vae}", capsys)
    assert set(traits["face"]) == {"smile", "yaw"}  # type: ignore[call-overload]
    refused = said(f"faces encode me.jpg -m {gan} --i-have-consent", capsys, code=2)
    assert "--search" in str(refused["error"])
    said(f"faces encode me.jpg -m {gan} --search --steps 3 -o g.npz --i-have-consent", capsys)
    assert open_codes(tmp_path / "g.npz").model == "gan"
    (tmp_path / "grey.png").write_bytes((tmp_path / "seen.png").read_bytes())
    Image.new("RGB", (64, 64), (90, 90, 90)).save(tmp_path / "grey.png")
    assert "no face" in str(said(f"faces encode grey.png -m {vae}", capsys, code=2)["error"])


def test_a_search_comes_near(gan: Path) -> None:
    dream = load_dream(gan)
    wanted = dream.paint(dream.sample(1, seed=5))[0]
    losses: list[float] = []
    found = search_code(
        dream.model, wanted, steps=60, on_step=lambda step, loss: losses.append(loss)
    )
    assert losses[-1] < 0.5 * losses[0]
    np.testing.assert_array_equal(found, search_code(dream.model, wanted, steps=60))


def test_a_face_goes_through_a_pipe(vae: Path, tmp_path: Path) -> None:
    ours = os.environ | {"PYTHONWARNINGS": "error::DeprecationWarning:deepmeme"}
    made = subprocess.run(
        [sys.executable, "-m", "deepmeme.cli.main", *f"faces sample --seed 3 -m {vae}".split()],
        capture_output=True, check=True, env=ours,
    ).stdout  # fmt: skip
    assert Image.open(io.BytesIO(made)).size == (32, 32)
    painting = asset("painting.png").read_bytes()
    words = f"animate - {asset('driver.mp4')} -o out.mp4 --end 0.3 --json"
    done = subprocess.run(
        [sys.executable, "-m", "deepmeme.cli.main", *words.split()],
        input=painting, capture_output=True, check=False, env=ours,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert verify(tmp_path / "out.mp4").exit_code == 0
    nothing = subprocess.run(
        [sys.executable, "-m", "deepmeme.cli.main", *words.split()],
        input=b"", capture_output=True, check=False, env=ours,
    )  # fmt: skip
    assert nothing.returncode == 2 and b"Nothing came through the pipe" in nothing.stdout

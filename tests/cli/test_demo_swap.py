"""``deepmeme demo swap`` goes from two videos to a swapped one, and shows the latent space."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from deepmeme.cli import demo_swap as demo
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.models.swap.config import SwapConfig
from deepmeme.pipelines.animate import animate
from deepmeme.pipelines.demo import DRIVER, asset
from deepmeme.train import swap_training

TINY = SwapConfig("quick", 32, code=16, encoder=16, decoder=16, style=8)


def test_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The two people are filmed beforehand, as if the demo had been stopped after that."""
    monkeypatch.setattr(swap_training, "preset", lambda *_: TINY)
    monkeypatch.setattr(swap_training, "BASIS", Path("nowhere"))
    folder = tmp_path / "demo"
    folder.mkdir()
    driver = tmp_path / "short"
    animate(asset("painting.png"), asset(DRIVER), driver, crop="none", crop_driving="none",
            anchor="0", start="0.4", end="0.9", audio="none")  # fmt: skip
    for name in demo.PEOPLE:
        shutil.copytree(driver, folder / f"{name}.mp4")
    demo.demo_swap(folder, steps=2, as_json=True)
    told = json.loads(capsys.readouterr().out)
    result = open_clip(Path(told["result"]))
    assert result.width > result.height  # the original beside it
    shown = read_image(Path(told["latent"]))
    assert shown.shape == (900, 900, 3) and np.ptp(shown) > 100

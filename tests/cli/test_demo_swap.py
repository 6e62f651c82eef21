"""``deepmeme demo swap`` goes from two videos to a swapped one, and shows the latent space."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepmeme.cli import demo_swap as demo
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.models.swap.config import SwapConfig
from deepmeme.train import swap_training

TINY = SwapConfig("quick", 32, code=16, encoder=16, decoder=16, style=8)


def test_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both ways, the original beside each, and the place of every face in latent space."""
    monkeypatch.setattr(swap_training, "preset", lambda *_: TINY)
    monkeypatch.setattr(swap_training, "BASIS", Path("nowhere"))
    demo.demo_swap(tmp_path / "demo", steps=2, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert len(told["results"]) == 2
    for result in told["results"]:
        film = open_clip(Path(result))
        assert film.width > film.height
    shown = read_image(Path(told["latent"]))
    assert shown.shape == (900, 900, 3) and np.ptp(shown) > 100

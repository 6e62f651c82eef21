"""Judging dreamt faces: real ones come off best, copies are found out, traits are told apart."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from deepmeme.evaluation.dream import Likener, score_traits
from deepmeme.models.traits import TraitReader
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.runtime.dream import Traits, open_dream
from deepmeme.train.export_dream import export_dream

CONFIG = VaeConfig(32, latent=8, width=16, most=32)


def clouds(rng: np.random.Generator, count: int) -> np.ndarray:
    """(n, 32, 32, 3) pictures that differ in two ways."""
    tone, side = rng.uniform(60, 200, (count, 1, 1, 3)), rng.uniform(-40, 40, (count, 1, 1, 1))
    slope = np.linspace(-1, 1, 32)[None, None, :, None]
    noise = rng.normal(0, 3, (count, 32, 32, 3))
    return np.clip(tone + side * slope + noise, 0, 255).astype(np.uint8)


def test_real_pictures_score_best_and_copies_are_seen() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(3)
    real, learnt, fresh = clouds(rng, 120), clouds(rng, 120), clouds(rng, 120)
    likener = Likener(real, learnt, TraitReader(2).eval())
    good, grey = likener.score(fresh), likener.score(np.full_like(fresh, 128))
    assert good.distance < 0.2 * grey.distance and good.semantic < grey.semantic
    assert good.recall > 0.5 > grey.recall and good.precision > 0.5
    assert good.copies > 0.7
    copies = likener.score(learnt[:60])
    assert copies.copies < 0.01 and copies.nearest < 0.01
    assert likener.most_alike(learnt[5:9]).tolist() == [5, 6, 7, 8]


def test_a_step_is_judged_by_what_a_reader_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    way = np.zeros((1, 8), np.float32)
    way[0, 0] = 1.0
    traits = Traits(("light",), way, way, np.zeros(1, np.float32))
    export_dream(
        {"vae": Vae(CONFIG).state_dict()}, {"config": asdict(CONFIG)}, tmp_path / "m", traits
    )
    model = open_dream(tmp_path / "m")

    def read(reader: object, pictures: np.ndarray) -> np.ndarray:
        light = pictures.mean((1, 2, 3))
        return np.stack([light, 0 * light + 4, -light / 10], 1)

    monkeypatch.setattr("deepmeme.evaluation.dream.read_traits", read)
    names = ("light", "luck", "dark")
    scores, _ = score_traits(model, TraitReader(3), names, count=6)
    (score,) = scores
    codes = model.codes(6, 11, variety=0.8)
    up, down = (model.paint(model.edited(codes, {"light": s})).mean() for s in (1.5, -1.5))
    assert score.name == "light" and score.effect == pytest.approx((up - down) / 3, rel=1e-6)
    assert score.worst == "dark" and score.worst_leak == pytest.approx(abs(score.effect) / 10)
    assert score.leak == pytest.approx(abs(score.effect) / 20)

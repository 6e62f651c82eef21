"""Runs end by themselves when the losses stand still, whether or not they were stopped between."""

import json

import numpy as np

from deepmeme.train.plateau import Plateau


def ends_at(losses: list[float], patience: int, cut: int | None = None) -> int | None:
    plateau = Plateau(patience)
    for step, loss in enumerate(losses, 1):
        plateau.note(step, loss)
        if step == cut:
            facts = json.loads(json.dumps(plateau.facts()))
            plateau = Plateau(patience)
            plateau.restore(facts)
        if plateau.reached(step):
            return step
    return None


def test_it_waits_while_losses_fall_and_ends_when_they_stand() -> None:
    rng = np.random.default_rng(0)
    falling = [float(np.exp(-i / 100) + 0.01 * rng.random()) for i in range(300)]
    standing = [0.06 + 0.001 * float(rng.random()) for _ in range(400)]
    found = ends_at(falling + standing, patience=100)
    assert found is not None and 330 < found < 480
    assert ends_at(falling, patience=100) is None
    assert ends_at(falling + standing, patience=0) is None
    for cut in (1, 50, 299, 350):
        assert ends_at(falling + standing, patience=100, cut=cut) == found


def test_one_lucky_step_is_no_progress() -> None:
    losses = [1.0] * 150
    losses[120] = 0.1
    assert ends_at(losses, patience=100) == 110

"""Peaks lie where faces are, and the losses are what the papers' formulas say."""

import math

import pytest
import torch

from deepmeme.losses.detection import answer_distance, peak_entropy, taken, wanted_maps


def row(x: float, y: float, side: float, weight: float = 1.0) -> list[float]:
    return [x, y, side, 0.0, 1.0, weight, 7.0]


def test_a_peak_is_a_gaussian_with_its_top_in_the_own_cell() -> None:
    faces = torch.tensor([[row(18.0, 30.0, 40.0), row(0, 0, 0, 0)]])
    wanted = wanted_maps(faces, (16, 16), 4)
    assert wanted.peaks[0, 0, 7, 4] == 1
    assert (wanted.peaks == 1).sum() == 1
    # One cell to the right of its own: 1.0 cells from the middle (18, 30) / 4 = (4.5, 7.5)
    spread = 0.11 * 10
    assert wanted.peaks[0, 0, 7, 5] == pytest.approx(math.exp(-0.5 / spread**2), abs=1e-5)
    assert wanted.answers.sum() == pytest.approx(1.0, abs=1e-5)
    assert (wanted.counts == 1).all()


def test_faces_that_do_not_count_leave_their_place_undecided() -> None:
    wanted = wanted_maps(torch.tensor([[row(32.0, 32.0, 20.0, 0.0)]]), (16, 16), 4)
    assert wanted.peaks.max() == 0 and wanted.answers.sum() == 0
    assert wanted.counts[0, 0, 8, 8] == 0 and wanted.counts[0, 0, 0, 0] == 1


def test_no_face_is_no_target() -> None:
    wanted = wanted_maps(torch.zeros(2, 3, 7), (8, 8), 4)
    assert wanted.peaks.max() == 0 and (wanted.counts == 1).all()


def test_focal_loss_against_its_formula() -> None:
    wanted = wanted_maps(torch.tensor([[row(6.0, 6.0, 16.0)]]), (4, 4), 4)
    logits = torch.linspace(-2, 2, 16).view(1, 1, 4, 4)
    p, expected = torch.sigmoid(logits), 0.0
    for y in range(4):
        for x in range(4):
            q, target = float(p[0, 0, y, x]), float(wanted.peaks[0, 0, y, x])
            if target == 1:
                expected -= (1 - q) ** 2 * math.log(q)
            else:
                expected -= (1 - target) ** 4 * q**2 * math.log(1 - q)
    assert float(peak_entropy(logits, wanted)) == pytest.approx(expected, rel=1e-4)


def test_the_right_answer_costs_nothing_and_wrong_ones_elsewhere_neither() -> None:
    faces = torch.tensor([[row(10.0, 10.0, 24.0), row(50.0, 50.0, 12.0)]])
    wanted = wanted_maps(faces, (16, 16), 4)
    own = taken(faces, wanted)[:, 2:3]
    assert own[0, 0, 2, 2] == 24 and own[0, 0, 12, 12] == 12
    found = torch.where(wanted.answers > 0, own, torch.full_like(own, 99.0))
    assert float(answer_distance(found, own, wanted)) == pytest.approx(0, abs=1e-6)
    assert float(answer_distance(found + 1, own, wanted)) == pytest.approx(0.98, abs=1e-2)

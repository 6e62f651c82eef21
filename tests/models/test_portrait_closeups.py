"""Close-ups are cut out level, go back where they came from, and begin by changing nothing."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.faces.shape import average_face
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel
from deepmeme.models.motion.portrait_closeups import (
    EYE_PX,
    MOUTH_PX,
    CloseUps,
    Retoucher,
    cut,
)
from deepmeme.models.motion.portrait_points import mirror_of, rows

NAMES = tuple(KEYPOINT_NAMES)


def face(*, roll: float = 0.0, size: float = 0.45, place: tuple[float, float] = (0, 0)) -> Tensor:
    """(1, k, 2): the average face in a picture."""
    known = average_face()
    points = torch.tensor([known[name][:2] for name in NAMES])
    points = points - points.mean(0)
    points = size * points / points.abs().max()
    c, s = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    return (points @ torch.tensor([[c, s], [-s, c]]) + torch.tensor(place))[None]


def test_a_fresh_retoucher_changes_nothing() -> None:
    small: dict[str, Any] = {
        "detector_widths": (4, 4),
        "motion_widths": (4, 4),
        "features": 4,
        "fine_features": 4,
    }
    torch.manual_seed(0)
    plain = PortraitModel(PortraitConfig(NAMES, **small)).eval()
    closer = PortraitModel(PortraitConfig(NAMES, **small, closeups=True)).eval()
    closer.load_state_dict(plain.state_dict(), strict=False)
    source, xy = torch.rand(1, 3, 256, 256), Keypoints(face())
    with torch.no_grad():
        a, b = (m.render(m.encode(source), xy, xy).prediction for m in (plain, closer))
    torch.testing.assert_close(a, b)


@pytest.mark.parametrize("roll", [0.0, 35.0, -80.0])
def test_corrections_land_where_they_were_cut(roll: float) -> None:
    xy = face(roll=roll, place=(0.1, -0.1))
    retoucher = Retoucher(NAMES)
    windows = retoucher.windows(xy)
    mouth = 0.3 * retoucher.rim_mouth.expand(1, 3, -1, -1)
    eyes = -0.2 * retoucher.rim_eye.expand(2, 3, -1, -1)
    found = CloseUps(torch.zeros(1, 3, MOUTH_PX, MOUTH_PX), mouth, torch.zeros(2, 3, 40, 40), eyes,
                     windows)  # fmt: skip
    placed = retoucher.place(torch.full((1, 3, 256, 256), 0.5), found)
    back = cut(placed, windows[0], MOUTH_PX)[0, 0]
    middle = slice(MOUTH_PX // 2 - 6, MOUTH_PX // 2 + 6)
    assert (back[middle, middle] - 0.8).abs().max() < 0.01
    for window in windows[1:]:
        eye = cut(placed, window, EYE_PX)[0, 0]
        assert (eye[18:22, 18:22] - 0.3).abs().max() < 0.01
    assert (placed[..., :8, :8] == 0.5).all() and (placed[..., -8:, -8:] == 0.5).all()


def test_a_mirrored_face_shows_the_same_right_eye() -> None:
    torch.manual_seed(1)
    picture, xy = torch.rand(1, 3, 256, 256), face(roll=20)
    mirrored = (xy * torch.tensor([-1.0, 1.0]))[:, mirror_of(NAMES)]
    retoucher = Retoucher(NAMES)
    right = cut(picture, retoucher.windows(xy)[1], EYE_PX)
    left = cut(picture.flip(3), retoucher.windows(mirrored)[2], EYE_PX)
    torch.testing.assert_close(right, left, atol=1e-3, rtol=0)


def test_the_mouth_is_upright_in_its_window() -> None:
    xy = face(roll=50)
    window = Retoucher(NAMES).windows(xy)[0]
    corners = window.inside(xy[:, rows(NAMES, ["lip_outer_0", "lip_outer_6"])])[0]
    assert (corners[0, 1] - corners[1, 1]).abs() < 0.05  # level
    assert corners[0, 0] < -0.2 and corners[1, 0] > 0.2  # right corner at the left

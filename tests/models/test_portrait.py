"""The portrait model before it has learnt anything: its motion is already right."""

import pytest
import torch

from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel
from deepmeme.models.motion.portrait_motion import Candidates
from deepmeme.models.motion.portrait_points import mirror_of, weights_of
from deepmeme.nn.grid import coordinate_grid

NAMES = (
    *(f"jaw_{i}" for i in range(17)),
    *(f"nose_{i}" for i in range(9)),
    *(f"eye_{side}_{i}" for side in "rl" for i in range(6)),
    *(f"lip_outer_{i}" for i in range(12)),
    *(f"lip_inner_{i}" for i in range(8)),
    *("iris_r", "iris_l", "forehead_r", "forehead", "forehead_l", "crown", "ear_r", "ear_l"),
)
TINY = PortraitConfig(
    NAMES,
    resolution=64,
    detector_widths=(8, 8),
    motion_widths=(8, 8),
    features=8,
    fine_features=4,
    painter_blocks=1,
)


@pytest.fixture
def model() -> PortraitModel:
    torch.manual_seed(0)
    return PortraitModel(TINY).eval()


@pytest.fixture
def still() -> torch.Tensor:
    return torch.rand(1, len(NAMES), 2, generator=torch.Generator().manual_seed(1)) - 0.5


def test_equal_keypoints_leave_the_picture_as_it_is(
    model: PortraitModel, still: torch.Tensor
) -> None:
    source = torch.rand(1, 3, 64, 64)
    out = model.render(model.encode(source), Keypoints(still), Keypoints(still))
    assert torch.allclose(out.warped, source, atol=1e-3)


def test_an_affine_motion_of_all_keypoints_moves_every_candidate_so(still: torch.Tensor) -> None:
    turn = torch.tensor([[0.9, -0.2], [0.2, 0.9]])
    shift = torch.tensor([0.1, -0.05])
    driving = (still - shift) @ torch.linalg.inv(turn).T
    motions, _ = Candidates(NAMES, 16)(driving, still)
    wanted = coordinate_grid(16, 16) @ turn.T + shift
    head = motions[0, 1]
    assert torch.allclose(head, wanted, atol=0.02)
    near = (coordinate_grid(16, 16)[:, :, None] - driving[0]).norm(dim=-1).amin(-1) < 0.1
    for candidate in motions[0, 2:4]:
        assert (candidate - wanted)[near].norm(dim=-1).max() < 0.05


def test_the_untrained_model_opens_a_mouth(model: PortraitModel) -> None:
    ring = torch.linspace(0, 2 * torch.pi, len(NAMES) + 1)[:-1]
    still = 0.8 * torch.stack([ring.cos(), ring.sin()], -1)[None]
    lips = [NAMES.index(f"lip_inner_{i}") for i in range(8)]
    corners = torch.tensor([0.0, 1, 2, 3, 4, 3, 2, 1])
    still[:, lips, 0] = 0.1 * (corners - 2)
    still[:, lips, 1] = 0.0
    driving = still.clone()
    driving[:, lips[5:], 1] += 0.3
    out = model.render(model.encode(torch.rand(1, 3, 64, 64)), Keypoints(still), Keypoints(driving))
    down = (out.motion.deformation[0] - coordinate_grid(16, 16))[:, 7:9, 1].mean(1)
    assert down[10] < -0.15  # the lower lip's place shows what lies further up in the source
    assert abs(down[6]) < 0.05  # the upper lip stays


def test_detector_reads_keypoints_inside_the_picture(model: PortraitModel) -> None:
    xy = model.detect(torch.rand(2, 3, 64, 64)).xy
    assert xy.shape == (2, len(NAMES), 2)
    assert xy.abs().max() <= 1


def test_prediction_is_a_picture(model: PortraitModel, still: torch.Tensor) -> None:
    out = model.render(
        model.encode(torch.rand(1, 3, 64, 64)), Keypoints(still), Keypoints(still + 0.1)
    )
    assert out.prediction.shape == (1, 3, 64, 64)
    assert out.prediction.min() >= 0 and out.prediction.max() <= 1


def test_everybody_mirrors_back_to_themselves() -> None:
    mirror = mirror_of(NAMES)
    assert [mirror[row] for row in mirror] == list(range(len(NAMES)))
    assert NAMES[mirror[NAMES.index("eye_r_0")]] == "eye_l_3"
    assert NAMES[mirror[NAMES.index("lip_outer_0")]] == "lip_outer_6"
    assert NAMES[mirror[NAMES.index("jaw_8")]] == "jaw_8"


def test_lids_count_more_than_the_outline() -> None:
    weights = dict(zip(NAMES, weights_of(NAMES), strict=True))
    assert weights["eye_r_1"] > weights["nose_0"] > weights["jaw_0"]

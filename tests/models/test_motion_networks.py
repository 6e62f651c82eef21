"""The networks have the published names, shapes and sizes."""

import pytest
import torch

from deepmeme.models.motion.config import DiscriminatorConfig, presets
from deepmeme.models.motion.discriminator import Discriminator
from deepmeme.models.motion.keypoints import KeypointDetector
from deepmeme.models.motion.model import MotionModel
from deepmeme.weights.shapes import expected_shapes


@pytest.mark.parametrize("name", ["vox-256", "vox-adv-256", "mgif-256", "vox-512"])
def test_state_dicts_have_the_published_shapes(name: str) -> None:
    config = presets()[name]
    model = MotionModel(config)
    networks = {
        "generator": model.generator,
        "kp_detector": model.kp_detector,
        "discriminator": Discriminator(config.discriminator),
    }
    for part, expected in expected_shapes(config).items():
        found = {k: tuple(v.shape) for k, v in networks[part].state_dict().items()}
        assert found == expected


def test_published_sizes() -> None:
    model = MotionModel(presets()["vox-256"])
    assert sum(p.numel() for p in model.generator.parameters()) == 45_575_391
    assert sum(p.numel() for p in model.kp_detector.parameters()) == 14_215_368
    mgif = KeypointDetector(presets()["mgif-256"].keypoints)
    assert sum(p.numel() for p in mgif.parameters()) == 14_153_592
    plain = Discriminator(presets()["vox-256"].discriminator)
    assert sum(p.numel() for p in plain.parameters()) == 2_758_849
    adversarial = Discriminator(presets()["vox-adv-256"].discriminator)
    assert sum(p.numel() for p in adversarial.parameters()) == 2_769_089


@pytest.mark.parametrize("use_kp", [False, True])
def test_discriminator_judges_every_scale(use_kp: bool) -> None:
    config = DiscriminatorConfig(
        block_expansion=8, num_blocks=3, max_features=32, scales=(1.0, 0.5), use_kp=use_kp,
        num_kp=4,
    )  # fmt: skip
    judge = Discriminator(config)
    pyramid = {1.0: torch.rand(2, 3, 64, 64), 0.5: torch.rand(2, 3, 32, 32)}
    keypoints = torch.zeros(2, 4, 2)
    judged = judge(pyramid, keypoints)
    assert set(judged) == {1.0, 0.5}
    for judgement in judged.values():
        assert judgement.score.shape[:2] == (2, 1)
        assert [f.shape[1] for f in judgement.features] == [16, 32, 32]
    moved = judge(pyramid, keypoints + 0.5)[1.0].score
    assert torch.equal(moved, judged[1.0].score) is not use_kp


def test_a_discriminator_that_looks_at_keypoints_asks_for_them() -> None:
    config = DiscriminatorConfig(block_expansion=8, num_blocks=2, use_kp=True, num_kp=4)
    with pytest.raises(ValueError, match="keypoints"):
        Discriminator(config)({1.0: torch.rand(1, 3, 32, 32)})


def test_a_fresh_detector_has_identity_jacobians() -> None:
    detector = KeypointDetector(presets()["vox-256"].keypoints).eval()
    with torch.inference_mode():
        found = detector(torch.rand(1, 3, 256, 256))
    assert found.jacobian is not None
    torch.testing.assert_close(found.jacobian, torch.eye(2).expand(1, 10, 2, 2))
    assert found.xy.abs().max() <= 1

"""Training on a folder of videos: the turns, what they teach, and what comes out at the end."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor

import deepmeme
from deepmeme.data.videos import open_videos
from deepmeme.errors import InputError, WeightsError
from deepmeme.losses.adversarial import generator_loss
from deepmeme.losses.equivariance import keypoint_equivariance, transformed
from deepmeme.losses.perceptual import Vgg19Features
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.nn.thin_plate import random_smooth_map
from deepmeme.train import motion_model
from deepmeme.train.loop import fit
from deepmeme.train.motion_model import (
    export_motion,
    open_motion_task,
    options_for,
    perceptual_loss,
    save_published,
)
from deepmeme.train.motion_task import MotionTask, moved_like
from deepmeme.train.motion_training import MotionTraining
from deepmeme.train.options import FitOptions
from deepmeme.weights.checkpoint import load_checkpoint
from tests.data.moving_shapes import moving_figure, write_folder, write_strip

CPU = torch.device("cpu")
TINY = """
dataset_params:
  frame_shape: [32, 32, 3]
  augmentation_params: {{flip_param: {{horizontal_flip: true, time_flip: true}}}}
model_params:
  common_params: {{num_kp: 3, num_channels: 3, estimate_jacobian: true}}
  kp_detector_params: {{block_expansion: 4, max_features: 16, num_blocks: 2, scale_factor: 0.5}}
  generator_params:
    block_expansion: 4
    max_features: 16
    num_down_blocks: 1
    num_bottleneck_blocks: 1
    dense_motion_params: {{block_expansion: 4, max_features: 16, num_blocks: 2, scale_factor: 0.5}}
  discriminator_params: {{block_expansion: 4, max_features: 16, num_blocks: 2, sn: true, {disc}}}
train_params:
  num_epochs: 2
  num_repeats: 3
  batch_size: 2
  {train}
  loss_weights: {{generator_gan: {gan}, feature_matching: [10, 10]}}
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("videos")
    for seed in range(3):
        write_strip(root / f"{seed}.png", moving_figure(seed)[0])
    write_folder(root / "3.mp4", moving_figure(3)[0])
    return root


def open_tiny(
    videos: Path, *, gan: float = 1, disc: str = "use_kp: false", train: str = "", **rest: object
) -> MotionTask:
    config = videos.parent / f"tiny-{gan}-{hash((disc, train))}.yaml"
    config.write_text(TINY.format(gan=gan, disc=disc, train=train))
    rest.setdefault("frames", videos.parent / "frames")
    return open_motion_task(videos, config, **rest)  # type: ignore[arg-type]


def learn(task: MotionTask, steps: int, rate: float = 2e-3) -> list[dict[str, float]]:
    """The loop's heart."""
    optimizers = {
        name: torch.optim.Adam([p for p in player.parameters() if p.requires_grad], rate)
        for name, player in task.players.items()
    }
    seen = []
    for step in range(steps):
        torch.manual_seed(step)
        losses: dict[str, float] = {}
        for turn in task.turns(task.batch(step, 2, CPU), step):
            optimizers[turn.player].zero_grad()
            torch.stack(list(turn.losses.values())).sum().backward()
            optimizers[turn.player].step()
            losses |= {name: float(value.detach()) for name, value in turn.losses.items()}
        seen.append(losses)
    return seen


@pytest.mark.parametrize("disc", ["use_kp: false", "use_kp: true"])
def test_a_few_steps_with_all_losses(videos: Path, disc: str) -> None:
    task = open_tiny(videos, disc=disc)
    before = {name: value.clone() for name, value in task.model.state_dict().items()}
    seen = learn(task, 2)
    names = {"perceptual", "equivariance", "jacobian", "fooling", "matching", "discriminator"}
    assert set(seen[0]) == names
    assert all(np.isfinite(list(losses.values())).all() for losses in seen)
    after = task.model.state_dict()
    moved = {name.split(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert moved == {"generator", "kp_detector"}


def test_it_learns(videos: Path) -> None:
    """Thirty steps of the smallest networks: what is painted comes nearer to the truth."""
    seen = [losses["perceptual"] for losses in learn(open_tiny(videos, gan=0), 30, rate=5e-3)]
    assert np.mean(seen[-5:]) < 0.92 * np.mean(seen[:5])


def test_without_gan_there_is_no_discriminator(videos: Path) -> None:
    task = open_tiny(videos, gan=0)
    assert list(task.players) == ["generator"]
    assert set(learn(task, 1)[0]) == {"perceptual", "equivariance", "jacobian"}


def test_losses_are_those_of_the_formulas(videos: Path) -> None:
    task = open_tiny(videos)
    batch = task.batch(0, 2, CPU)
    torch.manual_seed(4)
    turn = next(iter(task.turns(batch, 0)))
    torch.manual_seed(4)
    move = random_smooth_map(2)
    made = task.animated(batch)
    again = task.model.kp_detector(transformed(batch.driving, move)).xy
    expected = 10 * keypoint_equivariance(made.driving.xy, again, move)
    torch.testing.assert_close(turn.losses["equivariance"], expected)
    expected = task.perceptual(made.rendering.prediction, batch.driving)
    torch.testing.assert_close(turn.losses["perceptual"], expected)
    task.discriminator.eval()
    torch.manual_seed(4)
    turn = next(iter(task.turns(batch, 0)))
    scores = [judged.score for judged in task.judged(made.rendering.prediction, made.driving.xy)]
    torch.testing.assert_close(turn.losses["fooling"], generator_loss(scores))


def test_each_turn_teaches_its_player_alone(videos: Path) -> None:
    task = open_tiny(videos)
    turns = task.turns(task.batch(0, 2, CPU), 0)
    sum(next(turns).losses.values()).backward()
    assert all(p.grad is None for p in task.discriminator.parameters())
    assert task.model.kp_detector.kp.weight.grad.abs().sum() > 0
    task.model.zero_grad()
    sum(next(turns).losses.values()).backward()
    assert all(p.grad is None for p in task.model.parameters())
    assert all(p.grad is not None for p in task.discriminator.parameters())


def test_a_detector_without_learning_rate_stays(videos: Path) -> None:
    task = open_tiny(videos, train="lr_kp_detector: 0")
    before = task.model.kp_detector.kp.weight.clone()
    assert "equivariance" not in learn(task, 1)[0]
    assert torch.equal(task.model.kp_detector.kp.weight, before)


def test_batches_depend_on_their_number_alone(videos: Path) -> None:
    task = open_tiny(videos)
    first = task.batch(3, 2, CPU)
    assert first.source.shape == (2, 3, 32, 32) and first.source.dtype == torch.float32
    task.batch(1, 2, CPU)
    for a, b in zip(first, open_tiny(videos).batch(3, 2, CPU), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first.source, open_tiny(videos, seed=2).batch(3, 2, CPU).source)


def test_half_precision_keeps_coordinates_exact(videos: Path) -> None:
    task = open_tiny(videos)
    with torch.autocast("cpu", torch.bfloat16):
        made = task.animated(task.batch(0, 2, CPU))
        turn = next(iter(task.turns(task.batch(0, 2, CPU), 0)))
    assert made.driving.xy.dtype == torch.float32
    assert made.rendering.motion.deformation.dtype == torch.float32
    assert torch.isfinite(torch.stack([v.float() for v in turn.losses.values()])).all()


def test_preview_shows_a_row_a_held_out_video(videos: Path) -> None:
    task = open_tiny(videos)
    task.model.train()
    picture = task.preview(CPU)
    assert picture.dtype == np.uint8
    assert picture.shape == ((len(task.shown) + len(task.crossed)) * 128, 5 * 128, 3)
    assert task.model.training
    np.testing.assert_array_equal(picture, task.preview(CPU))


def test_the_list_of_pairs_says_who_moves_whom(videos: Path, tmp_path: Path) -> None:
    held = [subject.name for subject in open_videos(videos, seed=5).test]
    (tmp_path / "pairs.csv").write_text(f"source,driving\n{held[0]},{held[0]}\n")
    config = yaml.safe_load(TINY.format(gan=0, disc="use_kp: false", train=""))
    config["dataset_params"]["pairs_list"] = str(tmp_path / "pairs.csv")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
    task = open_motion_task(videos, tmp_path / "mine.yaml", frames=tmp_path / "frames", seed=5)
    assert task.crossed == ((0, 0),)
    assert task.preview(CPU).shape[0] == 128 * (len(held) + 1)


def test_moving_like_ones_own_anchor_is_moving_there() -> None:
    """The driver of itself: relative motion ends at the driving frame's own keypoints."""
    at, to = (Keypoints(torch.rand(1, 3, 2), torch.eye(2) + torch.rand(1, 3, 2, 2)) for _ in "ab")
    found = moved_like(at, at, to)
    torch.testing.assert_close(found.xy, to.xy)
    torch.testing.assert_close(found.jacobian, to.jacobian, rtol=1e-4, atol=1e-4)


def test_options_are_what_the_configuration_means(videos: Path) -> None:
    """2 epochs of 3 passes over 3 videos in batches of 2."""
    task = open_tiny(videos, train="epoch_milestones: [1]\n  lr_discriminator: 4e-4")
    options = options_for(task)
    assert (options.steps, options.batch_size, options.milestone_steps) == (8, 2, (4,))
    assert options.schedule == "steps" and options.learning_rate == 2e-4
    assert task.rates["discriminator"] == pytest.approx(2)
    assert options_for(open_tiny(videos), batch_size=1).steps == 18


def averages(task: MotionTask) -> dict[str, dict[str, Tensor]]:
    return {name: dict(player.state_dict()) for name, player in task.players.items()}


def test_the_export_opens_as_a_model_and_trains_on(videos: Path, tmp_path: Path) -> None:
    task = open_tiny(videos, disc="use_kp: true")
    learn(task, 2)
    folder = export_motion(averages(task), task.facts(), tmp_path / "mine", discriminator=True).path
    frame = moving_figure(7)[0][0]
    found = deepmeme.load_model(folder).keypoints(frame).xy[0]
    task.model.eval()
    with torch.no_grad():
        tensor = torch.from_numpy(frame).permute(2, 0, 1)[None] / 255
        expected = task.model.detect(tensor).xy[0]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-3)
    again = open_motion_task(videos, start=folder, frames=videos.parent / "frames")
    assert again.config.align_corners
    for name, player in task.players.items():
        for key, value in player.state_dict().items():
            torch.testing.assert_close(again.players[name].state_dict()[key], value)
    learn(again, 1)


def test_names_are_those_of_published_checkpoints(videos: Path, tmp_path: Path) -> None:
    """A file as the reference writes it loads, and training goes on from it."""
    task = open_tiny(videos)
    path = save_published(averages(task), tmp_path / "00000003-checkpoint.pth.tar")
    written = torch.load(path, weights_only=True)
    assert set(written) == {"generator", "kp_detector", "discriminator", "epoch"}
    task.model.generator.load_state_dict(written["generator"])
    task.model.kp_detector.load_state_dict(written["kp_detector"])
    config = next(videos.parent.glob("tiny-1-*.yaml"))
    assert load_checkpoint(path, config).discriminator is not None
    again = open_tiny(videos, start=path)
    weight = again.model.generator.final.weight
    assert torch.equal(weight, task.model.generator.final.weight)
    assert again.training.batch_size == 2
    assert not again.config.align_corners


def test_motion_learnt_small_goes_on_in_larger_pictures(videos: Path, tmp_path: Path) -> None:
    """Motion is taken over; the painter, whose size differs, begins anew."""
    task = open_tiny(videos)
    learn(task, 2)
    small = export_motion(averages(task), task.facts(), tmp_path / "small").path
    large = yaml.safe_load(TINY.format(gan=0, disc="use_kp: false", train=""))
    large["dataset_params"]["frame_shape"] = [64, 64, 3]
    model = large["model_params"]
    model["kp_detector_params"]["scale_factor"] = 0.25
    model["generator_params"]["dense_motion_params"]["scale_factor"] = 0.25
    model["generator_params"] |= {"keep_source": True, "block_expansion": 6}
    (tmp_path / "large.yaml").write_text(yaml.safe_dump(large))
    grown = open_motion_task(
        videos, tmp_path / "large.yaml", start=small, frames=videos.parent / "frames"
    )
    before, after = averages(task)["generator"], averages(grown)["generator"]
    moving = [k for k in before if k.startswith(("kp_detector", "generator.dense_motion_network"))]
    assert all(torch.equal(before[k], after[k]) for k in moving if "down.weight" not in k)
    assert after["kp_detector.down.weight"].shape[-1] == 13  # the kernel that a quarter needs
    learn(grown, 2)
    loaded = deepmeme.load_model(
        export_motion(averages(grown), grown.facts(), tmp_path / "grown").path
    )
    picture = moving_figure(7)[0][0]
    picture = picture.repeat(64 // picture.shape[0], 0).repeat(64 // picture.shape[1], 1)
    (still,) = loaded.animate_frames(picture, [picture])
    assert still.shape == (64, 64, 3)


def test_what_does_not_fit_is_said(videos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 weights of feature_matching .* 3 blocks"):
        open_tiny(videos, disc="num_blocks: 3")
    with pytest.raises(WeightsError, match="does not fit its configuration"):
        task = open_tiny(videos)
        exported = export_motion(averages(task), task.facts(), tmp_path / "mine").path
        open_motion_task(videos, "vox-256", start=exported)
    with pytest.raises(InputError, match="does not hold torchvision's VGG-19"):
        torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
        perceptual_loss(MotionTraining(), tmp_path / "vgg.pth")


def test_a_run_keeps_its_perceptual_network(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """VGG-19 that turns up later is not taken by itself; asked for, it is, and the run says so."""
    run, once = tmp_path / "run", FitOptions(steps=1, batch_size=1, accelerator="cpu")
    fit(open_tiny(videos, perceptual="seeded"), once, run)
    vgg = tmp_path / "vgg19-here.pth"
    torch.save(Vgg19Features().state_dict(), vgg)
    monkeypatch.setattr(motion_model, "find_vgg19", lambda: vgg)
    assert open_tiny(videos).facts()["perceptual"] == "Vgg19Features"
    again = open_tiny(videos, run=run)
    assert again.facts()["perceptual"] == "SeededFeatures"
    fit(again, replace(once, steps=2), run)
    assert "begun with another" not in caplog.text
    fit(open_tiny(videos, run=run, perceptual="vgg19"), replace(once, steps=3), run)
    assert "begun with another perceptual: 'SeededFeatures'; it goes on with" in caplog.text
    monkeypatch.setattr(motion_model, "find_vgg19", lambda: None)
    assert open_tiny(videos, run=run).facts()["perceptual_file"] == str(vgg)

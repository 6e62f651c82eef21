"""Augmentation of pairs: what each kind does, and that both frames get the same."""

import colorsys

import pytest
import torch
from torch import Tensor

from deepmeme.data.video_augment import VideoAugmentation, augmented


def pairs_of(count: int = 4, height: int = 12, width: int = 10, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 2, height, width, 3), generator=generator, dtype=torch.uint8)


def change(frames: Tensor, seed: int = 0, **how: object) -> Tensor:
    options = VideoAugmentation(**how)  # type: ignore[arg-type]
    return augmented(frames, options, torch.Generator().manual_seed(seed))


def plain(frames: Tensor) -> Tensor:
    return frames.permute(0, 1, 4, 2, 3).float() / 255


def test_nothing_asked_nothing_done() -> None:
    frames = pairs_of()
    torch.testing.assert_close(change(frames), plain(frames), rtol=0, atol=0)


def test_the_seed_decides() -> None:
    how = {"horizontal_flip": True, "resize": (0.8, 1.2), "crop": (12, 10), "hue": 0.5}
    how |= {"rotation_degrees": 20, "brightness": 0.3}
    frames = pairs_of()
    torch.testing.assert_close(change(frames, 3, **how), change(frames, 3, **how), rtol=0, atol=0)
    assert not torch.equal(change(frames, 3, **how), change(frames, 4, **how))


def test_flips_happen_one_at_most_a_pair() -> None:
    frames = pairs_of(400)
    out, before = change(frames, horizontal_flip=True, time_flip=True), plain(frames)
    kinds = (before, before.flip(1), before.flip(-1))
    same = torch.stack([(out == kind).flatten(1).all(1) for kind in kinds])
    assert same.sum(0).eq(1).all()
    share = same.float().mean(1)
    torch.testing.assert_close(share, torch.tensor([0.25, 0.5, 0.25]), atol=0.08, rtol=0)


def test_both_frames_change_alike() -> None:
    frames = pairs_of()
    frames[:, 1] = frames[:, 0]
    out = change(
        frames,
        horizontal_flip=True,
        time_flip=True,
        rotation_degrees=30,
        resize=(0.7, 1.4),
        crop=(12, 10),
        brightness=0.2,
        contrast=0.2,
        saturation=0.2,
        hue=0.2,
    )
    torch.testing.assert_close(out[:, 0], out[:, 1], rtol=0, atol=0)
    assert out.shape == (4, 2, 3, 12, 10)
    assert out.min() >= 0 and out.max() <= 1


def test_crop_cuts_a_window_out() -> None:
    frames = pairs_of(count=1)
    out = change(frames, crop=(5, 4))[0]
    before = plain(frames)[0]
    windows = before.unfold(2, 5, 1).unfold(3, 4, 1)  # (2, 3, rows, columns, 5, 4)
    hits = (windows.permute(2, 3, 0, 1, 4, 5) - out).abs().amax((2, 3, 4, 5)) < 1e-6
    assert int(hits.sum()) == 1


def test_crop_continues_the_rim_of_smaller_frames() -> None:
    frames = pairs_of(count=1, height=4, width=4)
    out = change(frames, crop=(8, 8))[0]
    expected = torch.nn.functional.pad(plain(frames)[0], (2, 2, 2, 2), mode="replicate")
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-6)


def test_resize_keeps_the_size_of_the_batch_and_enlarges_the_picture() -> None:
    frames = torch.zeros(8, 2, 16, 16, 3, dtype=torch.uint8)
    frames[:, :, 4:12, 4:12] = 255
    out = change(frames, resize=(2.0, 2.0), crop=(32, 32))
    torch.testing.assert_close(out.mean((1, 2, 3, 4)), torch.full((8,), 0.25))


def test_rotation_turns_about_the_middle() -> None:
    frames = torch.full((1, 2, 9, 9, 3), 255, dtype=torch.uint8)
    out = change(frames, rotation_degrees=45.0, seed=2)
    assert out[0, 0, 0, 4, 4] == pytest.approx(1)
    assert out[0, 0, 0, 0, 0] < 0.9


def test_jitter_stays_within_its_range() -> None:
    frames = torch.full((500, 2, 1, 1, 3), 100, dtype=torch.uint8)
    factor = change(frames, brightness=0.25)[:, 0, 0, 0, 0] * 2.55
    assert 0.75 <= float(factor.min()) < 0.77
    assert 1.23 < float(factor.max()) <= 1.25


def test_hue_turns_the_colour_wheel() -> None:
    frames = pairs_of(200, 1, 1)
    out = change(frames, hue=0.5)
    turns = []
    for before, after in zip(plain(frames)[:, 0, :, 0, 0], out[:, 0, :, 0, 0], strict=True):
        h, s, v = colorsys.rgb_to_hsv(*before.tolist())
        h2, s2, v2 = colorsys.rgb_to_hsv(*after.tolist())
        assert (s2, v2) == pytest.approx((s, v), abs=1e-4)
        turns.append((h2 - h + 0.5) % 1 - 0.5)
    assert min(turns) < -0.4 and max(turns) > 0.4


def test_saturation_and_contrast_keep_their_greys() -> None:
    frames = torch.full((6, 2, 2, 2, 3), 77, dtype=torch.uint8)
    out = change(frames, saturation=0.9, contrast=0.9)
    torch.testing.assert_close(out, plain(frames), atol=1e-6, rtol=0)

"""The published augmentations, on batches of frame pairs, wherever the batch lies.

Order: flip, rotation, resize, crop, jitter. One draw a pair, the same for both frames. All numbers
come from a generator on the CPU, so that every device makes the same changes.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from deepmeme.data.augment import grey_of, uniform


@dataclass(frozen=True)
class VideoAugmentation:
    """``augmentation_params`` of the published configurations; 0 and None switch a kind off."""

    horizontal_flip: bool = False
    time_flip: bool = False
    """Source and driving frame change places. A pair is flipped in one way at most."""
    rotation_degrees: float = 0.0
    """Turned by up to this, either way; what comes into sight is black."""
    resize: tuple[float, float] | None = None
    """Least and greatest factor."""
    interpolation: Literal["nearest", "bilinear"] = "nearest"
    """Of the resizing."""
    crop: tuple[int, int] | None = None
    """(height, width); smaller frames are continued by their rim. With ``resize`` alone: the size
    of the frames as they came."""
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    """These three are multiplied by a factor within [max(0, 1 - x), 1 + x]."""
    hue: float = 0.0
    """Turned by up to this share of the colour wheel, at most 0.5."""


def augmented(frames: Tensor, how: VideoAugmentation, generator: torch.Generator) -> Tensor:
    """(b, 2, h, w, 3) uint8 -> (b, 2, 3, h', w') float32 in [0, 1] on the same device.

    The result is a pure function of the frames and the generator's state.
    """
    pairs = frames.permute(0, 1, 4, 2, 3).float() / 255
    pairs = _flipped(pairs, how, generator)
    if how.rotation_degrees:
        pairs = _turned(pairs, how.rotation_degrees, generator)
    if how.resize or how.crop:
        pairs = _placed(pairs, how, generator)
    return _jittered(pairs, how, generator)


def _flipped(pairs: Tensor, how: VideoAugmentation, generator: torch.Generator) -> Tensor:
    drawn = torch.rand(len(pairs), 2, generator=generator) < 0.5
    in_time = drawn[:, 0] & how.time_flip
    mirrored = drawn[:, 1] & how.horizontal_flip & ~in_time
    pairs = torch.where(_each(in_time, pairs), pairs.flip(1), pairs)
    return torch.where(_each(mirrored, pairs), pairs.flip(-1), pairs)


def _each(values: Tensor, pairs: Tensor) -> Tensor:
    """(b,) against (b, 2, c, h, w)."""
    return values.to(pairs.device).view(-1, 1, 1, 1, 1)


def _sampled(pairs: Tensor, x: Tensor, y: Tensor, *, mode: str, outside: str) -> Tensor:
    """Read pixel places ``x`` and ``y``, each broadcast to (b, h', w')."""
    height, width = pairs.shape[-2:]
    x, y = x + torch.zeros_like(y), y + torch.zeros_like(x)
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1).to(pairs.device)
    flat = F.grid_sample(
        pairs.flatten(1, 2), grid, mode=mode, padding_mode=outside, align_corners=False
    )
    return flat.view(*pairs.shape[:3], *flat.shape[2:])


def _turned(pairs: Tensor, degrees: float, generator: torch.Generator) -> Tensor:
    height, width = pairs.shape[-2:]
    angle = torch.deg2rad(uniform(generator, len(pairs), low=-degrees, high=degrees))
    c, s = torch.cos(angle).view(-1, 1, 1), torch.sin(angle).view(-1, 1, 1)
    x = torch.arange(width).view(1, 1, -1) - (width - 1) / 2
    y = torch.arange(height).view(1, -1, 1) - (height - 1) / 2
    return _sampled(
        pairs,
        c * x - s * y + (width - 1) / 2,
        s * x + c * y + (height - 1) / 2,
        mode="bilinear",
        outside="zeros",
    )


def _placed(pairs: Tensor, how: VideoAugmentation, generator: torch.Generator) -> Tensor:
    """Resized, then cropped, in one look-up."""
    count, (height, width) = len(pairs), pairs.shape[-2:]
    tall, wide = how.crop or (height, width)
    low, high = how.resize or (1.0, 1.0)
    factor = uniform(generator, count, low=low, high=high)
    corner = torch.rand(count, 2, generator=generator)
    y = _line(height, tall, factor, corner[:, 0])
    x = _line(width, wide, factor, corner[:, 1])
    if how.interpolation == "nearest":
        x, y = x.round(), y.round()
    return _sampled(pairs, x[:, None, :], y[:, :, None], mode=how.interpolation, outside="border")


def _line(old: int, wanted: int, factor: Tensor, corner: Tensor) -> Tensor:
    """(b, wanted): which of ``old`` pixels each of the crop's looks at."""
    resized = (old * factor).floor().clamp(min=1)
    spare = resized - wanted
    start = torch.where(spare >= 0, (corner * (spare + 1)).floor(), torch.div(spare, 2).floor())
    places = start[:, None] + torch.arange(wanted)
    places = places.clamp(min=0).minimum(resized[:, None] - 1)
    return ((places + 0.5) * old / resized[:, None] - 0.5).clamp(0, old - 1)


def _jittered(pairs: Tensor, how: VideoAugmentation, generator: torch.Generator) -> Tensor:
    """Every pair has its own factors and its own order of the changes."""
    kinds = [
        (change, low, high)
        for change, (low, high) in (
            (_brightness, _around_one(how.brightness)),
            (_saturation, _around_one(how.saturation)),
            (_hue, (-how.hue, how.hue)),
            (_contrast, _around_one(how.contrast)),
        )
        if low < high
    ]
    if not kinds:
        return pairs
    order = torch.rand(len(pairs), len(kinds), generator=generator).argsort(1)
    drawn = torch.rand(len(pairs), len(kinds), generator=generator)
    for turn in range(len(kinds)):
        rows, parts = [], []
        for kind, (change, low, high) in enumerate(kinds):
            chosen = (order[:, turn] == kind).nonzero().flatten()
            factor = low + (high - low) * drawn[chosen, kind]
            frames = pairs[chosen.to(pairs.device)]
            parts.append(change(frames, _each(factor, pairs)).clamp(0, 1))
            rows.append(chosen)
        pairs = torch.cat(parts)[torch.cat(rows).argsort().to(pairs.device)]
    return pairs


def _around_one(amount: float) -> tuple[float, float]:
    return max(0.0, 1 - amount), 1 + amount


def _brightness(frames: Tensor, factor: Tensor) -> Tensor:
    return frames * factor


def _contrast(frames: Tensor, factor: Tensor) -> Tensor:
    """About the mean grey of each frame."""
    middle = grey_of(frames).mean((-1, -2), keepdim=True)
    return middle + (frames - middle) * factor


def _saturation(frames: Tensor, factor: Tensor) -> Tensor:
    grey = grey_of(frames)
    return grey + (frames - grey) * factor


def _hue(frames: Tensor, turn: Tensor) -> Tensor:
    """Through hue, saturation and value: the sixths of the colour wheel are straight lines."""
    value, least = frames.amax(-3, keepdim=True), frames.amin(-3, keepdim=True)
    span = value - least
    safe = span.clamp(min=1e-8)
    r, g, b = frames.unbind(-3)
    top, s = value.squeeze(-3), safe.squeeze(-3)
    sixth = torch.where(
        top == r, (g - b) / s, torch.where(top == g, 2 + (b - r) / s, 4 + (r - g) / s)
    )
    moved = sixth.unsqueeze(-3) + 6 * turn
    offsets = frames.new_tensor([5.0, 3.0, 1.0]).view(3, 1, 1)
    k = torch.remainder(offsets + moved, 6)
    return value - span * torch.minimum(k, 4 - k).clamp(0, 1)

"""The same change for both frames of a pair: place, colour, and the hand of a painter.

Works on batches of tensors. The keypoints and the dense correspondence follow the geometry.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from deepmeme.data.pairs import PairBatch

GREY = torch.tensor([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Style:
    """How strong; 0 switches a kind off."""

    scale: float = 0.18
    shift: float = 0.08
    turn_degrees: float = 12.0
    colour: float = 0.35
    paint: float = 0.35
    """Share of pairs that become paintings, cartoons, engravings or statues."""
    degrade: float = 0.0
    """Share that is blurred and noised, each frame by itself: for detectors only."""
    cutout: float = 0.0
    """Share that has a rectangle hidden: for detectors only."""


def augmented(
    batch: "PairBatch", mirror: Tensor, style: Style, generator: torch.Generator
) -> tuple[Tensor, ...]:
    """Fields of a changed batch. ``mirror[k]`` is the partner of keypoint k when flipped.

    The generator lives on the CPU, so that every device sees the same changes.
    """
    device = batch.frames.device
    places = random_places(len(batch.frames), style, generator)
    matrix, offset, flipped = (part.to(device) for part in places)
    mirror = mirror.to(device)
    frames, xy = _move_frames(batch.frames, matrix, offset), _move_points(batch.xy, matrix, offset)
    visible = batch.visible
    if flipped.any():
        xy, visible = xy.clone(), visible.clone()
        xy[flipped] = xy[flipped][:, :, mirror]
        visible[flipped] = visible[flipped][:, :, mirror]
    flow, seen, person = _move_flow(batch, matrix, offset)
    frames = _coloured(frames, style.colour, generator)
    frames = _painted(frames, style.paint, generator)
    frames = _degraded(frames, style, generator)
    inside = (xy.abs() < 1).all(-1)
    return frames.clamp(0, 1), xy, visible & inside, flow, seen, person


def uniform(generator: torch.Generator, *shape: int, low: float, high: float) -> Tensor:
    """Uniform numbers from the pair's own generator."""
    return low + (high - low) * torch.rand(*shape, generator=generator)


def random_places(
    count: int, style: Style, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Maps z -> matrix z + offset from new coordinates to old ones, and which are mirrored."""
    turn = uniform(generator, count, low=-1, high=1) * math.radians(style.turn_degrees)
    zoom = torch.exp(uniform(generator, count, low=-1, high=1) * style.scale)
    flipped = torch.rand(count, generator=generator) < 0.5
    c, s = torch.cos(turn) * zoom, torch.sin(turn) * zoom
    sign = torch.where(flipped, -1.0, 1.0)
    matrix = torch.stack([torch.stack([c * sign, -s], -1), torch.stack([s * sign, c], -1)], -2)
    return matrix, uniform(generator, count, 2, low=-1, high=1) * style.shift, flipped


def _grid(matrix: Tensor, offset: Tensor, size: int) -> Tensor:
    line = torch.linspace(-1, 1, size, device=matrix.device)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).flatten(0, 1)
    moved: Tensor = grid @ matrix.transpose(1, 2) + offset[:, None]
    return moved.view(-1, size, size, 2)


def _move_frames(frames: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    grid = _grid(matrix, offset, frames.shape[-1])
    moved = F.grid_sample(
        frames.flatten(1, 2), grid, mode="bilinear", padding_mode="reflection", align_corners=True
    )
    return moved.view(frames.shape)


def _move_points(xy: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    inverse = torch.linalg.inv(matrix)
    shape = xy.shape
    flat = xy.reshape(shape[0], -1, 2) - offset[:, None]
    moved: Tensor = flat @ inverse.transpose(1, 2)
    return moved.reshape(shape)


def _move_flow(batch: "PairBatch", matrix: Tensor, offset: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    grid = _grid(matrix, offset, batch.flow.shape[1])
    fields = torch.cat(
        [batch.flow.permute(0, 3, 1, 2), batch.flow_visible[:, None], batch.person[:, None]], 1
    )
    moved = F.grid_sample(fields, grid, mode="nearest", padding_mode="border", align_corners=True)
    # the nearest sample was taken a little beside the place: carry that offset over
    old = moved[:, :2].permute(0, 2, 3, 1)
    size = grid.shape[1]
    nearest = torch.round((grid.clamp(-1, 1) + 1) * (size - 1) / 2) * 2 / (size - 1) - 1
    flow = _move_points(old + (grid - nearest), matrix, offset)
    inside = ((grid.abs() <= 1).all(-1) & (flow.abs() <= 1).all(-1)).float()
    return flow, (moved[:, 2] > 0.5).float() * inside, moved[:, 3]


def _coloured(frames: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Brightness, contrast, gamma, saturation and hue; one draw a pair."""
    if not strength:
        return frames
    count = len(frames)
    device = frames.device
    draw = uniform(generator, count, 6, low=-1, high=1).to(device) * strength
    gain, contrast, gamma, saturation = (
        torch.exp(draw[:, i]).view(-1, 1, 1, 1, 1) for i in range(4)
    )
    saturation = saturation**2
    grey_too = torch.rand(count, generator=generator) < 0.12
    saturation[grey_too.to(device)] = 0
    frames = frames.clamp(1e-4, 1) ** gamma * gain.sqrt()
    grey = grey_of(frames)
    frames = grey + (frames - grey) * saturation
    middle = frames.mean((1, 2, 3, 4), keepdim=True)
    frames = middle + (frames - middle) * contrast
    tint = uniform(generator, count, 1, 3, 1, 1, low=-1, high=1).to(device)
    tint = 1 + 0.35 * tint * strength
    return _hue(frames * tint, draw[:, 4] * 1.2).clamp(0, 1)


def _hue(frames: Tensor, angle: Tensor) -> Tensor:
    """Turn colours about the grey axis (Rodrigues' formula)."""
    c, s = torch.cos(angle), torch.sin(angle)
    eye, ones = torch.eye(3, device=angle.device), torch.full((3, 3), 1 / 3, device=angle.device)
    cross = angle.new_tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = c.view(-1, 1, 1) * eye + (1 - c).view(-1, 1, 1) * ones + s.view(-1, 1, 1) * cross
    return torch.einsum("bij,btjhw->btihw", turn, frames)


def _painted(frames: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Flat brushwork, few colours, dark outlines, or a single stone's colour."""
    chosen = (torch.rand(len(frames), generator=generator) < share).nonzero().flatten()
    for row in chosen.tolist():
        kind = int(torch.randint(5, (1,), generator=generator))
        amount = float(torch.rand(1, generator=generator))
        frames[row] = _HANDS[kind](frames[row], amount)
    return frames


def smoothed(frames: Tensor, radius: int, epsilon: float) -> Tensor:
    """Edge-preserving smoothing, guided by the picture's grey.

    The fast guided filter (He and Sun 2015): the slopes are found in a picture ``radius`` times
    smaller, which is where the time goes.
    """
    guide = grey_of(frames)
    small_guide, small = F.avg_pool2d(guide, radius), F.avg_pool2d(frames, radius)
    m, p = blurred(small_guide, 3), blurred(small, 3)
    covariance = blurred(small_guide * small, 3) - m * p
    slope = covariance / (blurred(small_guide * small_guide, 3) - m * m + epsilon)
    lines = F.interpolate(
        torch.cat([slope, p - slope * m], 1),
        size=frames.shape[2:],
        mode="bilinear",
        align_corners=False,
    )
    return lines[:, :3] * guide + lines[:, 3:]


def blurred(x: Tensor, window: int) -> Tensor:
    """Mean over a square window; the rim counts what is there."""
    half = window // 2
    across = F.avg_pool2d(x, (1, window), 1, (0, half), count_include_pad=False)
    return F.avg_pool2d(across, (window, 1), 1, (half, 0), count_include_pad=False)


def grey_of(frames: Tensor) -> Tensor:
    """(..., 3, h, w) -> (..., 1, h, w)."""
    return (frames * GREY.to(frames.device).view(3, 1, 1)).sum(-3, keepdim=True)


def _brush(frames: Tensor, amount: float) -> Tensor:
    return smoothed(smoothed(frames, 2, 0.002 + 0.01 * amount), 4, 0.002 + 0.01 * amount)


def _cartoon(frames: Tensor, amount: float) -> Tensor:
    flat = smoothed(frames, 4, 0.01)
    levels = 4 + 6 * amount
    stepped = (flat * levels).round() / levels
    return _outlined(0.25 * flat + 0.75 * stepped, frames, 2 + 3 * amount)


def _engraved(frames: Tensor, amount: float) -> Tensor:
    grey = grey_of(frames).expand_as(frames)
    return _outlined(0.4 + 0.6 * grey, frames, 3 + 4 * amount)


def _stone(frames: Tensor, amount: float) -> Tensor:
    grey = grey_of(frames)
    colour = frames.new_tensor([1.0, 0.92 - 0.2 * amount, 0.85 - 0.4 * amount]).view(3, 1, 1)
    low = F.interpolate(
        F.avg_pool2d(grey, 8), size=grey.shape[2:], mode="bilinear", align_corners=False
    )
    return ((0.55 + 0.9 * (grey - low) + 0.35 * (low - 0.5)) * colour).clamp(0, 1)


def _posterised(frames: Tensor, amount: float) -> Tensor:
    levels = 5 + 10 * amount
    return (frames * levels).round() / levels


def _outlined(frames: Tensor, original: Tensor, strength: float) -> Tensor:
    grey = grey_of(original)
    low = blurred(grey, 5)
    return (frames * (1 - strength * (low - grey).clamp(min=0))).clamp(0, 1)


_HANDS = (_brush, _cartoon, _engraved, _stone, _posterised)


def _degraded(frames: Tensor, style: Style, generator: torch.Generator) -> Tensor:
    if style.degrade:
        frames = _noisy(frames, style.degrade, generator)
    if style.cutout:
        for row in (torch.rand(len(frames), generator=generator) < style.cutout).nonzero():
            size = frames.shape[-1]
            x, y = torch.randint(0, size * 3 // 4, (2,), generator=generator).tolist()
            w, h = torch.randint(size // 10, size // 3, (2,), generator=generator).tolist()
            colour = torch.rand(3, 1, 1, generator=generator).to(frames.device)
            frames[int(row), :, :, y : y + h, x : x + w] = colour
    return frames


def _noisy(frames: Tensor, share: float, generator: torch.Generator) -> Tensor:
    chosen = torch.rand(len(frames), generator=generator) < share
    for row in chosen.nonzero().flatten().tolist():
        size = frames.shape[-1]
        factor = float(uniform(generator, 1, low=1.0, high=4.0))
        small = F.interpolate(frames[row], size=int(size / factor), mode="area")
        back = F.interpolate(small, size=size, mode="bilinear", align_corners=False)
        sigma = 0.06 * float(torch.rand(1, generator=generator))
        noise = torch.randn(back.shape, generator=generator).to(back.device)
        frames[row] = back + sigma * noise
    return frames

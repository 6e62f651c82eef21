"""What the autoencoders of a swap learn from: bent faces to see, straight ones to paint.

A face that is given bent and wanted straight cannot be copied; what it does has to be understood
(the original program of 2017; facts: face-swap.md, 5.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from deepmeme.data.augment import Style, random_places, uniform
from deepmeme.losses.reconstruction import region_weights

CELLS = 5
"""Points of the random bending, along each side."""


@dataclass(frozen=True)
class WarpStyle:
    """How strongly faces are moved, bent and recoloured; 0 switches a kind off."""

    turn_degrees: float = 10.0
    scale: float = 0.05
    shift: float = 0.1
    """In [-1, 1]: 5 % of the side."""
    bend: float = 0.04
    """Standard deviation of the bending's points in [-1, 1]; 5 pixels of 256."""
    light: float = 0.25
    """Brightness and contrast, by up to this share."""
    tint: float = 0.06
    """Each colour by itself, by up to this share."""


class Practice(NamedTuple):
    """b faces."""

    given: Tensor
    """(b, 3, r, r) bent, in [0, 1]."""
    wanted: Tensor
    """(b, 3, r, r) straight."""
    mask: Tensor
    """(b, 1, r, r) in [0, 1]: what of ``wanted`` is face."""
    weight: Tensor
    """(b, 1, r, r) what counts: the face, eyes and mouth most."""


@dataclass(frozen=True)
class Weights:
    """What counts in a square."""

    outside: float = 0.1
    """Beyond the mask; the face counts 1."""
    features: float = 3.0
    """More upon eyes and mouth."""


def practice(
    squares: Tensor,
    masks: Tensor,
    points: Tensor,
    size: int,
    style: WarpStyle,
    generator: torch.Generator,
    *,
    weights: Weights | None = None,
) -> Practice:
    """Draw a change for each face; a pure function of the faces and the generator's state.

    Args:
        squares: (b, n, n, 3) uint8 aligned faces, on any device.
        masks: (b, n, n) uint8, 255 where they are face.
        points: (b, k, 2) of eyes and mouth in [-1, 1] from edge to edge.
        size: side of what comes out.
        style: how strong.
        generator: on the CPU, so that every device sees the same changes.
        weights: what counts.
    """
    weights, count, device = weights or Weights(), len(squares), squares.device
    how = Style(scale=style.scale, shift=style.shift, turn_degrees=style.turn_degrees)
    matrix, offset, _ = (part.to(device) for part in random_places(count, how, generator))
    grid = places(count, size, device)
    straight = placed(grid, matrix, offset)
    bent = placed(grid + bending(count, size, style.bend, generator).to(device), matrix, offset)
    faces = recoloured(unit_faces(squares), style, generator)
    given, wanted = sampled(faces, bent), sampled(faces, straight)
    mask = sampled(masks[:, None].float() / 255, straight)
    there = torch.linalg.solve(matrix, (points.to(device) - offset[:, None]).mT).mT
    near = region_weights(there, size, sigma=0.11, gain=weights.features)
    weight = (weights.outside + (1 - weights.outside) * mask) * (1 + (near - 1) * mask)
    return Practice(given, wanted, mask, weight)


def plain(squares: Tensor, size: int) -> Tensor:
    """Aligned faces (b, n, n, 3) as they are: (b, 3, size, size) in [0, 1]."""
    return sampled(unit_faces(squares), places(len(squares), size, squares.device))


def unit_faces(squares: Tensor) -> Tensor:
    """(b, n, n, 3) uint8 -> (b, 3, n, n) in [0, 1]."""
    return squares.permute(0, 3, 1, 2).float() / 255


def places(count: int, size: int, device: torch.device) -> Tensor:
    """(count, size, size, 2): the middles of pixels, [-1, 1] from edge to edge."""
    line = (torch.arange(size, device=device) + 0.5) * (2 / size) - 1
    return torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).expand(count, -1, -1, -1)


def placed(grid: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """z -> matrix z + offset for a grid (b, h, w, 2)."""
    flat = grid.flatten(1, 2) @ matrix.mT + offset[:, None]
    return flat.view_as(grid)


def bending(count: int, size: int, spread: float, generator: torch.Generator) -> Tensor:
    """(b, size, size, 2): where each place looks beside itself, smooth between few points."""
    knots = torch.randn(count, 2, CELLS, CELLS, generator=generator) * spread
    smooth = F.interpolate(knots, size=(size, size), mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1)


def recoloured(faces: Tensor, style: WarpStyle, generator: torch.Generator) -> Tensor:
    """(b, 3, n, n) in another light, in [0, 1]."""
    count = len(faces)
    light = uniform(generator, count, 2, 1, 1, low=-1, high=1) * style.light
    tint = uniform(generator, count, 3, 1, 1, low=-1, high=1) * style.tint
    gain = ((1 + light[:, :1]) * (1 + tint)).to(faces.device)
    middle = faces.mean(dim=(1, 2, 3), keepdim=True)
    contrast = 1 + 0.5 * light[:, 1:].to(faces.device)
    return (((faces - middle) * contrast + middle) * gain).clamp(0, 1)


def sampled(faces: Tensor, grid: Tensor) -> Tensor:
    """Read at ``grid`` (b, h, w, 2), [-1, 1] from edge to edge; the rim goes on."""
    return F.grid_sample(faces, grid, "bilinear", "border", align_corners=False)


def feature_rows(names: Sequence[str]) -> list[int]:
    """Landmarks of eyes, irises and mouth."""
    wanted = ("eye_", "iris_", "lip_")
    return [row for row, name in enumerate(names) if name.startswith(wanted)]

"""How perceptual losses that need no download judge blur and misplacement.

    python benchmarks/perceptual.py --bank BANK

For each loss: what a slight blur costs beside a shift by 0.7 pixels (more: sharper pictures), a
strong one beside a shift by 3; and the share of pictures that the gradient leads home from a shift
by so many of 64 pixels (within 60 degrees).
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

import deepmeme
from deepmeme.data.bank import open_bank
from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures
from deepmeme.losses.reconstruction import gradient_l1, pyramid_l1, ssim_loss
from deepmeme.models.motion.families import load_network
from deepmeme.nn.grid import coordinate_grid

Loss = Callable[[Tensor, Tensor], Tensor]
SIZE, RIM = 96, 16
SHIFTS = (1, 3, 6, 10)


def structure(made: Tensor, wanted: Tensor) -> Tensor:
    """L1, gradients and SSIM at three sizes."""
    total = made.new_zeros(())
    for level in range(3):
        if level:
            made, wanted = F.avg_pool2d(made, 2), F.avg_pool2d(wanted, 2)
        total = total + (made - wanted).abs().mean() + gradient_l1(made, wanted)
        total = total + 0.3 * ssim_loss(made, wanted)
    return total


def portrait_encoder() -> Callable[[Tensor], list[Tensor]]:
    """Feature maps of the shipped model's encoder."""
    folder = Path(deepmeme.__file__).parent / "weights" / "bundled" / "portrait"
    encoder = load_network("portrait", folder / "weights.safetensors").requires_grad_(False).encoder
    return lambda x: [part for part in encoder(x) if torch.is_tensor(part) and part.dim() == 4]


def blurred(pictures: Tensor, times: int) -> Tensor:
    """By a binomial of five pixels, again and again."""
    line = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    kernel = (line[:, None] * line).expand(3, 1, 5, 5)
    for _ in range(times):
        padded = F.pad(pictures, (2, 2, 2, 2), mode="replicate")
        pictures = F.conv2d(padded, kernel, groups=3)
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--bank", type=Path, required=True, help="as deepmeme data prepare makes")
    bank = open_bank(parser.parse_args().bank)
    torch.set_num_threads(1)
    rows = np.linspace(0, bank.shape.groups - 1, 32).astype(int) * bank.shape.frames_per_group
    small = [
        cv2.resize(np.asarray(bank.frames[row]), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        for row in rows
    ]
    pictures = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 255
    angle = torch.rand(len(pictures), generator=torch.Generator().manual_seed(0)) * 6.283
    direction = torch.stack([angle.cos(), angle.sin()], -1)
    grid = coordinate_grid(SIZE, SIZE)

    def shifted(by: Tensor) -> Tensor:
        places = grid + (by * 2 / (SIZE - 1))[:, None, None]
        return F.grid_sample(pictures, places, align_corners=True)[..., RIM:-RIM, RIM:-RIM]

    target = pictures[..., RIM:-RIM, RIM:-RIM]
    scales, weights = (1.0, 0.5, 0.25), (10.0,) * 5
    losses: dict[str, Loss] = {
        "pyramid L1": pyramid_l1,
        "L1, gradients, SSIM": structure,
        "portrait encoder": PyramidDistance(portrait_encoder(), scales=scales, weights=weights),
        "seeded features": PyramidDistance(SeededFeatures(), scales=scales, weights=weights),
    }
    for name, loss in losses.items():
        home, started = {}, time.process_time()
        for far in SHIFTS:
            by = (direction * far).requires_grad_(True)
            (slope,) = torch.autograd.grad(loss(shifted(by), target), by)
            home[far] = float((F.cosine_similarity(slope, direction, dim=-1) > 0.5).float().mean())
        elapsed = (time.process_time() - started) / (len(SHIFTS) * len(pictures))
        with torch.no_grad():
            cost = [float(loss(blurred(target, times), target)) for times in (2, 6)]
            near, far_off = (float(loss(shifted(direction * px), target)) for px in (0.7, 3))
        figures = {
            "slight blur": round(cost[0] / near, 2),
            "strong blur": round(cost[1] / far_off, 2),
            "home from": {px: round(share, 2) for px, share in home.items()},
            "ms a picture": round(1000 * elapsed, 1),
        }
        print(json.dumps({"loss": name, **figures}))


if __name__ == "__main__":
    main()

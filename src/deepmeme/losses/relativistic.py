"""A GAN's losses that hold still: relativistic scores and penalised slopes (R3GAN, Huang et al.
2024): the critic says how much more real a real picture looks than a made one."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def critic_loss(real: Tensor, made: Tensor) -> Tensor:
    """(b,) and (b,) scores: mean log(1 + exp(made - real)), equation 1 there."""
    return F.softplus(made.float() - real.float()).mean()


def painter_loss(real: Tensor, made: Tensor) -> Tensor:
    """The same the other way round; gradients go into ``made`` alone."""
    return F.softplus(real.detach().float() - made.float()).mean()


def slope_penalty(critic: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """Mean squared gradient of the scores by the pictures (b, 3, h, w), summed over a picture:
    R1 for real ones (Mescheder et al. 2018), R2 for made ones; weigh it by gamma / 2. bfloat16 will
    do (gradients turn by 2 degrees), float16 overflows."""
    seen = pictures.detach().float().requires_grad_(True)
    kind = seen.device.type
    with torch.autocast(
        kind, enabled=torch.is_autocast_enabled(kind)
        and torch.get_autocast_dtype(kind) is torch.bfloat16, dtype=torch.bfloat16
    ):  # fmt: skip
        scores = critic(seen)
    (slope,) = torch.autograd.grad(scores.float().sum(), seen, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()

"""A GAN's losses that hold still: relativistic scores and penalised slopes (R3GAN, Huang et al.
2024): the critic says how much more real a real picture looks than a made one."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def critic_loss(real: Tensor, made: Tensor) -> Tensor:
    """(b,) and (b,) scores, or (b, 1 + p) with one for each place as well: mean of
    log(1 + exp(made - real)), equation 1 there."""
    return _evened(F.softplus(made.float() - real.float())).mean()


def painter_loss(real: Tensor, made: Tensor) -> Tensor:
    """The same the other way round; gradients go into ``made`` alone."""
    return critic_loss(made, real.detach())


def _evened(scores: Tensor) -> Tensor:
    """(b,): what is said of the whole counts as much as what is said of all places."""
    if scores.ndim == 1 or scores.shape[1] == 1:
        return scores.reshape(len(scores))
    return 0.5 * (scores[:, 0] + scores[:, 1:].mean(1))


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
    (slope,) = torch.autograd.grad(_evened(scores.float()).sum(), seen, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()

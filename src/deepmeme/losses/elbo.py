"""The evidence lower bound of a VAE (Kingma and Welling 2014), with what keeps it from collapsing.

beta weighs the code's cost (Higgins et al. 2017); free bits leave each number some of it unpaid
(Kingma et al. 2016, equation 15), so that it is not given up before it has learnt to tell anything.
"""

from torch import Tensor


def kl_per_number(mean: Tensor, log_var: Tensor) -> Tensor:
    """(b, d) and (b, d) -> (d,) nats that each number of the code costs, mean over the batch:
    KL from its Gaussian to N(0, 1)."""
    mean, log_var = mean.float(), log_var.float()
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var).mean(0)


def code_cost(nats: Tensor, free: float) -> Tensor:
    """(d,) -> their sum; each counts ``free`` at least and teaches nothing below."""
    return nats.clamp(min=free).sum()


def in_use(nats: Tensor, least: float = 0.05) -> int:
    """How many numbers of the code tell anything."""
    return int((nats > least).sum())


def warmed(step: int, steps: int) -> float:
    """From 0 to 1 over the first steps: the code learns to tell before it learns to be cheap."""
    return 1.0 if steps <= 0 else min(1.0, (step + 1) / steps)

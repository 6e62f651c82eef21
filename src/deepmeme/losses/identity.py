"""What one person's pictures should have in common, and other people's should not."""

import torch
import torch.nn.functional as F
from torch import Tensor

_SCALE, _MARGIN = 20.0, 0.25
_TEMPERATURE = 0.1


def cosine_margin(
    cosines: Tensor, people: Tensor, *, scale: float = _SCALE, margin: float = _MARGIN
) -> Tensor:
    """Softmax over people, whose right one must win by ``margin`` (Wang et al. 2018, CosFace).

    ``cosines`` (b, p) to the direction of each person; ``people`` (b,) who it is.
    """
    right = F.one_hot(people, cosines.shape[1]).to(cosines)
    return F.cross_entropy(scale * (cosines - margin * right), people)


def supervised_contrast(
    vectors: Tensor, people: Tensor, *, temperature: float = _TEMPERATURE
) -> Tensor:
    """Each vector finds its person's others among the batch (Khosla et al. 2020).

    ``vectors`` (b, d) of length 1; ``people`` (b,) whose they are. Vectors without another of their
    person count nothing.
    """
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    logits = (vectors @ vectors.T / temperature).masked_fill(itself, float("-inf"))
    log_share = logits - logits.logsumexp(1, keepdim=True)
    same = (people[:, None] == people[None]) & ~itself
    partners = same.sum(1)
    found = log_share.masked_fill(~same, 0.0).sum(1) / partners.clamp(min=1)
    return -(found * (partners > 0)).sum() / (partners > 0).sum().clamp(min=1)

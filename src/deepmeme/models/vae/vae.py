"""The variational autoencoder of faces (Kingma and Welling, 2014), and the plain one."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepmeme.models.vae.config import VaeConfig
from deepmeme.nn.painter import Painter
from deepmeme.nn.shrinker import Shrinker

LOG_VAR_RANGE = (-12.0, 4.0)


class Belief(NamedTuple):
    """Where the code of a picture lies: a Gaussian for each number."""

    mean: Tensor
    """(b, d)"""
    log_var: Tensor
    """(b, d)"""

    def draw(self) -> Tensor:
        """(b, d) a code, by the reparametrisation of equation 4."""
        return self.mean + torch.exp(0.5 * self.log_var) * torch.randn_like(self.mean)


class FaceDecoder(Painter):
    """(b, d) -> (b, 3, r, r) in [0, 1]; each layer sees the code."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__(config.latent, config.latent, config.widths)

    def forward(self, code: Tensor) -> Tensor:
        """Codes to pictures."""
        return torch.sigmoid(self.paint(code, code))


class FaceEncoder(Shrinker):
    """(b, 3, r, r) in [0, 1] -> (b, d) for an autoencoder, (b, 2 d) for a VAE."""

    def __init__(self, config: VaeConfig) -> None:
        out = config.latent * (2 if config.variational else 1)
        super().__init__(config.resolution, config.widths[-2::-1], out)


class Vae(nn.Module):
    """Encoder and decoder; where traits of the faces are known, what reads them from codes, so that
    codes tell of small things that are soon said, like lips apart."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = FaceEncoder(config), FaceDecoder(config)
        self.probe = nn.Linear(config.latent, config.traits) if config.traits else None

    def encode(self, pictures: Tensor) -> Belief:
        """Pictures in [0, 1] to where their codes lie; a plain autoencoder is sure."""
        out: Tensor = self.encoder(pictures)
        if not self.config.variational:
            return Belief(out, torch.full_like(out, LOG_VAR_RANGE[0]))
        mean, log_var = out.chunk(2, dim=1)
        return Belief(mean, log_var.clamp(*LOG_VAR_RANGE))

    def decode(self, code: Tensor) -> Tensor:
        """(b, d) -> (b, 3, r, r) in [0, 1]."""
        pictures: Tensor = self.decoder(code)
        return pictures

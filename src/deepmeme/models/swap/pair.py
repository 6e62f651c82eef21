"""Whatever the architecture: faces to codes, a code to the face of one of two people."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from deepmeme.models.swap.config import SwapConfig


class Painted(NamedTuple):
    """What a decoder makes."""

    picture: Tensor
    """(b, 3, r, r) in [0, 1]."""
    mask: Tensor
    """(b, 1, r, r) in [0, 1], what of the picture is face."""


class Pair(Protocol):
    """A shared encoder and a decoder each, as one network."""

    config: SwapConfig

    def encode(self, faces: Tensor) -> Tensor:
        """(b, 3, r, r) in [0, 1] -> codes, whatever their shape."""

    def decode(self, code: Tensor, side: int) -> Painted:
        """The face of A (0) or B (1)."""


class TwoDecoders(nn.Module):
    """quick, classic and df."""

    def __init__(
        self, config: SwapConfig, encoder: nn.Module, decoder_a: nn.Module, decoder_b: nn.Module
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.decoder_a, self.decoder_b = decoder_a, decoder_b

    def encode(self, faces: Tensor) -> Tensor:
        """(b, 3, r, r) in [0, 1] -> codes."""
        return self.encoder(faces)  # type: ignore[no-any-return]

    def decode(self, code: Tensor, side: int) -> Painted:
        """The face of A (0) or B (1)."""
        painted: Painted = (self.decoder_b if side else self.decoder_a)(code)
        return painted


class SharedDecoder(nn.Module):
    """liae: one decoder, codes that say whose face it is. A is its source, B its destination."""

    def __init__(
        self,
        config: SwapConfig,
        encoder: nn.Module,
        inter_ab: nn.Module,
        inter_b: nn.Module,
        decoder: nn.Module,
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = encoder, decoder
        self.inter_ab, self.inter_b = inter_ab, inter_b

    def encode(self, faces: Tensor) -> Tensor:
        """(b, 3, r, r) in [0, 1] -> both inters' codes beside each other."""
        flat = self.encoder(faces)
        return torch.cat([self.inter_ab(flat), self.inter_b(flat)], dim=1)

    def decode(self, code: Tensor, side: int) -> Painted:
        """The face of A (0) or B (1)."""
        shared, own = code.chunk(2, dim=1)
        painted: Painted = self.decoder(torch.cat([own if side else shared, shared], dim=1))
        return painted

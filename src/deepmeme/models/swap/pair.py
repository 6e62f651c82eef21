"""Whatever the architecture: faces to codes, a code to the face of one of two people."""

from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from deepmeme.models.swap.config import SwapConfig

SPREAD_SHARE, VAR_FLOOR = 0.05, 1e-4


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


class Spread(nn.Module):
    """Mean and variance of one person's codes (b, n), as they come by while a pair learns."""

    mean: Tensor
    var: Tensor
    seen: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def note(self, code: Tensor) -> None:
        """Codes of one batch."""
        self.seen += 1
        share = max(SPREAD_SHARE, 1 / int(self.seen))
        self.mean.lerp_(code.detach().float().mean(0), share)
        self.var.lerp_(code.detach().float().var(0, unbiased=False), share)

    def taken_off(self, code: Tensor) -> Tensor:
        """Mean 0 and variance 1 over this person's codes."""
        return (code - self.mean) * torch.rsqrt(self.var + VAR_FLOOR)

    def taken_on(self, unit: Tensor) -> Tensor:
        """Back from :meth:`taken_off`, or on from another's."""
        return unit * torch.sqrt(self.var + VAR_FLOOR) + self.mean


class TwoDecoders(nn.Module):
    """quick, classic and df.

    With quick the same expression lies at other places for other faces, by an offset that is each
    person's own. So a face that is swapped has its code moved from its person's mean and spread to
    those of the wanted one (as AdaIN moves features, Huang and Belongie 2017, equation 8).
    """

    def __init__(
        self, config: SwapConfig, encoder: nn.Module, decoder_a: nn.Module, decoder_b: nn.Module
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.decoder_a, self.decoder_b = decoder_a, decoder_b
        quick = config.architecture == "quick"
        self.spreads = nn.ModuleList(Spread(config.code) for _ in (0, 1)) if quick else None

    @torch.no_grad()
    def note(self, faces: Tensor, side: int) -> None:
        """Where one person's codes lie, while learning: of faces as they are, neither bent nor
        moved, since those are what will be swapped."""
        if self.spreads is None:
            return
        self.encoder.eval()
        cast(Spread, self.spreads[side]).note(self.encode(faces))
        self.encoder.train()

    def shared(self, code: Tensor, side: int) -> Tensor:
        """One person's code without what is that person's alone."""
        return code if self.spreads is None else cast(Spread, self.spreads[side]).taken_off(code)

    def swap(self, code: Tensor, to: int) -> Painted:
        """The code of a face of the other person, as the face of A (0) or B (1)."""
        if self.spreads is not None:
            code = cast(Spread, self.spreads[to]).taken_on(self.shared(code, 1 - to))
        return self.decode(code, to)

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

    def note(self, faces: Tensor, side: int) -> None:
        """Nothing to note: its codes are shared by their making."""

    def shared(self, code: Tensor, side: int) -> Tensor:
        """One person's code without what is that person's alone: all of what both inters say."""
        return code

    def swap(self, code: Tensor, to: int) -> Painted:
        """The code of a face of the other person, as the face of A (0) or B (1)."""
        return self.decode(code, to)

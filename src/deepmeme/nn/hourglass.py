"""U-Net of plain blocks: halve ``num_blocks`` times, double back, keep every skip."""

import torch
from torch import Tensor, nn

from deepmeme.nn.blocks import DownBlock, UpBlock


def width(block_expansion: int, max_features: int, level: int) -> int:
    """Channels at ``level`` halvings: block_expansion 2^level, at most max_features."""
    return int(min(max_features, block_expansion * 2**level))


class Encoder(nn.Module):
    """(b, c, h, w) -> all levels, the input first."""

    def __init__(
        self, block_expansion: int, in_features: int, *, num_blocks: int, max_features: int
    ) -> None:
        super().__init__()
        widths = [in_features] + [
            width(block_expansion, max_features, level) for level in range(1, num_blocks + 1)
        ]
        self.down_blocks = nn.ModuleList(
            DownBlock(widths[i], widths[i + 1]) for i in range(num_blocks)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class Decoder(nn.Module):
    """All levels -> (b, out_features, h, w)."""

    def __init__(
        self, block_expansion: int, in_features: int, *, num_blocks: int, max_features: int
    ) -> None:
        super().__init__()
        blocks = []
        for level in reversed(range(num_blocks)):
            deepest = level == num_blocks - 1
            from_below = width(block_expansion, max_features, level + 1)
            blocks.append(
                UpBlock(
                    from_below if deepest else 2 * from_below,
                    width(block_expansion, max_features, level),
                )
            )
        self.up_blocks = nn.ModuleList(blocks)
        self.out_features = block_expansion + in_features

    def forward(self, levels: list[Tensor]) -> Tensor:
        out, *skips = reversed(levels)
        for block, skip in zip(self.up_blocks, skips, strict=True):
            out = torch.cat([block(out), skip], dim=1)
        return out


class Hourglass(nn.Module):
    """(b, in_features, h, w) -> (b, block_expansion + in_features, h, w)."""

    def __init__(
        self, block_expansion: int, in_features: int, *, num_blocks: int, max_features: int
    ) -> None:
        super().__init__()
        self.encoder = Encoder(
            block_expansion, in_features, num_blocks=num_blocks, max_features=max_features
        )
        self.decoder = Decoder(
            block_expansion, in_features, num_blocks=num_blocks, max_features=max_features
        )
        self.out_features = self.decoder.out_features

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decoder(self.encoder(x))
        return out

"""What every network that dreams up faces is built from: plain numbers, no torch."""

from dataclasses import dataclass

from deepmeme.errors import InputError

SIZES = (32, 64, 128, 256)


@dataclass(frozen=True)
class PaintedConfig:
    """A network from codes to pictures.

    Raises:
        InputError: sizes that it cannot have.
    """

    resolution: int = 128
    """Side of the pictures."""
    latent: int = 96
    """Numbers of a code."""
    width: int = 16
    """Channels at full size; they double with each halving, up to ``most``."""
    most: int = 128

    def __post_init__(self) -> None:
        if self.resolution not in SIZES:
            sizes = ", ".join(map(str, SIZES))
            raise InputError(
                f"Faces of {self.resolution} pixels are not possible; choose from {sizes}."
            )
        if not 1 <= self.latent <= 1024:
            raise InputError(f"A code has 1 to 1024 numbers; found {self.latent}.")
        check_widths(self.width, self.most)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level, 4 x 4 places first."""
        return widths_of(self.resolution, self.width, self.most)


def widths_of(resolution: int, width: int, most: int) -> tuple[int, ...]:
    """Channels from 4 x 4 places up to ``resolution``."""
    levels = (resolution // 4).bit_length()
    return tuple(min(most, width << level) for level in reversed(range(levels)))


def full_width(resolution: int) -> int:
    """Channels at full size, so that coarse layers are as wide whatever the size: 16 at 128."""
    return max(8, 2048 // max(1, resolution))


def check_widths(width: int, most: int) -> None:
    """Raises InputError where layers cannot have these widths."""
    if width % 8 or most % 8 or not 8 <= width <= most <= 1024:
        raise InputError(f"Channels are multiples of 8 from 8 to 1024; found {width} up to {most}.")

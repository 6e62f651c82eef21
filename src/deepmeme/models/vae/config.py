"""What a VAE of faces is built from: plain numbers, no torch."""

from dataclasses import dataclass

from deepmeme.errors import InputError

SIZES = (32, 64, 128, 256)


@dataclass(frozen=True)
class VaeConfig:
    """An encoder and a decoder.

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
    variational: bool = True
    """Codes are places and spreads, not places alone: a VAE, not an autoencoder."""

    def __post_init__(self) -> None:
        check_size(self.resolution)
        check_widths(self.latent, self.width, self.most)

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
    check_size(resolution)
    return max(8, 2048 // resolution)


def check_size(resolution: int) -> None:
    """Raises InputError where no network has this size."""
    if resolution not in SIZES:
        sizes = ", ".join(map(str, SIZES))
        raise InputError(f"Faces of {resolution} pixels are not possible; choose from {sizes}.")


def check_widths(latent: int, width: int, most: int) -> None:
    """Raises InputError where layers cannot have these widths."""
    if not 1 <= latent <= 1024:
        raise InputError(f"A code has 1 to 1024 numbers; found {latent}.")
    if width % 8 or most % 8 or not 8 <= width <= most <= 1024:
        raise InputError(f"Channels are multiples of 8 from 8 to 1024; found {width} up to {most}.")

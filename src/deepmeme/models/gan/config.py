"""What a GAN of faces is built from: plain numbers, no torch."""

from dataclasses import dataclass

from deepmeme.errors import InputError
from deepmeme.models.vae.config import check_size, check_widths, widths_of


@dataclass(frozen=True)
class GanConfig:
    """A generator and its critic.

    Raises:
        InputError: sizes that they cannot have.
    """

    resolution: int = 128
    """Side of the pictures."""
    latent: int = 96
    """Numbers of a code."""
    width: int = 16
    """Channels at full size; they double with each halving, up to ``most``."""
    most: int = 160
    mapping: int = 2
    """Layers between a code and the vector that tunes the painter."""
    critic: int = 24
    """The critic's channels at full size."""
    critic_most: int = 192

    def __post_init__(self) -> None:
        check_size(self.resolution)
        check_widths(self.latent, self.width, self.most)
        check_widths(self.latent, self.critic, self.critic_most)
        if not 0 <= self.mapping <= 8:
            raise InputError(f"A mapping has 0 to 8 layers; found {self.mapping}.")

    @property
    def widths(self) -> tuple[int, ...]:
        """The generator's channels, 4 x 4 places first."""
        return widths_of(self.resolution, self.width, self.most)

    @property
    def critic_widths(self) -> tuple[int, ...]:
        """The critic's channels, full size first."""
        return widths_of(self.resolution, self.critic, self.critic_most)[::-1]

"""What a GAN of faces is built from: plain numbers, no torch."""

from dataclasses import dataclass

from deepmeme.errors import InputError
from deepmeme.models.painted import PaintedConfig, check_widths, widths_of


@dataclass(frozen=True)
class GanConfig(PaintedConfig):
    """A generator and its critic.

    Raises:
        InputError: sizes that they cannot have.
    """

    mapping: int = 2
    """Layers between a code and the vector that tunes the painter."""
    critic: int = 16
    """The critic's channels at full size."""
    critic_most: int = 160

    def __post_init__(self) -> None:
        super().__post_init__()
        check_widths(self.critic, self.critic_most)
        if not 0 <= self.mapping <= 8:
            raise InputError(f"A mapping has 0 to 8 layers; found {self.mapping}.")

    @property
    def critic_widths(self) -> tuple[int, ...]:
        """The critic's channels, full size first."""
        return widths_of(self.resolution, self.critic, self.critic_most)[::-1]

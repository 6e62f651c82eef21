"""What a VAE of faces is built from: plain numbers, no torch."""

from dataclasses import dataclass

from deepmeme.models.painted import PaintedConfig


@dataclass(frozen=True)
class VaeConfig(PaintedConfig):
    """An encoder and a decoder.

    Raises:
        InputError: sizes that they cannot have.
    """

    variational: bool = True
    """Codes are places and spreads, not places alone: a VAE, not an autoencoder."""
    traits: int = 0
    """Traits that are read from codes while learning, where they are known."""

"""What the pairs of autoencoders are built from: plain numbers, no torch.

Sizes and counts are those of the published programs (``faceswap``'s original, DeepFaceLab's df and
liae), so that what is known of them holds here, too; ``quick`` is ours.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from deepmeme.errors import InputError, WeightsError

ARCHITECTURES = ("quick", "classic", "df", "liae")


@dataclass(frozen=True)
class SwapConfig:
    """One pair of autoencoders.

    Raises:
        InputError: sizes that the architecture cannot have.
    """

    architecture: str = "quick"
    resolution: int = 64
    """Side of the squares."""
    code: int = 256
    """Numbers that a face is squeezed into."""
    encoder: int = 64
    """Width of the encoder's first layer."""
    decoder: int = 64
    """Width of the decoder's last layers."""
    mask: int = 22
    """The same of the branch that draws the mask."""
    style: int = 128
    """Numbers of a person's look; quick only."""
    doubled: bool = False
    """Paint at half the size, four pixels at a time ("-d"), and norm the code ("-u"): df, liae."""

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise InputError(
                f"There is no architecture {self.architecture!r}; choose from "
                f"{', '.join(ARCHITECTURES)}."
            )
        step = 32 if self.doubled or self.architecture == "classic" else 16
        if self.resolution % step or not step <= self.resolution <= 1024:
            raise InputError(
                f"The resolution {self.resolution} is not possible for {self.architecture}; give "
                f"a multiple of {step} up to 1024."
            )
        widths = (self.code, self.encoder, self.decoder, self.mask, self.style)
        if not all(type(width) is int and 1 <= width <= 8192 for width in widths):
            raise InputError(f"Widths of a network lie between 1 and 8192; found {widths}.")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "SwapConfig":
        """Back from ``as_dict``.

        Raises:
            WeightsError: unknown keys.
        """
        unknown = sorted(set(facts) - {entry.name for entry in fields(cls)})
        if unknown:
            raise WeightsError(f"The configuration of a swap has no {', '.join(unknown)}.")
        return cls(**facts)


PRESETS: dict[str, SwapConfig] = {
    "quick": SwapConfig("quick", 64, code=96, encoder=32, decoder=24),
    "classic": SwapConfig("classic", 64, code=1024, encoder=128, decoder=64),
    "df": SwapConfig("df", 128),
    "df-ud": SwapConfig("df", 128, doubled=True),
    "liae": SwapConfig("liae", 128),
    "liae-ud": SwapConfig("liae", 128, doubled=True),
}
"""By the names that users know."""


def preset(name: str, resolution: int | None = None) -> SwapConfig:
    """A preset, at another resolution if given.

    Raises:
        InputError: no such preset, or a resolution that it cannot have.
    """
    if name not in PRESETS:
        raise InputError(f"There is no preset {name!r}; choose from {', '.join(PRESETS)}.")
    found = PRESETS[name]
    if resolution in (None, found.resolution):
        return found
    if found.architecture in ("quick", "classic"):
        raise InputError(
            f"{name} works at {found.resolution} pixels; for {resolution} take df or liae."
        )
    return replace(found, resolution=int(resolution or 0))

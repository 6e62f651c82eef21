"""A trained VAE or GAN of faces, ready to run: seeds to codes, codes to faces, traits to turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.runtime.stages import Floats, open_stage
from deepmeme.weights.checkpoint import file_sha256
from deepmeme.weights.folder import checked_file, read_card
from deepmeme.weights.safetensors_file import open_safetensors

Frames = NDArray[np.uint8]
Family = Literal["vae", "gan"]
FAMILIES: tuple[Family, ...] = ("vae", "gan")
TRAITS_FILE = "traits.safetensors"
MOST_STEPS = 6.0
"""Nobody lies further out along a trait."""
_DRAWN = 512
"""Codes whose mean is the middle of all."""


@dataclass(frozen=True)
class Traits:
    """What directions in the code mean."""

    names: tuple[str, ...]
    directions: Floats
    """(k, d) one step of each: a standard deviation of the trait among faces, the others' held."""
    readings: Floats
    """(k, d) and"""
    offsets: Floats
    """(k,): ``readings @ code + offsets`` is how far a code is along each, in the same steps."""


class DreamInfo(NamedTuple):
    """Facts about a loaded model."""

    name: str
    family: Family
    resolution: int
    latent: int
    """Numbers of a code."""
    sha256: str
    """Of the network that paints."""


class DreamModel:
    """Codes are what is drawn, edited, walked between and kept: (n, d) of float32. For a VAE they
    are Gaussian; a GAN's come out of its mapping network."""

    def __init__(self, folder: Path, *, precision: str = "fp32") -> None:
        """Open a folder that ``deepmeme train export`` wrote.

        Raises:
            WeightsError: its files are missing, damaged or of another family.
        """
        card = read_card(folder)
        if card.get("family") not in FAMILIES:
            raise WeightsError(
                f"{folder} holds a model of the family {card.get('family')!r}; dreaming needs a "
                "vae or a gan."
            )
        self._stages: Mapping[str, Any] = card.get("stages", {})
        if "paint" not in self._stages:
            raise WeightsError(f"{folder / 'model.json'} names no network 'paint'.")
        self._open = lru_cache(lambda stage: open_stage(folder, stage, precision=precision))
        self.folder = folder
        self.info = DreamInfo(
            str(card.get("name", folder.name)), card["family"], int(card["resolution"]),
            int(card["latent"]), str(self._stages["paint"]["sha256"]),
        )  # fmt: skip
        self.traits = _traits(folder, card)

    def codes(self, count: int, seed: int, *, variety: float = 1.0) -> Floats:
        """(count, d) drawn from a seed; the n-th is the same however many are drawn.

        Args:
            count: how many.
            seed: equal seeds give equal codes.
            variety: how far from the middle of all faces they go: below 1 calmer and truer, above
                it stranger (the truncation of Karras et al. 2019).

        Raises:
            InputError: fewer than one, or a variety below 0 or above 2.
        """
        if count < 1:
            raise InputError(f"{count} faces cannot be dreamt up; ask for one at least.")
        if not 0 <= variety <= 2:
            raise InputError(f"A variety of {variety:g} is not possible; choose 0 to 2.")
        drawn = self._drawn(range(count), seed)
        if variety == 1:
            return drawn
        return np.asarray(self.middle + variety * (drawn - self.middle), np.float32)

    @cached_property
    def middle(self) -> Floats:
        """(d,) the mean of all codes."""
        return np.asarray(self._drawn(range(_DRAWN), 0).mean(0, keepdims=False), np.float32)

    def _drawn(self, numbers: range, seed: int) -> Floats:
        rows = [
            np.random.default_rng((seed, number)).standard_normal(self.info.latent)
            for number in numbers
        ]
        drawn = np.asarray(rows, np.float32)
        if "map" not in self._stages:
            return drawn
        return np.concatenate([self._open("map")(row[None])["code"] for row in drawn])

    def paint(self, codes: Floats) -> Frames:
        """(n, d) -> (n, r, r, 3).

        Raises:
            InputError: codes of another model.
        """
        codes = self._checked(codes)
        made = [self._open("paint")(row[None])["pictures"][0] for row in codes]
        pictures = np.stack(made).transpose(0, 2, 3, 1)
        return np.asarray(np.rint(pictures.clip(0, 1) * 255), np.uint8)

    @property
    def sees(self) -> bool:
        """Whether it has an encoder."""
        return "encode" in self._stages

    def encode(self, pictures: Frames) -> Floats:
        """(n, r, r, 3) -> (n, d): the codes that paint them best, at a glance.

        Raises:
            InputError: this model has no encoder, or pictures of another size.
        """
        if not self.sees:
            raise InputError(
                f"{self.info.name} is a GAN and has no encoder. Take the VAE, or look for the code "
                "with `deepmeme faces encode --search` (needs deepmeme[train])."
            )
        unit = as_unit_nchw(pictures, self.info.resolution)
        return np.concatenate([self._open("encode")(row[None])["code"] for row in unit])

    def edited(self, codes: Floats, steps: Mapping[str, float]) -> Floats:
        """Codes moved along traits, in standard deviations of them.

        Raises:
            InputError: a trait that this model doesn't know, or one pushed too far.
        """
        codes = self._checked(codes)
        known = self.traits.names if self.traits else ()
        for name, step in steps.items():
            if name not in known:
                names = ", ".join(known) or "none"
                raise InputError(f"{self.info.name} knows no {name!r}; it knows {names}.")
            if not abs(step) <= MOST_STEPS:
                raise InputError(
                    f"{name} {step:+g} lies beyond all faces; go up to {MOST_STEPS:g} either way."
                )
        if not steps or self.traits is None:
            return codes
        rows = [known.index(name) for name in steps]
        moved = np.array(list(steps.values()), np.float32) @ self.traits.directions[rows]
        return np.asarray(codes + moved, np.float32)

    def read(self, codes: Floats) -> dict[str, Floats]:
        """How far codes are along each trait, (n,) each, in standard deviations of faces."""
        codes = self._checked(codes)
        if self.traits is None:
            return {}
        found = codes @ self.traits.readings.T + self.traits.offsets
        return {name: found[:, row] for row, name in enumerate(self.traits.names)}

    def _checked(self, codes: Floats) -> Floats:
        codes = np.asarray(codes, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self.info.latent or not np.isfinite(codes).all():
            raise InputError(
                f"Codes of {self.info.name} have {self.info.latent} finite numbers; found "
                f"{codes.shape}. Codes of one model mean nothing to another."
            )
        return codes


def between(start: Floats, end: Floats, shares: Sequence[float], *, round_: bool) -> Floats:
    """(n, d) on the way from one code (d,) to another; ``round_`` keeps the length, as Gaussian
    codes of many numbers all have about one (slerp, Shoemake 1985)."""
    ways = np.asarray(shares, np.float32)[:, None]
    straight = start * (1 - ways) + end * ways
    if not round_:
        return np.asarray(straight, np.float32)
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    cosine = float(start @ end) / max(float(lengths[0] * lengths[1]), 1e-9)
    angle = float(np.arccos(np.clip(cosine, -1, 1)))
    if angle < 1e-3 or angle > np.pi - 1e-3:
        return np.asarray(straight, np.float32)
    first, second = np.sin((1 - ways) * angle), np.sin(ways * angle)
    return np.asarray((first * start + second * end) / np.sin(angle), np.float32)


def open_dream(folder: Path | str, *, precision: str = "fp32") -> DreamModel:
    """The model in a folder.

    Raises:
        InputError: there is no model in it.
        WeightsError: its files are missing, damaged or of another family.
    """
    root = Path(folder)
    if not (root / "model.json").is_file():
        raise InputError(
            f"{root} holds no model: it has no model.json. Train one with `deepmeme train vae`, "
            "then `deepmeme train export RUN -o FOLDER`."
        )
    return DreamModel(root, precision=precision)


def write_traits(traits: Traits, folder: Path) -> dict[str, Any]:
    """Keep traits in a folder; what ``model.json`` says of them."""
    from safetensors.numpy import save_file

    path = folder / TRAITS_FILE
    arrays = {name: np.ascontiguousarray(getattr(traits, name), np.float32)
              for name in ("directions", "readings", "offsets")}  # fmt: skip
    save_file(arrays, str(path))
    path.chmod(0o644)
    return {"file": path.name, "sha256": file_sha256(path), "names": list(traits.names)}


def _traits(folder: Path, card: Mapping[str, Any]) -> Traits | None:
    entry = card.get("traits")
    if entry is None:
        return None
    file = checked_file(folder, entry)
    stored = open_safetensors(file).tensors
    names = tuple(map(str, entry["names"]))
    wanted = {"directions", "readings", "offsets"}
    if set(stored) != wanted:
        raise WeightsError(f"{file} should hold {', '.join(sorted(wanted))}.")
    arrays = {name: np.asarray(stored[name].array(), np.float32) for name in wanted}
    shape = (len(names), int(card["latent"]))
    if arrays["directions"].shape != shape or arrays["readings"].shape != shape:
        raise WeightsError(f"{file} should hold directions of {shape[0]} traits.")
    return Traits(names, **arrays)

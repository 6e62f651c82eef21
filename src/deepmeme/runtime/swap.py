"""A trained pair of autoencoders, ready to run: aligned faces in, the other person's faces out."""

from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.runtime.stages import Floats, open_stage
from deepmeme.weights.folder import read_card

Side = Literal["a", "b"]
SIDES: tuple[Side, ...] = ("a", "b")

STAGES = ("encode", "decode_a", "decode_b")


class Swapped(NamedTuple):
    """What a decoder made."""

    faces: Floats
    """(n, r, r, 3) in [0, 1]."""
    masks: Floats
    """(n, r, r) in [0, 1]: what of the square is face."""


class SwapInfo(NamedTuple):
    """Facts about a loaded model."""

    name: str
    preset: str
    resolution: int
    people: tuple[str, str]
    """What A and B are called."""
    sha256: str
    """Of the encoder."""


class SwapModel(Protocol):
    """Runs one model on one device."""

    @property
    def info(self) -> SwapInfo:
        """Facts about it."""

    def swap(self, faces: NDArray[Any], to: Side) -> Swapped:
        """Aligned faces (n, r, r, 3), uint8 or [0, 1], with person ``to``'s face."""


class OpenVINOSwap:
    """Three ONNX files of a model folder on the CPU: encode, decode_a, decode_b."""

    def __init__(self, folder: Path, *, precision: str = "fp32") -> None:
        """Open the folder.

        Raises:
            WeightsError: its files are missing, damaged or of another family.
            InputError: an unknown precision.
        """
        card = read_card(folder)
        if card.get("family") != "swap":
            raise WeightsError(
                f"{folder} holds a model of the family {card.get('family')!r}, expected a swap: "
                "the folder that `deepmeme swap train` wrote."
            )
        self._stages = {s: open_stage(folder, s, precision=precision) for s in STAGES}
        people = tuple(map(str, card.get("people", ("A", "B"))))
        if len(people) != 2:
            raise WeightsError(f"{folder / 'model.json'} should name two people, not {people}.")
        self._info = SwapInfo(
            str(card.get("name", folder.name)),
            str(card.get("preset", "")),
            int(card["resolution"]),
            (people[0], people[1]),
            str(card["stages"]["encode"]["sha256"]),
        )

    @property
    def info(self) -> SwapInfo:
        """Facts about it."""
        return self._info

    def swap(self, faces: NDArray[Any], to: Side) -> Swapped:
        """Aligned faces (n, r, r, 3), uint8 or [0, 1], with person ``to``'s face.

        Raises:
            InputError: faces of another size.
        """
        made = []
        for row in as_unit_nchw(faces, self._info.resolution):
            code = self._stages["encode"](row[None])["code"]
            made.append(self._stages[f"decode_{to}"](code))
        pictures = np.concatenate([row["picture"] for row in made])
        masks = np.concatenate([row["mask"] for row in made])[:, 0]
        return Swapped(np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)), masks)


def open_swap(folder: Path | str, *, precision: str = "fp32") -> OpenVINOSwap:
    """The model in a folder that ``deepmeme swap train`` or ``train export`` wrote.

    Raises:
        InputError: there is no such folder.
        WeightsError: its files are missing, damaged or of another family.
    """
    folder = model_folder(folder)
    if not (folder / "model.json").is_file():
        raise InputError(
            f"{folder} is no trained swap: it has no model.json. Train one: deepmeme swap train "
            f"FACES_A FACES_B -o {folder}"
        )
    return OpenVINOSwap(folder, precision=precision)


def model_folder(folder: Path | str) -> Path:
    """A model's folder, or the one that a training wrote into its own."""
    folder = Path(folder)
    inside = folder / "model"
    return inside if (inside / "model.json").is_file() else folder

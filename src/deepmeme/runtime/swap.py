"""A trained pair of autoencoders, ready to run: aligned faces in, the other person's faces out."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.weights.checkpoint import file_sha256
from deepmeme.weights.folder import checked_file, read_card

Side = Literal["a", "b"]
SIDES: tuple[Side, ...] = ("a", "b")
Floats = NDArray[np.float32]
Stage = Callable[[Floats], dict[str, Floats]]

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
        hints = {"fp32": "f32", "bf16": "bf16"}
        if precision not in hints:
            raise InputError(f"precision={precision!r}: choose from {', '.join(hints)}.")
        card = read_card(folder)
        if card.get("family") != "swap":
            raise WeightsError(
                f"{folder} holds a model of the family {card.get('family')!r}, expected a swap: "
                "the folder that `deepmeme swap train` wrote."
            )
        files = {stage: checked_file(folder, _entry(card, stage, folder)) for stage in STAGES}
        self._stages = {stage: _compiled(path, hints[precision]) for stage, path in files.items()}
        people = tuple(map(str, card.get("people", ("A", "B"))))
        if len(people) != 2:
            raise WeightsError(f"{folder / 'model.json'} should name two people, not {people}.")
        self._info = SwapInfo(
            str(card.get("name", folder.name)),
            str(card.get("preset", "")),
            int(card["resolution"]),
            (people[0], people[1]),
            file_sha256(files["encode"]),
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


def _entry(card: Mapping[str, Any], stage: str, folder: Path) -> Any:
    stages = card.get("stages")
    if not isinstance(stages, Mapping) or stage not in stages:
        raise WeightsError(f"{folder / 'model.json'} names no network {stage!r}.")
    return stages[stage]


def _compiled(path: Path, hint: str) -> Stage:
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": os.cpu_count() or 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    model: Any = core.compile_model(core.read_model(path), "CPU", settings)
    request = model.create_infer_request()
    names = [port.get_any_name() for port in model.outputs]

    def run(value: Floats) -> dict[str, Floats]:
        request.infer([np.ascontiguousarray(value)], share_inputs=True)
        return {name: np.array(request.get_tensor(name).data, np.float32) for name in names}

    return run

"""A name or a file -> an engine that runs it."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError, WeightsError
from deepmeme.extras import require
from deepmeme.models.motion.config import MotionConfig
from deepmeme.openvino_core import openvino_core
from deepmeme.runtime import openvino_graph
from deepmeme.runtime.engine import ModelInfo
from deepmeme.runtime.openvino_engine import OpenVINOEngine, Stages
from deepmeme.runtime.quantize import Ranges
from deepmeme.weights.checkpoint import MotionCheckpoint, load_checkpoint
from deepmeme.weights.folder import checked_file, read_card
from deepmeme.weights.resolve import resolve

ENGINES = ("auto", "openvino", "torch")
FAMILIES = ("fomm", "portrait")
STAGES = ("detect", "encode", "render")


def load_engine(
    name_or_path: str | Path,
    config: str | Path | None = None,
    *,
    engine: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    align_corners: bool | None = None,
) -> OpenVINOEngine | Any:
    """The engine for a catalogue name, a deepmeme model folder or file, or a published checkpoint.

    Args:
        name_or_path: for example ``"portrait"``, ``"fomm.vox"``, ``"vox-cpk.pth.tar"``.
        config: the YAML of a published checkpoint; its shapes tell the rest if it is left out.
        engine: ``openvino`` (CPU, no PyTorch), ``torch``, or ``auto``: torch where it finds a GPU.
        precision: ``fp32``, ``bf16``, ``int8`` (OpenVINO), ``fp16`` (torch), or ``auto``: int8 on
            the CPU for models that carry its ranges, else fp32; fp16 on CUDA.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``auto``.
        align_corners: overrides how warps sample; see ``docs/checkpoints.md``.

    Raises:
        ModelNotFound, WeightsError, InputError, MissingExtra.
    """
    if engine not in ENGINES:
        raise InputError(f"engine={engine!r} is unknown; choose from {', '.join(ENGINES)}.")
    found = resolve(name_or_path)
    path = found.path
    device = choose_device(engine, device)
    engine = choose_engine(engine, device)
    if is_shipped_folder(path):
        return load_folder(path, engine=engine, precision=precision, device=device)
    checkpoint = load_checkpoint(path, config or found.preset)
    if align_corners is not None:
        checkpoint = replace(
            checkpoint, config=replace(checkpoint.config, align_corners=align_corners)
        )
    return build_engine(checkpoint, engine=engine, precision=precision, device=device)


def choose_device(engine: str, device: str) -> str:
    """``auto`` is the GPU that torch finds, if torch is wanted and here; else the CPU."""
    if device != "auto":
        return device
    if engine == "openvino" or find_spec("torch") is None:
        return "cpu"
    if not gpu_may_be_there():  # torch takes seconds and 180 MB to say so
        return "cpu"
    torch = require("torch", extra="train")
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def gpu_may_be_there() -> bool:
    """Whether a driver that torch could use has left a sign; in doubt, yes."""
    if platform.system() != "Linux":
        return True
    signs = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd", "/proc/driver/nvidia")
    return any(os.path.exists(sign) for sign in signs)


def choose_engine(engine: str, device: str) -> str:
    """OpenVINO on the CPU, torch elsewhere, unless told."""
    if engine == "openvino" and device != "cpu":
        raise InputError(
            f"The OpenVINO engine runs on the CPU here, not on {device!r}. "
            "Leave out the device, or choose engine torch."
        )
    if engine != "auto":
        return engine
    return "openvino" if device == "cpu" else "torch"


def choose_precision(precision: str, engine: str, device: str, *, calibrated: bool) -> str:
    """The default precision of an engine."""
    if precision != "auto":
        return precision
    if engine == "torch":
        return "fp16" if device.startswith("cuda") else "fp32"
    return "int8" if calibrated else "fp32"


def build_engine(
    checkpoint: MotionCheckpoint,
    *,
    engine: str = "openvino",
    precision: str = "auto",
    device: str = "cpu",
    ranges: dict[str, Ranges] | None = None,
) -> OpenVINOEngine | Any:
    """An engine for First Order Motion weights; ``ranges`` for int8 spare the calibration."""
    config = checkpoint.config
    precision = choose_precision(precision, engine, device, calibrated=False)
    info = ModelInfo(
        name=config.name,
        family="fomm",
        engine=engine,
        precision=precision,
        device=device,
        resolution=config.frame_shape[0],
        num_keypoints=config.keypoints.num_kp,
        parameters=checkpoint.parameters,
        sha256=checkpoint.sha256 if checkpoint.path.is_file() else "",
        framing=0.0 if config.name.startswith(_NO_FACES) else ModelInfo.framing,
    )
    if engine == "torch":
        require("torch", extra="train")
        from deepmeme.models.motion.model import MotionModel
        from deepmeme.runtime.torch_engine import TorchEngine

        network = MotionModel(config)
        network.load_arrays(checkpoint.generator, checkpoint.kp_detector)
        return TorchEngine(network, info, precision=precision, device=device)
    return OpenVINOEngine(
        draw_stages(config, checkpoint.generator, checkpoint.kp_detector, precision),
        info,
        precision=precision,
        ranges=ranges,
    )


def checkpoint_from_arrays(
    config: MotionConfig, networks: Mapping[str, Mapping[str, Any]]
) -> MotionCheckpoint:
    """A checkpoint of weights in memory: ``networks`` holds 'generator' and 'kp_detector'."""
    return MotionCheckpoint(
        path=Path("weights in memory"),
        config=config,
        generator=dict(networks["generator"]),
        kp_detector=dict(networks["kp_detector"]),
    )


def draw_stages(
    config: MotionConfig,
    generator: Mapping[str, Any],
    kp_detector: Mapping[str, Any],
    precision: str,
) -> Stages:
    """The three OpenVINO models of First Order Motion weights."""
    height, width = config.frame_shape[:2]
    encode = openvino_graph.encoder_model(config.generator, generator, height, width)
    return Stages(
        detect=openvino_graph.detector_model(config.keypoints, kp_detector, height, width),
        encode=encode,
        render=openvino_graph.renderer_model(
            config, generator, encode, fewer_products=precision == "fp32"
        ),
    )


def is_shipped_folder(path: Path) -> bool:
    """Whether a path is a folder in deepmeme's own format."""
    return (path / "model.json").is_file()


def load_folder(
    folder: Path, *, engine: str = "openvino", precision: str = "auto", device: str = "cpu"
) -> OpenVINOEngine | Any:
    """The engine for a folder with a model.json: ONNX stages, or First Order Motion weights.

    Raises:
        WeightsError: model.json is not ours, a file is missing or is not the one it names.
    """
    card = known_card(folder)
    ranges = read_ranges(folder, card)
    precision = choose_precision(precision, engine, device, calibrated=ranges is not None)
    if card["family"] == "fomm":
        checkpoint = load_checkpoint(checked_file(folder, card["weights"]))
        return build_engine(
            checkpoint, engine=engine, precision=precision, device=device, ranges=ranges
        )
    info = ModelInfo(
        name=card["name"],
        family=card["family"],
        engine=engine,
        precision=precision,
        device=device,
        resolution=card["resolution"],
        num_keypoints=card["num_keypoints"],
        parameters=card["parameters"],
        sha256=card["stages"]["render"]["sha256"],
        framing=card["framing"],
        keypoint_names=tuple(card["keypoint_names"]) if card.get("keypoint_names") else None,
    )
    if engine == "torch":
        require("torch", extra="train")
        from deepmeme.models.motion.families import load_network
        from deepmeme.runtime.torch_engine import TorchEngine

        network = load_network(card["family"], checked_file(folder, card["weights"]))
        return TorchEngine(network, info, precision=precision, device=device)
    core = openvino_core()
    files = {stage: checked_file(folder, card["stages"][stage]) for stage in STAGES}
    stages = Stages(**{stage: core.read_model(file) for stage, file in files.items()})
    return OpenVINOEngine(stages, info, precision=precision, ranges=ranges)


_NOT_MOVING = {
    "finder": "finds faces",
    "people": "tells faces from what hides them",
    "swap-basis": "is what `deepmeme swap train` begins with",
    "swap": "swaps faces (`deepmeme swap convert`)",
    "vae": "dreams up faces",
    "gan": "dreams up faces",
}
_NO_FACES = ("taichi", "fashion", "mgif", "bair", "toon")
"""Configurations of whatever moves: no face is looked for, the whole picture is taken."""


def known_card(folder: Path) -> dict[str, Any]:
    """``model.json`` of a family that this version knows."""
    card = read_card(folder)
    if card.get("family") in _NOT_MOVING:
        raise WeightsError(
            f"{folder.name} {_NOT_MOVING[card['family']]} and moves nothing by itself. "
            "Give a model that moves pictures, such as portrait."
        )
    if card.get("family") not in FAMILIES:
        raise WeightsError(
            f"{folder / 'model.json'} names the family {card.get('family')!r}; this version knows "
            f"{', '.join(FAMILIES)}. Convert the model again, or update deepmeme."
        )
    return card


def read_ranges(folder: Path, card: Mapping[str, Any]) -> dict[str, Ranges] | None:
    """The int8 ranges that a model folder carries: stage -> tensor -> (low, high). Else None.

    Raises:
        WeightsError: model.json names them, but they are not there or not in this form.
    """
    if not card.get("calibration"):
        return None
    file = folder / Path(str(card["calibration"])).name
    try:
        return {
            str(stage): {
                str(name): (float(low), float(high)) for name, (low, high) in found.items()
            }
            for stage, found in json.loads(file.read_text("utf-8")).items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"{file} does not hold int8 ranges: {error}. Convert or install the model again."
        ) from error

"""A trained portrait model -> the folder that ships: three ONNX stages, weights, ``model.json``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepmeme.models.motion.families import load_network
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel, SourceFeatures
from deepmeme.runtime.load import load_folder
from deepmeme.train.onnx_file import write_network
from deepmeme.weights.checkpoint import file_sha256

TOLERANCE = 1e-3
"""Largest difference between torch and the exported stage, in units of a pixel's full range."""

HALVES_TOLERANCE = 2e-2
"""The same once its weights are stored as float16."""

FRAMING = 2.0
CALIBRATION = "calibration.json"
MOST_SHIFT_PX = 0.1
LICENCE = "MIT"


class Detect(nn.Module):
    """frames -> xy"""

    def __init__(self, model: PortraitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        return self.model.detect(frames).xy


class Encode(nn.Module):
    """source -> features, one output for each field of :class:`SourceFeatures`"""

    def __init__(self, model: PortraitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features = self.model.encode(source)
        return features.picture, features.small, features.features, features.fine


class Render(nn.Module):
    """features, source_xy, driving_xy -> prediction, deformation, occlusion"""

    def __init__(self, model: PortraitModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        picture: Tensor,
        small: Tensor,
        features: Tensor,
        fine: Tensor,
        source_xy: Tensor,
        driving_xy: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        encoded = SourceFeatures(picture, small, features, fine)
        out = self.model.render(encoded, Keypoints(source_xy), Keypoints(driving_xy))
        return out.prediction, out.motion.deformation, out.motion.occlusion


def export(model: PortraitModel, folder: Path, *, name: str = "portrait") -> dict[str, Any]:
    """Write the model folder and check it; returns what ``model.json`` says.

    Raises:
        WeightsError: an exported stage disagrees with torch by more than ``TOLERANCE``.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model = model.eval().float().cpu()
    examples = _examples(model.config)
    stages: dict[str, dict[str, str]] = {}
    for stage, (wrapper, inputs, outputs) in _stages(model).items():
        path = folder / f"{stage}.onnx"
        given = {key: examples[key] for key in inputs}
        stages[stage], made = write_network(
            wrapper, given, outputs, path, exact=TOLERANCE, lossy=HALVES_TOLERANCE
        )
        if stage == "encode":
            examples.update(made)
    weights = folder / "weights.safetensors"
    state = {key: value.half().contiguous() if value.is_floating_point() else value
             for key, value in model.state_dict().items()}  # fmt: skip
    save_file(state, weights, metadata={"config": json.dumps(model.config.as_dict())})
    facts = {
        "format": 1,
        "name": name,
        "family": "portrait",
        "resolution": model.config.resolution,
        "framing": FRAMING,
        "num_keypoints": len(model.config.keypoint_names),
        "keypoint_names": list(model.config.keypoint_names),
        "parameters": sum(p.numel() for p in model.parameters()),
        "stages": stages,
        "weights": {"file": weights.name, "sha256": file_sha256(weights)},
        "config": model.config.as_dict(),
        "licence": LICENCE,
        "card": "CARD.md",
    }
    (folder / "model.json").write_text(json.dumps(facts, indent=1) + "\n")
    return facts


def calibrate(folder: Path, frames: NDArray[np.uint8]) -> dict[str, float]:
    """Measure 8-bit ranges on a source and driving frames (n, h, w, 3) and let the folder say so.

    The detector stays exact where 8 bits would move its keypoints by more than ``MOST_SHIFT_PX``.

    Returns:
        ``psnr_db`` of the rendering and ``shift_px`` of the keypoints, 8 bits against 32.
    """
    path = folder / "model.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts.pop("calibration", None)
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    exact = load_folder(folder, precision="fp32").detect(frames).xy
    engine = load_folder(folder, precision="int8")
    ranges = engine.calibrate(frames[0], list(frames[1:]))
    half = (facts["resolution"] - 1) / 2
    shift = float(np.linalg.norm(engine.detect(frames).xy - exact, axis=-1).mean() * half)
    if shift > MOST_SHIFT_PX:
        ranges.pop("detect")
    (folder / CALIBRATION).write_text(json.dumps(ranges) + "\n", encoding="utf-8")
    facts["calibration"] = CALIBRATION
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return {"psnr_db": float(engine.calibrated_psnr_db or 0), "shift_px": shift}


def load(folder: Path) -> PortraitModel:
    """The torch model of an exported folder, for training on and for comparing."""
    return load_network("portrait", folder / "weights.safetensors")


def _stages(
    model: PortraitModel,
) -> dict[str, tuple[nn.Module, Sequence[str], Sequence[str]]]:
    encoded = SourceFeatures._fields
    return {
        "detect": (Detect(model), ("frames",), ("xy",)),
        "encode": (Encode(model), ("source",), encoded),
        "render": (
            Render(model),
            (*encoded, "source_xy", "driving_xy"),
            ("prediction", "deformation", "occlusion"),
        ),
    }


def _examples(config: PortraitConfig) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    side, count = config.resolution, len(config.keypoint_names)
    coarse = torch.rand(1, 3, side // 16, side // 16, generator=generator)
    picture = nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    xy = torch.rand(1, count, 2, generator=generator) - 0.5
    moved = xy + 0.05 * torch.randn(1, count, 2, generator=generator)
    return {"frames": picture, "source": picture, "source_xy": xy, "driving_xy": moved}

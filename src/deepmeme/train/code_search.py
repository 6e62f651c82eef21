"""Which code paints this face? Searched by gradients through the painter (GAN inversion, Zhu et al.
2016): for models without an encoder, and to look closer than an encoder's glance."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.face_warp import unit_faces
from deepmeme.errors import InputError, WeightsError
from deepmeme.losses.portrait import PortraitDistance
from deepmeme.models.painted import PaintedConfig
from deepmeme.nn.painter import Painter
from deepmeme.runtime.dream import DreamModel
from deepmeme.train.onnx_file import stored_weights
from deepmeme.weights.folder import checked_file, read_card

RATE = 0.08
HOMESICK = 0.3
"""What each spread costs that the code lies away from the middle of all faces: codes far out paint
the picture, but cannot be edited."""
_TRIED = 256


def search_code(
    model: DreamModel,
    face: NDArray[np.uint8],
    *,
    steps: int = 200,
    on_step: Callable[[int, float], None] | None = None,
) -> NDArray[np.float32]:
    """(1, d) the code whose face looks most like ``face``. The same every time.

    Args:
        model: whose codes.
        face: (r, r, 3), cut as the model learnt faces.
        steps: more come nearer.
        on_step: called with the step and its loss.

    Raises:
        InputError: a face of another size.
        WeightsError: the painter's file is not as ours are.
    """
    side = model.info.resolution
    if face.shape != (side, side, 3):
        raise InputError(f"{model.info.name} paints {side}x{side}; the face is {face.shape}.")
    painter = painter_of(model.folder)
    wanted = unit_faces(torch.from_numpy(face[None].copy()))
    cloud = model.codes(_TRIED, seed=0)
    middle, spread = torch.from_numpy(cloud.mean(0)), torch.from_numpy(cloud.std(0) + 1e-3)
    distance = PortraitDistance()

    def cost(code: Tensor) -> Tensor:
        made = torch.sigmoid(painter.paint(code, code))
        away = ((code - middle) / spread).square().mean()
        near: Tensor = torch.stack([*distance(made, wanted).values()]).sum()
        return near + HOMESICK * away

    code = torch.from_numpy(_first(model, face, cloud)).requires_grad_(True)
    optimizer = torch.optim.Adam([code], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    best, found = float("inf"), code.detach().clone()
    for step in range(steps):
        optimizer.zero_grad()
        loss = cost(code)
        if (value := loss.item()) < best:
            best, found = value, code.detach().clone()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step, value)
    return np.asarray(found.numpy(), np.float32)


def _first(model: DreamModel, face: NDArray[np.uint8], cloud: NDArray[np.float32]) -> NDArray[
    np.float32
]:  # fmt: skip
    """What the encoder says; without one the most alike of some faces, or the middle of all."""
    if model.sees:
        return model.encode(face[None])
    tried = np.concatenate([cloud.mean(0, keepdims=True), cloud[: _TRIED // 4]])
    apart = model.paint(tried).astype(np.float32) - face
    return np.asarray(tried[[np.abs(apart).mean((1, 2, 3)).argmin()]], np.float32)


def painter_of(folder: Path) -> Painter:
    """The painter of an exported model, as a network with gradients.

    Raises:
        WeightsError: its file is damaged or has other layers.
    """
    card = read_card(folder)
    names = {entry.name for entry in fields(PaintedConfig)}
    config = PaintedConfig(**{k: v for k, v in card["config"].items() if k in names})
    painter = Painter(config.latent, config.latent, config.widths)
    file = checked_file(folder, card["stages"]["paint"])
    stored = {
        name.removeprefix("network.").removeprefix("painter."): torch.from_numpy(array)
        for name, array in stored_weights(file).items()
    }
    own = painter.state_dict()
    missing = sorted(key for key in own if key not in stored or stored[key].shape != own[key].shape)
    if missing:
        raise WeightsError(f"{file} holds no {', '.join(missing[:3])}: it is no painter of ours.")
    painter.load_state_dict({key: stored[key] for key in own})
    return painter.eval().requires_grad_(False)

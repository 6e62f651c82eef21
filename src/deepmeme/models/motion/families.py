"""A family's name and its weights -> the network, for training on and for the torch engine."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open

from deepmeme.errors import WeightsError
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel


def load_network(family: str, weights: Path) -> PortraitModel:
    """The network that a model folder's ``.safetensors`` belongs to, in evaluation mode, fp32.

    Raises:
        WeightsError: no such family, or weights of another network.
    """
    if family != "portrait":
        raise WeightsError(f"{weights}: no network of the family {family!r} is known.")
    with safe_open(weights, "pt") as file:
        fields: dict[str, Any] = json.loads((file.metadata() or {}).get("config", "{}"))
        state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    try:
        network = PortraitModel(PortraitConfig.from_dict(fields))
        network.load_state_dict(state)
    except (TypeError, RuntimeError) as error:
        raise WeightsError(f"{weights} does not fit the portrait network: {error}") from error
    return network.eval()

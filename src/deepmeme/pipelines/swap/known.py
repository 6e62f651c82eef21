"""Whom a trained swap knows, and whether a video shows somebody who has to be asked."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from deepmeme.errors import WeightsError
from deepmeme.faces.identity import SAME_ABOVE, identity_vector, knows_people, unit_length
from deepmeme.pipelines.consent import is_ours, is_shipped
from deepmeme.pipelines.swap.people import ALIKE, Embed, Vector
from deepmeme.runtime.swap import Side, SwapModel, model_folder
from deepmeme.weights.folder import read_card

_MOST_VALUES, _LARGEST = 4096, 1e6


class Known(NamedTuple):
    """How people are told apart."""

    embed: Embed | None
    """None where there is no embedding."""
    reference: Vector | None
    """Of the person who should be in the video; None where the model does not say."""
    alike: float = ALIKE


def known_person(model: SwapModel | str | Path, side: Side, embed: Embed | None) -> Known:
    """What tells the person of one side of a model from others.

    Args:
        model: its folder may name ``identities`` in ``model.json``; a loaded model names none.
        side: whose face is in the video.
        embed: an embedding of one's own; the package's otherwise.

    Raises:
        WeightsError: the identities in ``model.json`` are no vectors.
    """
    alike = SAME_ABOVE if embed is None else ALIKE
    embed = embed or _own_embedding()
    if embed is None or not isinstance(model, str | Path):
        return Known(embed, None, alike)
    return Known(embed, _reference(model_folder(model), side), alike)


def needs_consent(path: Path) -> bool:
    """Whether a video or picture with a face in it may show a real person."""
    return not (is_shipped(path) or is_ours(path))


def _own_embedding() -> Embed | None:
    return identity_vector if knows_people() else None


def _reference(folder: Path, side: Side) -> Vector | None:
    kept = read_card(folder).get("identities")
    if kept is None or (isinstance(kept, dict) and kept.get(side) is None):
        return None
    try:
        vector = np.asarray(kept[side], np.float64)
        fits = vector.ndim == 1 and 0 < vector.size <= _MOST_VALUES
        fits = fits and 0 < float(np.abs(vector).max()) < _LARGEST
    except (TypeError, ValueError, IndexError, OverflowError):
        fits = False
    if not fits:
        raise WeightsError(
            f"{folder / 'model.json'} should hold identities of a and b as lists of numbers. "
            "Train or install the model again."
        )
    return unit_length(vector)

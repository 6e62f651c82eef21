"""From two facesets to a trained pair, and from a run to the folder that converts videos."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.swap_faces import People, PersonFaces, concerns, identity_of, open_person
from deepmeme.errors import WeightsError
from deepmeme.models.swap.build import build_pair
from deepmeme.models.swap.config import SwapConfig, preset
from deepmeme.models.swap.pair import TwoDecoders
from deepmeme.models.swap.quick import LookEncoder, QuickDecoder
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.run_state import averages_of
from deepmeme.train.swap_task import SwapTask, SwapWeights
from deepmeme.weights.catalogue import BUNDLED
from deepmeme.weights.folder import building, checked_file, read_card
from deepmeme.weights.safetensors_file import open_safetensors

log = logging.getLogger("deepmeme.train")

ROOM = 1.25
"""Faces are kept this much larger than they are learnt from."""
BASIS = BUNDLED / "swap"
"""What quick swaps begin with."""


def usual_weights(
    name: str, *, critic: float = 0.0, perceptual: float | None = None
) -> SwapWeights:
    """A preset's losses: quick begins with a perceptual one, the known programs have none."""
    usual = 1.0 if name == "quick" else 0.0
    return SwapWeights(critic=critic, perceptual=usual if perceptual is None else perceptual)


@dataclass(frozen=True)
class Opened:
    """Ready to learn."""

    task: SwapTask
    concerns: tuple[str, ...]
    """What will make the swap worse than it could be."""


def open_swap_task(
    faces_a: Path | str,
    faces_b: Path | str,
    name: str = "quick",
    *,
    resolution: int | None = None,
    weights: SwapWeights | None = None,
    fresh: bool = False,
    seed: int = 1,
) -> Opened:
    """Everything that :func:`deepmeme.train.loop.fit` needs to learn two people.

    Args:
        faces_a: faceset of A.
        faces_b: faceset of B.
        name: a preset.
        resolution: another size than the preset's.
        weights: what each loss counts.
        fresh: begin quick from nothing, too, for comparison.
        seed: of faces, bends and new networks.

    Raises:
        InputError: no such preset, or facesets that cannot be used.
        WeightsError: the shipped beginning of quick is damaged.
    """
    config = preset(name, resolution)
    size = round(config.resolution * ROOM)
    people = People(open_person(faces_a, size), open_person(faces_b, size))
    torch.manual_seed(seed)
    pair = build_pair(config)
    begun_with = ""
    if config.architecture == "quick" and not fresh and (BASIS / "model.json").is_file():
        begun_with = begin(pair, people, BASIS)
    weights = weights or usual_weights(name)
    vectors = {side: identity_of(p) for side, p in zip("ab", people, strict=True)}
    known = {side: vector for side, vector in vectors.items() if vector is not None}
    task = SwapTask(
        pair, people, weights=weights, begun_with=begun_with, identities=known or None, seed=seed
    )
    return Opened(task, concerns(people))


def begin(pair: nn.Module, people: People, folder: Path) -> str:
    """Fill a quick pair with what ships and the looks of its people; returns the file's sha256.

    Raises:
        WeightsError: the file is missing, damaged or of other sizes.
    """
    assert isinstance(pair, TwoDecoders)
    file, found, sha256 = basis_of(folder)
    look = LookEncoder(pair.config)
    try:
        pair.encoder.load_state_dict(_under(found, "encoder."))
        look.load_state_dict(_under(found, "look."))
        for decoder, person in ((pair.decoder_a, people.a), (pair.decoder_b, people.b)):
            assert isinstance(decoder, QuickDecoder)
            decoder.paint.load_state_dict(_under(found, "paint."))
            with torch.no_grad():
                decoder.look.copy_(look_of(look, person))
    except RuntimeError as error:
        raise WeightsError(f"{file} does not fit the quick preset: {error}") from error
    return sha256


def basis_of(folder: Path) -> tuple[Path, dict[str, Tensor], str]:
    """The file of what quick swaps begin with, its tensors by name, and its sha256.

    Raises:
        WeightsError: there is none, or it is damaged.
    """
    card = read_card(folder)
    file = checked_file(folder, card.get("weights"))
    stored = open_safetensors(file).tensors
    found = {key: torch.tensor(value.array()).float() for key, value in stored.items()}
    return file, found, str(card["weights"]["sha256"])


def _under(found: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in found.items() if k.startswith(prefix)}


@torch.no_grad()
def look_of(network: LookEncoder, person: PersonFaces, most: int = 256) -> Tensor:
    """(style,) the mean look of a person's faces."""
    rows = np.linspace(0, len(person) - 1, min(most, len(person))).astype(int)
    faces = torch.from_numpy(person.squares[rows]).permute(0, 3, 1, 2).float() / 255
    size = network.size
    small = torch.nn.functional.interpolate(faces, size=(size, size), mode="area")
    return network.eval()(small).mean(0)  # type: ignore[no-any-return]


def pair_of(run: Path) -> tuple[nn.Module, Mapping[str, Any]]:
    """The averaged pair of a run, and the run's facts.

    Raises:
        WeightsError: there is no checkpoint of a swap.
    """
    found = averages_of(run / CHECKPOINTS)
    if found is None or "pair" not in found[0]:
        raise WeightsError(f"{run} holds no checkpoint of a swap.")
    weights, facts = found
    pair = build_pair(SwapConfig.from_dict(facts["config"]))
    pair.load_state_dict(weights["pair"])
    return pair.eval(), facts


def export_pair(run: Path, folder: Path, *, name: str | None = None) -> Path:
    """Write what a run has learnt as a folder for ``deepmeme swap convert``.

    Raises:
        WeightsError: there is no run, or an exported network disagrees with torch.
        OutputError: it cannot be written.
    """
    from deepmeme.train.export_swap import write_stages

    pair, facts = pair_of(run)
    config = dict(facts["config"])
    with building(folder) as fresh:
        stages, parameters = write_stages(pair, fresh)
        card = {
            "format": 1,
            "name": name or run.name,
            "title": " and ".join(facts["people"]),
            "family": "swap",
            "preset": config["architecture"],
            "resolution": config["resolution"],
            "people": list(facts["people"]),
            "identities": facts.get("identities"),
            "parameters": parameters,
            "stages": stages,
            "config": config,
            "licence": "that of the pictures it was trained on",
        }
        (fresh / "model.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return folder

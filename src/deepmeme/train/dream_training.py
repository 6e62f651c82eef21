"""From pictures of faces to a run of a VAE or a GAN."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from deepmeme.data.picture_set import open_labels, open_pictures
from deepmeme.errors import InputError, WeightsError
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.vae.config import VaeConfig
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.dream_traits import cloud_of_vae
from deepmeme.train.export_dream import vae_of
from deepmeme.train.gan_task import GanTask, GanWeights
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.run_state import averages_of
from deepmeme.train.vae_task import VaeTask, VaeWeights

_DECODER, _LOOKED_UP = "decoder.", 3000


def train_vae(
    data: Path | str,
    out: Path,
    options: FitOptions,
    *,
    config: VaeConfig | None = None,
    weights: VaeWeights | None = None,
    start: Path | None = None,
) -> Fitted:
    """Teach an autoencoder faces, or go on with it.

    Args:
        data: folder of pictures, see :func:`open_pictures`.
        out: folder of the run.
        options: its course.
        config: sizes.
        weights: what each part of the loss counts.
        start: a run to begin with; what has other sizes is left out.

    Raises:
        InputError: the pictures cannot be used.
        WeightsError: ``start`` is no such run.
    """
    config = config or VaeConfig()
    pictures = open_pictures(data, config.resolution)
    torch.manual_seed(options.seed)
    task = VaeTask(pictures, config, weights=weights, labels=open_labels(data), seed=options.seed)
    return _fit(task, options, out, start)


def train_gan(
    data: Path | str,
    out: Path,
    options: FitOptions,
    *,
    config: GanConfig | None = None,
    weights: GanWeights | None = None,
    start: Path | None = None,
) -> Fitted:
    """Teach a generator and its critic faces, or go on with them; as :func:`train_vae`. A run at
    half the size is a good beginning, what has learnt there is taken over; so is a VAE of the same
    sizes, whose painter the generator then begins with, and where its codes lie."""
    config = config or GanConfig()
    pictures = open_pictures(data, config.resolution)
    torch.manual_seed(options.seed)
    task = GanTask(pictures, config, weights=weights, seed=options.seed)
    return _fit(task, options, out, start)


def _fit(task: VaeTask | GanTask, options: FitOptions, out: Path, start: Path | None) -> Fitted:
    if start is None:
        _check_alone(out)
    else:
        begin_with(start, task.players)
        if isinstance(task, GanTask):
            _guide(start, task)
    return fit(task, options, out)


def _check_alone(out: Path) -> None:
    """Raises InputError where a run goes on that a VAE has guided so far."""
    found = averages_of(out / CHECKPOINTS)
    if found is not None and found[1].get("guided"):
        raise InputError(
            f"{out} was begun with --from and is guided by that VAE; give it again to go on."
        )


def _guide(start: Path, task: GanTask) -> None:
    """Where the run is a VAE's of the same sizes: it guides, and faces are drawn from where its
    codes lie."""
    found = averages_of(start / CHECKPOINTS)
    if found is None or "vae" not in found[0]:
        return
    network = vae_of(*found)
    same = (network.config.resolution, network.config.latent)
    if same == (task.config.resolution, task.config.latent):
        rows = task.feed.learnt[:: max(1, len(task.feed.learnt) // _LOOKED_UP)]
        cloud = cloud_of_vae(network, task.feed.pictures[rows])
        task.painter.mapping.straight.load_state_dict(cloud.as_linear())
        task.follow(network)


def begin_with(run: Path, players: Mapping[str, nn.Module]) -> int:
    """Fill players with what a run has learnt, where sizes agree; how many tensors did.

    Raises:
        WeightsError: the run holds none of these players.
    """
    found = averages_of(run / CHECKPOINTS)
    learnt = dict(found[0]) if found is not None else {}
    if "painter" in players and "vae" in learnt:
        learnt["painter"] = {
            f"painter.{name.removeprefix(_DECODER)}": value
            for name, value in learnt["vae"].items() if name.startswith(_DECODER)
        }  # fmt: skip
    known = players.keys() & learnt.keys()
    if not known:
        raise WeightsError(f"{run} holds no checkpoint of {' and '.join(players)} to begin with.")
    taken = 0
    for name in known:
        own = players[name].state_dict()
        fitting = {key: value for key, value in learnt[name].items() if _fits(value, own.get(key))}
        players[name].load_state_dict(own | fitting)
        taken += len(fitting)
    return taken


def _fits(value: Tensor, own: Tensor | None) -> bool:
    return own is not None and own.shape == value.shape

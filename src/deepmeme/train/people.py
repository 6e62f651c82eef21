"""What tells people apart from their surroundings and each other: ``RUN/mask``, ``RUN/identity``.

Neither needs the other to learn; the folder that ships holds both.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from deepmeme.data.identity_examples import open_identities
from deepmeme.data.mask_examples import open_masks
from deepmeme.errors import InputError
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.courses import PEOPLE_COURSES, PeopleNetwork
from deepmeme.train.export_people import export, identity_of, mask_of
from deepmeme.train.identity_task import IdentityTask
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.mask_task import MaskTask
from deepmeme.train.options import FitOptions

SIZES: dict[PeopleNetwork, int] = {"mask": 96, "identity": 64}
"""Sides of the squares that they read, in pixels."""
_GRID = 16
_SHOWN_SEED = 9


def train_mask(
    squares: Path, run: Path, options: FitOptions | None = None, *, size: int | None = None
) -> Fitted:
    """Train the mask network, or go on with it.

    Args:
        squares: folder that ``data.face_masks`` rendered.
        run: folder of both networks.
        options: by default the network's course.
        size: side of the squares it reads, a multiple of 16.

    Raises:
        InputError: the squares or the size are unusable.
    """
    options = options or PEOPLE_COURSES["mask"]
    side = _side("mask", size)
    examples = open_masks(squares, size=side, seed=options.seed)
    shown = open_masks(squares, size=side, seed=_SHOWN_SEED, held=True)
    torch.manual_seed(options.seed)
    return fit(MaskTask(examples, shown), options, run / "mask")


def train_identity(
    people: Sequence[Path],
    run: Path,
    options: FitOptions | None = None,
    *,
    size: int | None = None,
) -> Fitted:
    """Train the identity network, or go on with it.

    Args:
        people: folders that ``data.face_masks`` rendered, or banks whose groups are all other
            people.
        run: folder of both networks.
        options: by default the network's course.
        size: side of the squares it reads, a multiple of 16.

    Raises:
        InputError: the people, the size or the batch size are unusable.
    """
    options = options or PEOPLE_COURSES["identity"]
    pieces = options.batch_size // options.accumulate
    if pieces < 2:
        raise InputError(
            f"--batch-size {options.batch_size} in {options.accumulate} pieces leaves {pieces} "
            "square: telling people apart needs at least two at a time"
        )
    side = _side("identity", size)
    examples = open_identities(people, size=side, seed=options.seed)
    shown = open_identities(people[:1], size=side, seed=_SHOWN_SEED, held=True)
    torch.manual_seed(options.seed)
    return fit(IdentityTask(examples, shown), options, run / "identity")


def _side(network: PeopleNetwork, size: int | None) -> int:
    side = SIZES[network] if size is None else size
    if side % _GRID or not 32 <= side <= 256:
        raise InputError(f"--size {side}: expected a multiple of {_GRID} from 32 to 256")
    return side


def is_people_run(run: Path) -> bool:
    """Whether the folder holds a run of one of the two."""
    return any((run / name / CHECKPOINTS).is_dir() for name in SIZES)


def export_people(run: Path, folder: Path) -> None:
    """Write the model folder of a run: whichever of the two has been trained.

    Raises:
        WeightsError: an exported network disagrees with torch.
    """
    trained = {name for name in SIZES if (run / name / CHECKPOINTS).is_dir()}
    export(
        mask_of(run / "mask") if "mask" in trained else None,
        identity_of(run / "identity") if "identity" in trained else None,
        folder,
    )

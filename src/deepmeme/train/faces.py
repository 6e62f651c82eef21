"""The face finder and the light landmark network, in one folder: ``RUN/finder``, ``RUN/landmarks``.

Neither needs the other to learn; the folder that ships holds both.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from deepmeme.data.face_crops import open_crops
from deepmeme.data.scenes import open_scenes
from deepmeme.errors import InputError
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.courses import FACE_COURSES, FaceNetwork
from deepmeme.train.export_finder import export, finder_of, landmarks_of
from deepmeme.train.finder_task import FinderTask
from deepmeme.train.landmark_task import NAMES, LandmarkTask
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.task import Task

SIZES: dict[FaceNetwork, int] = {"finder": 160, "landmarks": 128}
"""Sides of scenes and crops in pixels."""
_GRID = 32
_SHOWN_SEED = 9


def train_faces(
    network: FaceNetwork,
    banks: Sequence[Path],
    run: Path,
    options: FitOptions | None = None,
    *,
    shares: Sequence[float] | None = None,
    faceless: Path | None = None,
    size: int | None = None,
) -> Fitted:
    """Train one of the two, or go on with it.

    Args:
        network: which.
        banks: folders of labelled heads.
        run: folder of both.
        options: by default the network's course.
        shares: how often each bank is drawn from.
        faceless: a folder of photographs without faces, for the finder's grounds.
        size: side of the scenes or crops, a multiple of 32; the landmark network's own.

    Raises:
        InputError: the banks, the photographs or the size are unusable.
    """
    options = options or FACE_COURSES[network]
    side = SIZES[network] if size is None else size
    if side % _GRID or not 64 <= side <= 512:
        raise InputError(f"--size {side}: expected a multiple of {_GRID} from 64 to 512")
    if network == "finder":
        task = _finder_task(banks, shares, faceless, side, options.seed)
    else:
        task = _landmark_task(banks, shares, side, options.seed)
    return fit(task, options, run / network)


def _finder_task(
    banks: Sequence[Path],
    shares: Sequence[float] | None,
    faceless: Path | None,
    size: int,
    seed: int,
) -> Task:
    scenes, shown = (
        open_scenes(
            banks, faceless=faceless, shares=shares, size=size, seed=of, held_out=held_out
        )
        for of, held_out in ((seed, False), (_SHOWN_SEED, True))
    )  # fmt: skip
    torch.manual_seed(seed)
    return FinderTask(scenes, shown)


def _landmark_task(
    banks: Sequence[Path], shares: Sequence[float] | None, size: int, seed: int
) -> Task:
    crops, shown = (
        open_crops(banks, NAMES, shares=shares, size=size, seed=of, held_out=held_out)
        for of, held_out in ((seed, False), (_SHOWN_SEED, True))
    )
    torch.manual_seed(seed)
    return LandmarkTask(crops, shown)


def is_faces_run(run: Path) -> bool:
    """Whether the folder holds a run of one of the two."""
    return any((run / name / CHECKPOINTS).is_dir() for name in SIZES)


def export_faces(run: Path, folder: Path) -> None:
    """Write the model folder of a run: the finder, and the landmark network if it was trained.

    Raises:
        InputError: the finder has not been trained.
        WeightsError: an exported network disagrees with torch.
    """
    if not (run / "finder" / CHECKPOINTS).is_dir():
        raise InputError(
            f"{run} has no finder yet. Train it first: deepmeme train faces finder -o {run}"
        )
    has_landmarks = (run / "landmarks" / CHECKPOINTS).is_dir()
    landmarks = landmarks_of(run / "landmarks") if has_landmarks else None
    export(finder_of(run / "finder"), landmarks, folder)

"""Trains the face finder or the light landmark network on banks of labelled heads.

    python -m deepmeme.train.faces finder --banks DIR... --faceless DIR --shares N... -o RUN
    python -m deepmeme.train.faces landmarks --banks DIR... --shares N... -o RUN

``deepmeme.train.export_finder`` makes the folder that ships of both runs.
"""

import argparse
import logging
from pathlib import Path

import cv2
import torch

from deepmeme.data.face_crops import open_crops
from deepmeme.data.scenes import open_scenes
from deepmeme.train.finder_task import FinderTask
from deepmeme.train.landmark_task import NAMES, LandmarkTask
from deepmeme.train.loop import fit
from deepmeme.train.options import FitOptions
from deepmeme.train.task import Task

_SHOWN_SEED = 9
STEPS = {"finder": 4600, "landmarks": 3000}
RATES = {"finder": 2.5e-3, "landmarks": 2e-3}


def main(arguments: list[str] | None = None) -> None:
    """Train, or go on with what the run's folder holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(STEPS))
    parser.add_argument("--banks", type=Path, nargs="+", required=True)
    parser.add_argument("--shares", type=float, nargs="+", help="how often each bank is drawn from")
    parser.add_argument("--faceless", type=Path, help="photographs without faces, for the finder")
    parser.add_argument("--size", type=int, help="side of the scenes or crops")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--precision", default="bf16-mixed")
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    options = FitOptions(
        steps=given.steps or STEPS[given.network],
        batch_size=given.batch_size,
        learning_rate=RATES[given.network],
        beta1=0.9,
        weight_decay=1e-4,
        average_decay=0.998,
        precision=given.precision,
        accelerator=given.accelerator,
        seed=given.seed,
        save_minutes=5,
        log_every=100,
    )
    torch.manual_seed(given.seed)
    fit(_task(given), options, given.out)


def _task(given: argparse.Namespace) -> Task:
    if given.network == "finder":
        scenes, shown = (
            open_scenes(
                given.banks,
                faceless=given.faceless,
                shares=given.shares,
                size=given.size or 160,
                seed=seed,
                held_out=held_out,
            )
            for seed, held_out in ((given.seed, False), (_SHOWN_SEED, True))
        )
        return FinderTask(scenes, shown)
    crops, shown_crops = (
        open_crops(
            given.banks,
            NAMES,
            shares=given.shares,
            size=given.size or 128,
            seed=seed,
            held_out=held_out,
        )
        for seed, held_out in ((given.seed, False), (_SHOWN_SEED, True))
    )
    return LandmarkTask(crops, shown_crops)


if __name__ == "__main__":
    main()

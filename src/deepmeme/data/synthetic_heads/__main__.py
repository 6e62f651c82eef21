"""Write a bank of synthetic heads; a run that was stopped goes on where it was.

python -m deepmeme.data.synthetic_heads -o DIR --groups 1500 --seed 1 [--face-kit PATH]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from deepmeme.data.bank import BankWriter
from deepmeme.data.ict import KEYPOINT_NAMES, find_face_kit
from deepmeme.data.synthetic_heads.group import render_group


def main() -> None:
    """Parse the options and render until the bank is full."""
    parser = argparse.ArgumentParser(prog="python -m deepmeme.data.synthetic_heads")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the bank")
    parser.add_argument("--groups", type=int, default=1500, help="people to render")
    parser.add_argument("--frames", type=int, default=6, help="frames of each")
    parser.add_argument("--size", type=int, default=256, help="side in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--face-kit", type=Path, help="ict_facekit.npz or its folder")
    options = parser.parse_args()
    kit = find_face_kit(options.face_kit)
    bank = BankWriter(
        options.out,
        options.groups,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=options.frames,
        size=options.size,
        origin=f"synthetic heads, seed {options.seed}",
    )
    first, began = bank.groups, time.monotonic()
    for number in range(first, options.groups):
        rng = np.random.default_rng((options.seed, number))
        bank.add_group(render_group(rng, kit, options.frames, options.size))
        if (number + 1) % 20 == 0:
            pace = (time.monotonic() - began) / ((number + 1 - first) * options.frames)
            sys.stderr.write(
                f"{number + 1} of {options.groups} groups, {pace * 1000:.0f} ms a frame\n"
            )


if __name__ == "__main__":
    main()

"""Write a bank of synthetic heads; a run that was stopped goes on where it was.

python -m deepmeme.data.synthetic_heads -o DIR --groups 1500 --seed 1 [--face-kit PATH]
"""

import argparse
import logging
from pathlib import Path

from deepmeme.data.ict import find_face_kit
from deepmeme.data.synthetic_heads.group import write_bank


def main(arguments: list[str] | None = None) -> None:
    """Parse the options and render until the bank is full."""
    parser = argparse.ArgumentParser(prog="python -m deepmeme.data.synthetic_heads")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the bank")
    parser.add_argument("--groups", type=int, default=1500, help="people to render")
    parser.add_argument("--frames", type=int, default=6, help="frames of each")
    parser.add_argument("--size", type=int, default=256, help="side in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--face-kit", type=Path, help="ict_facekit.npz or its folder")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    write_bank(
        options.out,
        find_face_kit(options.face_kit),
        groups=options.groups,
        seed=options.seed,
        frames=options.frames,
        size=options.size,
    )


if __name__ == "__main__":
    main()

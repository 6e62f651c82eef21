"""Renders people and tells which pixels of their aligned squares are visible face.

Every frame of a person has another pose, expression, light, camera and background, so the same
squares teach who is who. With ``--together 4`` four people each do the same moments, each in a
light and before a background of their own: that teaches what is expression and what is look. A run
that was stopped goes on where it was:

    python -m deepmeme.data.face_masks -o DIR --people 1500 --frames 6 --seed 1 [--face-kit PATH]
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from deepmeme.data.arrays import arrays_to_fill
from deepmeme.data.face_squares import (
    SIDE,
    Array,
    Picture,
    SquaresShape,
    layout,
    read_shape,
    wider,
    write_shape,
)
from deepmeme.data.ict import KEYPOINT_NAMES, FaceKit, find_face_kit
from deepmeme.data.synthetic_heads import SyntheticHead, sample_motion
from deepmeme.data.synthetic_heads.group import LOOK_SHARES
from deepmeme.data.synthetic_heads.person import sample_person
from deepmeme.errors import InputError
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.hull import hull_mask

FIRST_SEED = 1 << 34
"""Banks draw their people below 2^31, figures by group theirs from 2^33."""
_RENDERED_PX = 176
_NEARER = 1.15
_BANGS = 0.2
"""Share of people whose hair is chosen to fall into the face."""
_OVER_FACE = ("bangs", "long", "bob", "beanie")

_LOG = logging.getLogger(__name__)


def render_person(
    number: int, seed: int, frames: int, face_kit: FaceKit | Path, *, together: int = 1
) -> tuple[Picture, Picture, Array]:
    """Pictures (f, side, side, 3), visible face (f, side, side), landmarks (f, k, 2).

    So many people ``together`` do the same from frame to frame.
    """
    rng = np.random.default_rng((seed, number))
    alone = together == 1
    moments = rng if alone else np.random.default_rng((seed, number // together, together))
    looks = list(LOOK_SHARES)
    look = looks[rng.choice(len(looks), p=list(LOOK_SHARES.values()))]
    who = FIRST_SEED + int(rng.integers(2**31))
    if rng.random() < _BANGS:
        while sample_person(who, look, 1).hair_style not in _OVER_FACE:
            who += 1
    head = SyntheticHead(who, look, face_kit=face_kit)
    pictures = np.empty((frames, SIDE, SIDE, 3), np.uint8)
    seen = np.empty((frames, SIDE, SIDE), np.uint8)
    xy = np.empty((frames, len(KEYPOINT_NAMES), 2), np.float32)
    for row in range(frames):
        if alone or not row:
            head.place(int(rng.integers(2**31)))
        motion = sample_motion(moments)
        pose = motion.pose._replace(zoom=motion.pose.zoom * _NEARER)
        frame, skin = head.render_face(pose, motion.expression, motion.gaze, _RENDERED_PX)
        px = frame.keypoints_px.astype(np.float64) + 0.5
        crop = wider(align_face(px, KEYPOINT_NAMES))
        pictures[row] = crop.quick_cut(frame.image, SIDE)
        places = in_square(px, crop)
        shown = crop.quick_cut(np.repeat(skin[..., None], 3, -1), SIDE)[..., 0]
        hull = hull_mask(places, KEYPOINT_NAMES, SIDE)
        seen[row] = np.rint(shown.astype(np.float32) * hull / 255)
        xy[row] = places
    return pictures, seen, xy


def write_faces(
    out: Path,
    face_kit: FaceKit | Path,
    *,
    people: int,
    seed: int,
    frames: int = 6,
    together: int = 1,
) -> None:
    """Fill the folder; one that was begun goes on, and ends as if never interrupted.

    Raises:
        InputError: other squares are there already, or the face kit isn't.
    """
    out.mkdir(parents=True, exist_ok=True)
    fresh = SquaresShape(
        0, people, frames, SIDE, KEYPOINT_NAMES, f"rendered people, seed {seed}", together
    )
    found = read_shape(out)
    if found and replace(found, people=0) != fresh:
        raise InputError(
            f"{out} holds other squares ({found.origin}, {found.capacity} people of {found.frames} "
            f"frames, {found.together} together); choose another folder or delete it"
        )
    arrays = arrays_to_fill(out, layout(fresh), people * frames, fresh=found is None)
    for number in range(found.people if found else 0, people):
        rows = slice(number * frames, (number + 1) * frames)
        parts = render_person(number, seed, frames, face_kit, together=together)
        for name, part in zip(("pictures", "seen", "xy"), parts, strict=True):
            arrays[name][rows] = part
        write_shape(out, replace(fresh, people=number + 1))
        if (number + 1) % 50 == 0:
            _LOG.info("%d of %d people", number + 1, people)


def main(arguments: list[str] | None = None) -> None:
    """Parse the options and render until the folder is full."""
    parser = argparse.ArgumentParser(prog="python -m deepmeme.data.face_masks")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the squares")
    parser.add_argument("--people", type=int, default=1500, help="people to render")
    parser.add_argument("--frames", type=int, default=6, help="frames of each")
    parser.add_argument(
        "--together", type=int, default=1, help="so many people do the same moments"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--face-kit", type=Path, help="ict_facekit.npz or its folder")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    kit = find_face_kit(options.face_kit)
    write_faces(
        options.out, kit, people=options.people, seed=options.seed, frames=options.frames,
        together=options.together,
    )  # fmt: skip


if __name__ == "__main__":
    main()

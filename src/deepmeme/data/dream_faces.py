"""Portraits of rendered people, and what the renderer knows of each: what faces are dreamt from.

Some pictures of each, aligned, hair and shoulders in them, before a plain wall; each in another
light, doing something else. A run that was stopped goes on:

    python -m deepmeme.data.dream_faces -o DIR --people 4000 --seed 1 [--face-kit PATH]

    faces.json         people, frames of each, side, names of the labels, origin
    pictures.npy       (n, side, side, 3) uint8
    labels.npy         (n, k) float32, see LABELS
"""

import argparse
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.arrays import (
    Layout,
    arrays_to_fill,
    arrays_to_read,
    read_record,
    write_record,
)
from deepmeme.data.ict import KEYPOINT_NAMES, FaceKit, find_face_kit
from deepmeme.data.synthetic_heads import Pose, SyntheticHead
from deepmeme.data.synthetic_heads.motion import Motion, sample_expression
from deepmeme.data.synthetic_heads.person import HairStyle, Person
from deepmeme.errors import InputError
from deepmeme.faces.align import portrait_crop
from deepmeme.runtime.trait_names import TRAITS

FIRST_SEED = 1 << 35
"""Nobody of these is in a bank (below 2^31), a figure (from 2^33) or among squares (from 2^34)."""
SIDE = 128
RECORD = "faces.json"
LABELS = tuple(TRAITS)
"""Degrees to the picture's right and up for yaw, pitch and gaze; shares for the expression; brows
from -1 (frown) to 1 (raised); lightness of skin and hair; sizes of parts over the eyes' distance.
The rest is 0 to 1."""
_RENDERED_PX, _SMALLER = 240, 0.8
_LENGTHS: dict[HairStyle, float] = {
    "bald": 0.0, "buzz": 0.1, "beanie": 0.1, "short": 0.25, "parted": 0.3, "tied": 0.35,
    "bangs": 0.4, "afro": 0.5, "bob": 0.7, "long": 1.0,
}  # fmt: skip

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FacesShape:
    """What a folder holds; written as faces.json."""

    people: int
    capacity: int
    frames: int  # of each
    side: int
    labels: tuple[str, ...]
    origin: str


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """Portraits and their labels, mapped from disk."""

    pictures: NDArray[np.uint8]
    """(n, side, side, 3)"""
    labels: NDArray[np.float32]
    """(n, k)"""
    person: NDArray[np.int64]
    """(n,)"""
    names: tuple[str, ...]


def open_faces(folder: Path | str) -> LabelledFaces:
    """The portraits so far.

    Raises:
        InputError: the folder holds none.
    """
    root = Path(folder)
    shape = read_record(root / RECORD, FacesShape)
    if shape is None:
        raise InputError(
            f"{root} holds no labelled faces: it has no {RECORD}. Render them with "
            "`python -m deepmeme.data.dream_faces -o DIR`."
        )
    count = shape.people * shape.frames
    arrays = arrays_to_read(root, _layout(shape), count)
    person = np.arange(count) // shape.frames
    return LabelledFaces(arrays["pictures"], arrays["labels"], person, shape.labels)


def render_person(
    number: int, seed: int, frames: int, face_kit: FaceKit | Path
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One person's portraits (f, side, side, 3) and labels (f, k)."""
    rng = np.random.default_rng((seed, number))
    head = SyntheticHead(
        FIRST_SEED + int(rng.integers(2**31)), "photo", face_kit=face_kit, background=wall(rng)
    )
    pictures, labels = [], []
    for _ in range(frames):
        head.place(int(rng.integers(2**31)))
        motion = sample_portrait(rng)
        frame = head.render(*motion, _RENDERED_PX)
        crop = portrait_crop(frame.keypoints_px.astype(np.float64) + 0.5, KEYPOINT_NAMES)
        pictures.append(crop.cut(frame.image, SIDE))
        labels.append(labels_of(head, motion))
    return np.stack(pictures), np.stack(labels)


def wall(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(64, 64, 3) one colour, lighter where light falls on it."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    colour = rng.uniform(40, 235, 3) * 0.45 + rng.uniform(40, 235) * 0.55
    far = np.hypot(x - rng.uniform(-0.8, 0.8), y - rng.uniform(-0.8, 0.2))
    shade = 1 - rng.uniform(0.1, 0.3) * far[..., None]
    return np.asarray(np.clip(colour * shade, 0, 255), np.uint8)


def sample_portrait(rng: np.random.Generator) -> Motion:
    """Somebody who sits for a portrait: turned by up to 30 degrees, any expression."""
    yaw = float(np.clip(rng.normal(0, 12), -30, 30))
    pitch = float(np.clip(rng.normal(0, 5.5), -14, 14))
    gaze = float(np.clip(rng.normal(0, 13), -28, 28)) if rng.random() < 0.4 else -0.8 * yaw
    return Motion(
        Pose(yaw=yaw, pitch=pitch, zoom=_SMALLER), sample_expression(rng), (gaze, -0.8 * pitch)
    )


def labels_of(head: SyntheticHead, motion: Motion) -> NDArray[np.float32]:
    """(k,) as ``LABELS`` names them."""
    person, weights = head.person, motion.expression
    known = {
        "yaw": motion.pose.yaw,
        "pitch": motion.pose.pitch,
        "gaze": motion.gaze[0],
        "smile": _both(weights, "mouthSmile"),
        "mouth_open": weights.get("jawOpen", 0.0),
        "eyes_open": 1 - _both(weights, "eyeBlink"),
        "brows": weights.get("browInnerUp", _both(weights, "browInnerUp"))
        - _both(weights, "browDown"),
        "age": person.age,
        "womanly": person.womanly,
        "skin": _lightness(person.skin),
        "hair": _lightness(person.hair),
        "hair_length": _LENGTHS[person.hair_style],
        "beard": person.stubble,
        "glasses": float(person.glasses),
        "makeup": person.makeup,
        **_sizes(head, person),
    }
    return np.array([known[name] for name in LABELS], np.float32)


def _both(weights: dict[str, float], name: str) -> float:
    return (weights.get(f"{name}_L", 0.0) + weights.get(f"{name}_R", 0.0)) / 2


def _lightness(linear: NDArray[np.float32]) -> float:
    return float(np.sqrt(linear) @ (0.299, 0.587, 0.114))


def _sizes(head: SyntheticHead, person: Person) -> dict[str, float]:
    """Of the face at rest."""
    at = head.landmarks_at_rest()

    def far(first: str, second: str) -> float:
        gap = at[KEYPOINT_NAMES.index(first)] - at[KEYPOINT_NAMES.index(second)]
        return float(np.linalg.norm(gap))

    eyes = (far("eye_r_0", "eye_l_3") + far("eye_r_3", "eye_l_0")) / 2
    return {
        "nose": far("nose_4", "nose_8") / eyes,
        "lips": far("lip_outer_3", "lip_outer_9") / eyes,
        "eyes": (far("eye_r_1", "eye_r_5") + far("eye_l_1", "eye_l_5")) / 2 / eyes,
        "face": far("jaw_3", "jaw_13") / far("nose_0", "jaw_8"),
    }


def write_dream_faces(
    out: Path, face_kit: FaceKit | Path, *, people: int, seed: int, frames: int = 3
) -> None:
    """Fill the folder; one that was begun goes on, and ends as if never interrupted.

    Raises:
        InputError: other faces are there already, or the face kit isn't.
    """
    out.mkdir(parents=True, exist_ok=True)
    fresh = FacesShape(
        0, people, frames, SIDE, LABELS, f"portraits of rendered people, seed {seed}"
    )
    found = read_record(out / RECORD, FacesShape)
    if found and replace(found, people=0) != fresh:
        raise InputError(
            f"{out} holds other faces ({found.origin}, room for {found.capacity}); choose another "
            "folder or delete it"
        )
    arrays = arrays_to_fill(out, _layout(fresh), people * frames, fresh=found is None)
    for number in range(found.people if found else 0, people):
        rows = slice(number * frames, (number + 1) * frames)
        parts = render_person(number, seed, frames, face_kit)
        arrays["pictures"][rows], arrays["labels"][rows] = parts
        write_record(out / RECORD, replace(fresh, people=number + 1))
        if (number + 1) % 100 == 0:
            _LOG.info("%d of %d people", number + 1, people)


def _layout(shape: FacesShape) -> Layout:
    return {
        "pictures": (np.uint8, (shape.side, shape.side, 3)),
        "labels": (np.float32, (len(shape.labels),)),
    }


def main(arguments: list[str] | None = None) -> None:
    """Parse the options and render until the folder is full."""
    parser = argparse.ArgumentParser(prog="python -m deepmeme.data.dream_faces")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the faces")
    parser.add_argument("--people", type=int, default=4000, help="people to render")
    parser.add_argument("--frames", type=int, default=3, help="portraits of each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--face-kit", type=Path, help="ict_facekit.npz or its folder")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    kit: Any = find_face_kit(options.face_kit)
    write_dream_faces(
        options.out, kit, people=options.people, seed=options.seed, frames=options.frames
    )


if __name__ == "__main__":
    main()

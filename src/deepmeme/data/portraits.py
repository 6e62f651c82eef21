"""A bank of real faces that move: still portraits, lifted to three dimensions and re-rendered.

Frame 0 of a group is the photograph itself; the others show the same head with another pose,
expression and gaze. Portraits whose fit is poor are left out.

    python -m deepmeme.data.portraits -o DIR --pictures DIR --landmarks NPZ [--mattes NPZ]
        [--facekit PATH] [--models DIR] [--per-portrait 2] [--limit N] [--seed 1]

``--landmarks`` holds ``names`` (p,) and ``landmarks`` (p, 468, 3); ``--mattes`` one (h, w) uint8
array for each name (without it, persons are cut out by colour). The irises come from the teacher's
model (see ``teacher``).
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import BankWriter
from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import KEYPOINT_NAMES, FaceKit, load_face_kit
from deepmeme.data.portraits_carrier import Carrier, build_carrier, head_of, visible_skin
from deepmeme.data.portraits_fit import Floats, fit_head
from deepmeme.data.portraits_model import PortraitModel, fit_portrait
from deepmeme.data.portraits_moves import draw_move, draw_window, pose_degrees
from deepmeme.data.portraits_render import original, show
from deepmeme.data.portraits_sites import Sites, find_sites, landmark_weights
from deepmeme.data.portraits_texture import person_matte
from deepmeme.data.teacher import Teacher
from deepmeme.errors import InputError

FRAMES_PER_GROUP = 6
SIZE = 256

WORST_ERROR = 0.0055
"""Root mean square of the fit in face heights; beyond it a portrait is left out."""

MOST_TURNED = 16.0
"""A portrait that is turned or tilted further (degrees) shows too little of one cheek or jaw."""

HELD_OUT_EACH = 28
"""Every so many-th portrait is kept for evaluation."""

_SITES_FROM = 60  # portraits that decide where landmarks lie on the model


@dataclass(frozen=True)
class PortraitFolder:
    """Portraits with their landmarks and, perhaps, mattes."""

    folder: Path
    names: tuple[str, ...]
    landmarks: Floats  # (p, 468, 3) px
    mattes: dict[str, NDArray[np.uint8]]

    def picture(self, index: int) -> NDArray[np.uint8]:
        """One portrait (h, w, 3) RGB.

        Raises:
            InputError: it is not there or no picture.
        """
        path = self.folder / self.names[index]
        read = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if read is None:
            raise InputError(f"{path} is named in the landmarks file but is not a readable picture")
        return np.ascontiguousarray(read[..., ::-1]).astype(np.uint8)

    def matte(self, index: int, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(h, w) 255 = person."""
        known = self.mattes.get(self.names[index])
        return person_matte(picture, self.landmarks[index]) if known is None else known


def open_portraits(folder: Path, landmarks: Path, mattes: Path | None = None) -> PortraitFolder:
    """Read the tables beside a folder of portraits.

    Raises:
        InputError: a table lacks what is needed.
    """
    with np.load(landmarks, allow_pickle=False) as table:
        if not {"names", "landmarks"} <= set(table.files):
            raise InputError(f"{landmarks} has {table.files}; expected 'names' and 'landmarks'")
        names = tuple(str(name) for name in table["names"])
        places = table["landmarks"].astype(np.float32)
    cut: dict[str, NDArray[np.uint8]] = {}
    if mattes is not None:
        with np.load(mattes, allow_pickle=False) as table:
            cut = {name: table[name] for name in table.files}
    return PortraitFolder(folder, names, places, cut)


def sites_from(kit: FaceKit, landmarks: Floats) -> Sites:
    """Where the 468 landmarks lie on the kit, from an even choice of the faces given."""
    step = max(1, len(landmarks) // _SITES_FROM)
    return find_sites(head_of(kit), landmarks[::step], visible_skin(kit))


def usable(carrier: Carrier, landmarks: Floats) -> NDArray[np.intp]:
    """Indices of the faces whose fit is good and which look at the camera enough."""
    basis, weight = carrier.head.basis(carrier.sites), landmark_weights()
    good = []
    for index, face in enumerate(landmarks):
        fit = fit_head(face, basis, weight)
        error = fit.error_px / float(np.ptp(face[:, 1]))
        yaw, _, roll = pose_degrees(fit.rotation)
        if error < WORST_ERROR and max(abs(yaw), abs(roll)) < MOST_TURNED:
            good.append(index)
    return np.array(good, np.intp)


def open_model(
    carrier: Carrier, portraits: PortraitFolder, index: int, teacher: Teacher
) -> PortraitModel:
    """One portrait, fitted."""
    picture = portraits.picture(index)
    landmarks = portraits.landmarks[index]
    irises = teacher.irises(picture, landmarks)
    return fit_portrait(carrier, picture, portraits.matte(index, picture), landmarks, irises)


def render_group(
    model: PortraitModel, rng: np.random.Generator, *, frames: int = FRAMES_PER_GROUP
) -> list[HeadFrame]:
    """The photograph and ``frames - 1`` re-rendered ones, all seen through one window."""
    window = draw_window(model, rng)
    moves = (draw_move(model, window, rng) for _ in range(frames - 1))
    return [original(model, window, SIZE), *(show(model, move, window, SIZE) for move in moves)]


def groups_from(
    carrier: Carrier,
    portraits: PortraitFolder,
    chosen: NDArray[np.intp],
    teacher: Teacher,
    *,
    seed: int,
    rounds: int,
    start: int = 0,
) -> Iterator[list[HeadFrame]]:
    """Groups ``start``, ``start + 1``, ...: every chosen portrait once a round."""
    for group in range(start, len(chosen) * rounds):
        index = int(chosen[group % len(chosen)])
        model = open_model(carrier, portraits, index, teacher)
        yield render_group(model, np.random.default_rng((seed, group)))


def write_bank(
    out: Path,
    portraits: PortraitFolder,
    kit: FaceKit,
    teacher: Teacher,
    *,
    per_portrait: int = 2,
    limit: int | None = None,
    seed: int = 1,
    done: Callable[[int, int], None] = lambda groups, of: None,
) -> int:
    """Fill the bank in ``out``, going on where an earlier run stopped; returns its groups.

    Raises:
        InputError: another bank lies there, or no portrait is usable.
    """
    carrier = build_carrier(kit, sites_from(kit, portraits.landmarks))
    chosen = usable(carrier, portraits.landmarks)
    chosen = chosen[chosen % HELD_OUT_EACH != 0]
    if not len(chosen):
        raise InputError(f"No portrait in {portraits.folder} is frontal and fits well enough.")
    capacity = len(chosen) * per_portrait
    capacity = min(capacity, limit) if limit else capacity
    writer = BankWriter(
        out,
        capacity,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=FRAMES_PER_GROUP,
        size=SIZE,
        origin=f"portraits seed {seed}",
    )
    groups = groups_from(
        carrier, portraits, chosen, teacher, seed=seed, rounds=per_portrait, start=writer.groups
    )
    while writer.groups < capacity:
        writer.add_group(next(groups))
        done(writer.groups, capacity)
    return capacity


def main(arguments: list[str] | None = None) -> None:
    """Write the bank, going on where an earlier run stopped."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--landmarks", type=Path, required=True)
    parser.add_argument("--mattes", type=Path)
    parser.add_argument("--facekit", type=Path)
    parser.add_argument("--models", type=Path, help="folder of the teacher's models")
    parser.add_argument("--per-portrait", type=int, default=2)
    parser.add_argument("--limit", type=int, help="only so many groups")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    portraits = open_portraits(options.pictures, options.landmarks, options.mattes)
    write_bank(
        options.out,
        portraits,
        load_face_kit(options.facekit),
        Teacher(options.models),
        per_portrait=options.per_portrait,
        limit=options.limit,
        seed=options.seed,
    )


if __name__ == "__main__":
    main()

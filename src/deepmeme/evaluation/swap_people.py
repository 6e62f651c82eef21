"""Two people who do not exist and what they look like in the same pose with the same face.

They are rendered, so what a swap should have made is known: the other one, moving the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.data.ict import FaceKit
from deepmeme.data.synthetic_heads.head import SyntheticHead
from deepmeme.data.synthetic_heads.motion import Motion, sample_motion
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.crop import Crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.faceset import MASKS, PICTURES, FaceRecord, write_index
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.landmarks import find_landmarks

Frame = NDArray[np.uint8]
RENDERED_PX, SQUARE_PX = 320, 128


class Seen(NamedTuple):
    """A rendered face as the product finds it."""

    frame: Frame
    crop: Crop
    points: NDArray[np.float64]
    """(k, 2) in the square."""
    names: tuple[str, ...]

    def square(self, size: int) -> Frame:
        """The aligned face."""
        return self.crop.cut(self.frame, size)

    def mask(self, size: int) -> NDArray[np.uint8]:
        """(size, size) 255 inside the face's outline."""
        return hull_mask(self.points, self.names, size)


def motions(count: int, seed: int) -> list[Motion]:
    """Random moments; held-out ones come from another seed."""
    rng = np.random.default_rng((seed, 5))
    return [sample_motion(rng) for _ in range(count)]


def perform(head: SyntheticHead, moments: Sequence[Motion]) -> list[Seen | None]:
    """Each moment as rendered and found; None where no face is found."""
    return [look(head.render(*moment, RENDERED_PX).image) for moment in moments]


def look(frame: Frame) -> Seen | None:
    """The largest face of a frame."""
    faces = detect_faces(frame)
    if not faces:
        return None
    landmarks = find_landmarks(frame, faces[0])
    crop = align_face(landmarks.xy_px, landmarks.names)
    return Seen(frame, crop, in_square(landmarks.xy_px, crop), landmarks.names)


def write_faceset(seen: Sequence[Seen | None], folder: Path) -> Path:
    """The found faces as a faceset to train on."""
    for name in (PICTURES, MASKS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    records = []
    names: tuple[str, ...] = ()
    for number, face in enumerate(seen):
        if face is None:
            continue
        file, names = f"rendered_{number:06d}.png", face.names
        Image.fromarray(face.square(SQUARE_PX)).save(folder / PICTURES / file)
        Image.fromarray(face.mask(SQUARE_PX)).save(folder / MASKS / file)
        points = tuple((float(x), float(y)) for x, y in face.points)
        records.append(FaceRecord(file, folder.name, number, face.crop, points))
    write_index(folder, records, size_px=SQUARE_PX, names=names)
    return folder


def save_seen(seen: Sequence[Seen | None], path: Path) -> None:
    """Keep found faces (npz); what was not found is left out, its number kept."""
    kept = [(number, face) for number, face in enumerate(seen) if face is not None]
    crops = [(c.centre_x, c.centre_y, c.side, c.angle_deg) for c in (f.crop for _, f in kept)]
    np.savez_compressed(
        path, count=len(seen), number=[number for number, _ in kept], crops=crops,
        frames=np.stack([face.frame for _, face in kept]),
        points=np.stack([face.points for _, face in kept]), names=np.array(kept[0][1].names),
    )  # fmt: skip


def open_seen(path: Path) -> list[Seen | None]:
    """Back from :func:`save_seen`."""
    seen: list[Seen | None]
    with np.load(path, allow_pickle=False) as stored:
        seen = [None] * int(stored["count"])
        names = tuple(map(str, stored["names"]))
        rows = zip(stored["number"], stored["frames"], stored["crops"], stored["points"],
                   strict=True)  # fmt: skip
        for number, frame, crop, points in rows:
            x, y, side, turn = map(float, crop)
            seen[int(number)] = Seen(frame, Crop(x, y, side, turn, found_face=True), points, names)
    return seen


def person(seed: int, kit: FaceKit | Path, scene: int) -> SyntheticHead:
    """A person, in the light and before the background of ``scene``."""
    head = SyntheticHead(seed, "photo", face_kit=kit)
    head.place(scene)
    return head

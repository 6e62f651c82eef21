"""How well masks say what is seen of a face, and vectors whose face it is; how long both take.

    python benchmarks/people.py --squares DIR [--clips DIR] [--pictures DIR...] [--folder FOLDER]
        [-o OUT]

Squares: people whom `python -m deepmeme.data.face_masks --seed 77` rendered, none of them trained
on; the same again with things put before the face. Clips: another person in each, every 6th frame;
those of GRID (grid_*.mpg) by themselves. Pictures: looked at, with what is found, in OUT. The
embedding that DEEPMEME_FACE_EMBEDDING names is measured beside ours, on the same squares.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.face_squares import MARGIN, Squares, cut_square, open_rendered
from deepmeme.data.occluders import occluded
from deepmeme.evaluation.embedding import choose_embedder
from deepmeme.evaluation.judges import anatomy_of
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.crop import Crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.identity import SAME_ABOVE, identity_vector
from deepmeme.faces.landmarks import find_landmarks, open_reader
from deepmeme.faces.mask import PEOPLE, face_mask
from deepmeme.faces.refine import face_from_landmarks
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]

MASK_PX = 96
_EVERY, _MOST = 6, 12
_RUNS = 100


def main() -> None:
    """Parse the options and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--squares", type=Path, required=True)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--pictures", type=Path, nargs="*", default=[])
    parser.add_argument("--folder", type=Path, default=PEOPLE)
    parser.add_argument("-o", "--out", type=Path)
    options = parser.parse_args()
    squares = open_rendered(options.squares)
    figures: dict[str, Any] = {"masks": masks(squares, options.folder)}
    sets = {"rendered people": squares}
    if options.clips:
        sets["GRID"] = squares_of_clips(sorted(options.clips.glob("grid_*")))
        sets["other clips"] = squares_of_clips(sorted(options.clips.glob("[!g]*.mp4")))
    figures["identity"] = {
        name: {who: verified(vectors, found.person, near) for who, vectors, near in
               compared(found, options.folder)}
        for name, found in sets.items()
    }  # fmt: skip
    figures["ms"] = timed(squares, options.folder)
    print(json.dumps(figures, indent=1))
    if options.out:
        draw(options.pictures, options.folder, options.out)


def masks(squares: Squares, folder: Path) -> dict[str, Any]:
    """Overlap with the truth in percent: the network's mask and the outline alone."""
    assert squares.seen is not None
    found: dict[str, dict[str, list[float]]] = {}
    rng = np.random.default_rng(5)
    for row in range(len(squares.person)):
        for kind in ("as rendered", "something before the face"):
            picture, seen = np.asarray(squares.pictures[row]), np.asarray(squares.seen[row])
            if kind != "as rendered":
                picture, seen = occluded(picture, seen, rng)
            xy_px = read_landmarks(picture, squares.xy[row].astype(np.float64), squares.names)
            crop = align_face(xy_px, open_reader().names)
            square = crop.cut(picture, MASK_PX)
            truth = crop.cut(np.repeat(seen[..., None], 3, -1), MASK_PX)[..., 0]
            xy = in_square(xy_px, crop)
            named = open_reader().names
            for who, mask in (
                ("ours", face_mask(square, xy, named, folder=folder)),
                ("outline alone", hull_mask(xy, named, MASK_PX)),
            ):
                found.setdefault(kind, {}).setdefault(who, []).append(overlap(mask, truth))
    return {
        kind: {who: {"mean": mean(values), "worst tenth": mean(sorted(values)[: len(values) // 10])}
               for who, values in by.items()}
        for kind, by in found.items()
    }  # fmt: skip


def read_landmarks(picture: Frame, xy: Points, names: Sequence[str]) -> Points:
    """As the landmark network reads them, given the face about where it truly is."""
    side = picture.shape[0]
    whole = Crop(side / 2, side / 2, side)
    return find_landmarks(picture, face_from_landmarks(xy, names, whole, side)[1]).xy_px


def overlap(mask: Frame, truth: Frame) -> float:
    """Intersection over union in percent, a pixel counting from one half."""
    a, b = mask > 127, truth > 127
    return 100 * float((a & b).sum()) / max(float((a | b).sum()), 1.0)


def mean(values: Sequence[float]) -> float:
    """Rounded to two digits."""
    return round(float(np.mean(values)), 2)


def squares_of_clips(clips: Sequence[Path]) -> Squares:
    """Squares of clips that show one person each."""
    pictures, places, people = [], [], []
    names = open_reader().names
    for number, clip in enumerate(clips):
        for frame in islice(open_clip(clip), 0, _EVERY * _MOST, _EVERY):
            faces = detect_faces(frame)
            if faces:
                points = find_landmarks(frame, faces[0])
                picture, xy = cut_square(frame, points.xy_px, names)
                pictures.append(picture)
                places.append(xy)
                people.append(number)
    return Squares(np.stack(pictures), None, np.stack(places), np.array(people), names)


def compared(
    squares: Squares, folder: Path
) -> list[tuple[str, NDArray[np.float32], Callable[..., NDArray[np.float64]]]]:
    """Vectors of all squares by each network, and how near two of them are."""
    side = squares.pictures.shape[1]
    core = round(side / MARGIN)
    start = (side - core) // 2
    inner = squares.pictures[:, start : start + core, start : start + core]
    ours = np.stack([identity_vector(np.ascontiguousarray(one), folder=folder) for one in inner])
    rows: list[tuple[str, NDArray[np.float32], Callable[..., NDArray[np.float64]]]] = [
        ("ours", ours, lambda a: a @ a.T)
    ]
    peer = choose_embedder()
    if peer is not None:
        anatomy = anatomy_of(squares.names)
        xy_px = (squares.xy + 1) * side / 2 - 0.5
        given = zip(squares.pictures, xy_px.astype(np.float32), strict=True)
        theirs = np.stack([peer(np.asarray(picture), xy, anatomy) for picture, xy in given])
        rows.append((peer.name, theirs, lambda a: -np.linalg.norm(a[:, None] - a[None], axis=-1)))
    return rows


def verified(
    vectors: NDArray[np.float32],
    person: NDArray[np.int64],
    near: Callable[..., NDArray[np.float64]],
) -> dict[str, Any]:
    """How well nearness tells pairs of one person from pairs of two."""
    nearness = np.asarray(near(vectors), np.float64)
    upper = np.triu(np.ones_like(nearness, bool), 1)
    same = person[:, None] == person[None]
    own, other = nearness[upper & same], nearness[upper & ~same]
    ranked = np.sort(other)
    below = np.searchsorted(ranked, own, "left") + np.searchsorted(ranked, own, "right")
    steps = np.quantile(nearness[upper], np.linspace(0, 1, 4001))
    wrong = np.array([[(own < step).mean(), (other >= step).mean()] for step in steps])
    equal = int(np.abs(wrong[:, 0] - wrong[:, 1]).argmin())
    figures = {
        "pairs": [len(own), len(other)],
        "area under the curve": round(float(below.mean()) / 2 / len(other), 4),
        "equal error, %": round(100 * float(wrong[equal].mean()), 2),
        "there, at": round(float(steps[equal]), 3),
        "found at 1 false in 1000, %": round(
            100 * float((own > np.quantile(other, 0.999)).mean()), 2
        ),
        "nearness of own": [round(float(q), 3) for q in np.quantile(own, (0.05, 0.5))],
        "nearness of others": [round(float(q), 3) for q in np.quantile(other, (0.5, 0.95, 0.999))],
    }
    if nearness.min() >= -1.01 and nearness.max() <= 1.01 and (own > 0).any():
        figures["lost and mixed at SAME_ABOVE, %"] = [
            round(100 * float(share), 2)
            for share in ((own < SAME_ABOVE).mean(), (other >= SAME_ABOVE).mean())
        ]
    return figures


def timed(squares: Squares, folder: Path) -> dict[str, float]:
    """Least milliseconds of a face: wall clock, with all of OpenVINO's threads."""
    square = np.asarray(squares.pictures[0])
    xy = squares.xy[0].astype(np.float64)
    runs = {
        "mask": lambda: face_mask(square, xy, squares.names, folder=folder),
        "outline": lambda: hull_mask(xy, squares.names, square.shape[0]),
        "identity": lambda: identity_vector(square, folder=folder),
    }
    found = {}
    for name, run in runs.items():
        spent = []
        for _ in range(_RUNS):
            start = time.perf_counter()
            run()
            spent.append(time.perf_counter() - start)
        found[name] = round(1000 * min(spent), 2)
    return found


def draw(places: Sequence[Path], folder: Path, out: Path) -> None:
    """Each face's square with the outline's and the network's part of it."""
    out.mkdir(parents=True, exist_ok=True)
    for place in places:
        files = sorted(place.iterdir()) if place.is_dir() else [place]
        for file in files:
            frame = first_frame(file)
            faces = () if frame is None else detect_faces(frame)
            for number, face in enumerate(faces[:3]):
                assert frame is not None
                points = find_landmarks(frame, face)
                crop = align_face(points.xy_px, points.names)
                square, xy = crop.cut(frame, 256), in_square(points.xy_px, crop)
                parts = (
                    np.full((256, 256), 255, np.uint8),
                    hull_mask(xy, points.names, 256),
                    face_mask(square, xy, points.names, folder=folder),
                )
                cells = [square * (0.25 + 0.75 * part[..., None] / 255) for part in parts]
                sheet = np.concatenate(cells, 1).astype(np.uint8)
                cv2.imwrite(str(out / f"{file.stem}_{number}.png"), sheet[..., ::-1])


def first_frame(file: Path) -> Frame | None:
    """Of a picture or a video; None of anything else."""
    if file.suffix.lower() in (".jpg", ".png", ".jpeg", ".webp"):
        return np.ascontiguousarray(np.asarray(read_image(file))[..., :3])
    if file.suffix.lower() in (".mp4", ".mpg"):
        return next(iter(open_clip(file)))
    return None


if __name__ == "__main__":
    main()

"""How well faces are found, beside OpenCV's cascades; how exact landmarks are; how long both take.

    python benchmarks/faces.py --banks DIR... [--faceless DIR] [--clips DIR] [--stills DIR]
        [--folder FOLDER] [-o OUT]

Banks: composed frames of 640x640 with heads that training never saw. Clips: MediaPipe's finder and
mesh are the truth (set DEEPMEME_MEDIAPIPE); the same frames again, made small and turned. Stills:
pictures drawn with what is found, to look at.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import open_bank
from deepmeme.data.scene_faces import WEIGHT, FaceBank, open_faces
from deepmeme.data.scene_grounds import read_faceless
from deepmeme.data.scenes import Scene, Scenes
from deepmeme.data.teacher import Teacher
from deepmeme.faces.cascade import cascade_faces
from deepmeme.faces.crop import crop_face
from deepmeme.faces.face import Box, Face
from deepmeme.faces.finder import FOLDER, sight_faces
from deepmeme.faces.landmarks import find_landmarks, open_reader
from deepmeme.faces.refine import Finder
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.motion_model import load_model

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]
Detector = Callable[[Frame], Sequence[Face]]

SIZE = 640
SCENES = 48
HEIGHTS = {"5-10 %": (0.05, 0.1), "10-20 %": (0.1, 0.2), "over 20 %": (0.2, 9.0)}
TURNS = {"under 15 deg": (0, 15), "15-30 deg": (15, 30), "30-45 deg": (30, 45)}
MESH = {
    **{f"eye_r_{i}": p for i, p in enumerate((33, 160, 158, 133, 153, 144))},
    **{f"eye_l_{i}": p for i, p in enumerate((362, 385, 387, 263, 373, 380))},
    **{f"brow_r_{i}": p for i, p in enumerate((70, 63, 105, 66, 107))},
    **{f"brow_l_{i}": p for i, p in enumerate((336, 296, 334, 293, 300))},
    **{f"nose_{i}": p for i, p in enumerate((168, 6, 197, 4))},
    "lip_outer_0": 61, "lip_outer_3": 0, "lip_outer_6": 291, "lip_outer_9": 17,
    "lip_inner_0": 78, "lip_inner_2": 13, "lip_inner_4": 308, "lip_inner_6": 14, "jaw_8": 152,
}  # fmt: skip
"""Landmarks that MediaPipe's mesh of 468 has, too, about at the same place."""
PARTS = {"eyes": "eye_", "irises": "iris_", "lips": "lip_", "brows": "brow_", "jaw": "jaw_"}


class Truth(NamedTuple):
    """One face there is."""

    box: Box
    angle_deg: float
    counts: bool


class Tally:
    """Counts hits by the kinds of faces, and alarms."""

    def __init__(self) -> None:
        self.hits: dict[str, list[int]] = {}
        self.frames = self.alarms = 0

    def add(self, found: Sequence[Face], truths: Sequence[Truth], height: int) -> None:
        """One frame."""
        self.frames += 1
        free = list(found)
        for truth in sorted(truths, key=lambda truth: -truth.box.area):
            match = max(free, key=lambda face: face.box.overlap(truth.box), default=None)
            hit = match is not None and _same(match.box, truth.box)
            if hit and match is not None:
                free.remove(match)
            if truth.counts:
                for kind in _kinds(truth, height):
                    self.hits.setdefault(kind, []).append(int(hit))
        self.alarms += sum(not any(_touches(f.box, t.box) for t in truths) for f in free)

    def figures(self) -> dict[str, Any]:
        """Recall in percent, with how many faces, and alarms for a hundred frames."""
        recall = {
            kind: f"{100 * np.mean(hits):.1f} of {len(hits)}"
            for kind, hits in sorted(self.hits.items())
        }
        return {
            "recall %": recall,
            "alarms per 100 frames": round(100 * self.alarms / self.frames, 1),
        }


def _same(found: Box, truth: Box) -> bool:
    """Same place and size, roughly: boxes of different finders differ by convention."""
    return found.overlap(truth) > 0.35


def _touches(found: Box, truth: Box) -> bool:
    return found.intersection(truth) > 0.25 * min(found.area, truth.area)


def _kinds(truth: Truth, height: int) -> Iterator[str]:
    yield "all"
    share = truth.box.height / height
    yield from (f"height {name}" for name, (low, high) in HEIGHTS.items() if low <= share < high)
    turn = abs(truth.angle_deg)
    yield from (f"turn {name}" for name, (low, high) in TURNS.items() if low <= turn < high)


def truths_of(scene: Scene) -> list[Truth]:
    """The labels of a composed frame; faces below 5 % may be found or not."""
    return [
        Truth(
            Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2),
            float(np.rad2deg(np.arctan2(-dx, dy))),
            bool(weight) and side >= 0.05 * scene.picture.shape[0],
        )
        for x, y, side, dx, dy, weight in scene.faces[:, : WEIGHT + 1].tolist()
    ]


def composed(
    bank: FaceBank, faceless: tuple[Frame, ...], finders: dict[str, Detector]
) -> tuple[dict[str, Any], list[Frame]]:
    """Figures of each finder on composed frames, and some of the frames drawn."""
    scenes = Scenes((bank,), (1.0,), faceless, SIZE, (0.045 * SIZE, 0.7 * SIZE), 45.0, seed=77)
    tallies = {name: Tally() for name in finders}
    drawn = []
    for number in range(SCENES):
        scene = scenes(number)
        for name, find in finders.items():
            found = find(scene.picture)
            tallies[name].add(found, truths_of(scene), SIZE)
            if name == "finder" and number < 12:
                drawn.append(marked(scene.picture, found))
    return {name: tally.figures() for name, tally in tallies.items()}, drawn


def mesh_box(mesh: Points) -> tuple[Box, float]:
    """Our box about MediaPipe's mesh (468, 3), and its lean in degrees."""
    right, left = mesh[[33, 133], :2].mean(0), mesh[[362, 263], :2].mean(0)
    mouth = mesh[[61, 291], :2].mean(0)
    eyes = (right + left) / 2
    # A turned head has its eyes nearer to each other, but not its mouth nearer to them
    apart = max(float(np.linalg.norm(left - right)), float(np.linalg.norm(mouth - eyes)) * 0.95)
    down = (mouth - eyes) / max(1e-6, float(np.linalg.norm(mouth - eyes)))
    x, y = eyes + 0.45 * apart * down
    half = 1.25 * apart
    lean = float(np.rad2deg(np.arctan2(left[1] - right[1], left[0] - right[0])))
    return Box(x - half, y - half, x + half, y + half), lean


def on_clips(
    folder: Path,
    faceless: Sequence[Frame],
    finders: dict[str, Detector],
    readers: dict[str, Finder],
) -> tuple[dict[str, Any], list[Frame]]:
    """Recall and alarms with MediaPipe as truth, and landmarks against its mesh."""
    teacher, drawn, rng = Teacher(), [], np.random.default_rng(6)
    walls = faceless or [np.full((8, 8, 3), 128, np.uint8)]
    tallies = {name: Tally() for name in finders}
    small = {name: Tally() for name in finders}
    errors: dict[str, list[float]] = {name: [] for name in readers}
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".mp4", ".mpg")):
        for index, frame in enumerate(open_clip(path)):
            if index % 10:
                continue
            mesh = teacher.landmarks468(frame)
            if mesh is None:
                continue
            box, lean = mesh_box(mesh.astype(np.float64) + 0.5)
            for name, find in finders.items():
                found = find(frame)
                tallies[name].add(found, [Truth(box, lean, True)], frame.shape[0])
                if name == "finder" and index == 20:
                    drawn.append(marked(frame, found))
            canvas, truth = set_down(frame, box, lean, walls[int(rng.integers(len(walls)))], rng)
            for name, find in finders.items():
                found = find(canvas)
                small[name].add(found, [truth], SIZE)
                if name == "finder" and index == 20:
                    drawn.append(marked(canvas, found))
            near = finders["finder"](frame)
            face = max(near, key=lambda one: one.box.overlap(box), default=Face(box, 1.0, lean))
            for name, reader in readers.items():
                errors[name].append(_mesh_error(frame, face, reader, mesh))
    figures: dict[str, Any] = {name: tally.figures() for name, tally in tallies.items()}
    figures["small and turned"] = {name: tally.figures() for name, tally in small.items()}
    figures["landmarks, % of the eyes' distance from MediaPipe's"] = {
        name: round(float(np.mean(values)), 2) for name, values in errors.items() if values
    }
    return figures, drawn


def set_down(
    frame: Frame, box: Box, lean: float, wall: Frame, rng: np.random.Generator
) -> tuple[Frame, Truth]:
    """The frame made small and turned, somewhere on a wall of 640x640; and its face."""
    side = SIZE * float(np.exp(rng.uniform(np.log(0.05), np.log(0.3))))
    turn = rng.uniform(-40, 40)
    ratio = side / box.width
    c, s = ratio * np.cos(np.deg2rad(turn)), ratio * np.sin(np.deg2rad(turn))
    linear = np.array([[c, -s], [s, c]])
    place = rng.uniform(0.75 * side, SIZE - 0.75 * side, 2)
    matrix = np.column_stack([linear, place - linear @ box.centre])
    steps = max(1, round(1 / ratio))
    small = cv2.resize(frame, None, fx=1 / steps, fy=1 / steps, interpolation=cv2.INTER_AREA)
    matrix[:, :2] *= steps
    canvas = np.asarray(cv2.resize(wall, (SIZE, SIZE)), np.uint8).copy()
    cv2.warpAffine(small, matrix, (SIZE, SIZE), canvas, borderMode=cv2.BORDER_TRANSPARENT)
    half, (x, y) = side / 2, place
    truth = Box(float(x - half), float(y - half), float(x + half), float(y + half))
    return canvas, Truth(truth, lean + turn, True)


def read_points(frame: Frame, face: Face, reader: Finder) -> Points:
    """(k, 2) in pixel indices of the frame."""
    crop = crop_face(face, framing=reader.framing, upright=True)
    xy = reader.detect(crop.cut(frame, reader.resolution)[None])[0].astype(np.float64)
    back = crop.inverse(reader.resolution)
    return np.asarray((xy + 1) * (reader.resolution - 1) / 2 @ back[:, :2].T + back[:, 2])


def _mesh_error(frame: Frame, face: Face, reader: Finder, mesh: NDArray[np.float32]) -> float:
    points = read_points(frame, face, reader)
    rows = [reader.names.index(name) for name in MESH]
    wanted = mesh[list(MESH.values()), :2]
    eyes = mesh[[362, 263], :2].mean(0) - mesh[[33, 133], :2].mean(0)
    apart = np.linalg.norm(points[rows] - wanted, axis=1).mean()
    return float(100 * apart / np.linalg.norm(eyes))


def on_labels(bank: FaceBank, readers: dict[str, Finder], most: int = 60) -> dict[str, Any]:
    """Landmark errors on held-out heads, boxes astray as a finder's are."""
    rng = np.random.default_rng(5)
    names = bank.bank.shape.keypoint_names
    errors: dict[str, dict[str, list[float]]] = {name: {} for name in readers}
    for frame in rng.permutation(bank.chosen)[:most].tolist():
        x, y, side, dx, dy = (float(value) for value in bank.faces[frame, :5])
        side *= float(np.exp(rng.normal(0, 0.05)))
        x, y = x + rng.normal(0, 0.03) * side, y + rng.normal(0, 0.03) * side
        lean = float(np.rad2deg(np.arctan2(-dx, dy))) + rng.normal(0, 4)
        face = Face(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), 1.0, lean)
        picture = np.ascontiguousarray(bank.bank.frames[frame])
        wanted = (bank.bank.keypoints[frame].astype(np.float64) + 1) * (picture.shape[0] - 1) / 2
        eyes = [wanted[[names.index(f"eye_{s}_{i}") for i in range(6)]].mean(axis=0) for s in "rl"]
        unit = max(float(np.linalg.norm(eyes[1] - eyes[0])), 0.2 * side)
        for name, reader in readers.items():
            points = read_points(picture, face, reader)
            for row, point in zip(points, reader.names, strict=True):
                if not point.startswith(("crown", "neck", "ear", "forehead")):
                    apart = float(np.linalg.norm(row - wanted[names.index(point)])) * 100 / unit
                    for part in ("all", *(p for p, s in PARTS.items() if point.startswith(s))):
                        errors[name].setdefault(part, []).append(apart)
    return {
        name: {part: round(float(np.mean(values)), 2) for part, values in sorted(parts.items())}
        for name, parts in errors.items()
    }


def milliseconds(job: Callable[[], object], times: int = 30) -> dict[str, float]:
    """Median and least of some runs, and how long cores were busy for one."""
    for _ in range(3):
        job()
    spans, busy = [], time.process_time()
    for _ in range(times):
        started = time.perf_counter()
        job()
        spans.append((time.perf_counter() - started) * 1000)
    cores = (time.process_time() - busy) * 1000 / times
    return {
        "median": round(float(np.median(spans)), 1),
        "least": round(min(spans), 1),
        "of all cores": round(cores, 1),
    }


def marked(picture: Frame, faces: Sequence[Face]) -> Frame:
    """Boxes, turned with the heads, and how sure."""
    drawn: Frame = np.array(picture, np.uint8)
    thick = max(1, drawn.shape[0] // 240)
    for face in faces:
        lean, (x, y) = np.deg2rad(face.angle_deg), face.box.centre
        down = np.array([-np.sin(lean), np.cos(lean)]) * face.box.height / 2
        right = np.array([down[1], -down[0]])
        corners = [np.array([x, y]) + a * down + b * right
                   for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))]  # fmt: skip
        outline = np.round(np.stack(corners)).astype(np.int32)
        cv2.polylines(drawn, [outline], True, (0, 255, 0), thick)
        at = tuple(outline[0].tolist())
        cv2.putText(drawn, f"{face.score:.2f}", at, 0, 0.4 * thick, (255, 0, 0), thick)
    return drawn


def write_drawn(pictures: Sequence[Frame], path: Path, cell: int = 320) -> None:
    """A sheet of pictures, each fitted into a square."""
    cells = []
    for picture in pictures:
        ratio = cell / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        canvas = np.zeros((cell, cell, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small[:cell, :cell]
        cells.append(canvas)
    cells += [np.zeros((cell, cell, 3), np.uint8)] * (-len(cells) % 6)
    lines = [np.concatenate(cells[i : i + 6], 1) for i in range(0, len(cells), 6)]
    cv2.imwrite(str(path), np.concatenate(lines)[..., ::-1])


def main() -> None:
    """Measure and write OUT/faces.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banks", type=Path, nargs="+", default=[])
    parser.add_argument("--faceless", type=Path)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--stills", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the finder's networks")
    parser.add_argument("--sure", type=float)
    parser.add_argument("-o", "--out", type=Path, default=Path("faces_report"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    further = {} if given.sure is None else {"sure": given.sure}
    finders: dict[str, Detector] = {
        "finder": lambda frame: [
            s.face for s in sight_faces(frame, folder=given.folder, **further)
        ],
        "cascades": cascade_faces,
    }
    large = Finder.of(load_model("portrait").engine)
    light = Finder(*open_reader(given.folder))
    readers = {"light, 128": light}
    readers |= {"portrait's, 256": large} if large is not None else {}
    wall = np.random.default_rng(0).integers(0, 255, (9, 16, 3)).astype(np.uint8)
    frame = np.asarray(cv2.resize(wall, (1280, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
    face = Face(Box(500, 200, 800, 500), 1.0)
    figures: dict[str, Any] = {"ms": {
        "finder, 720p": milliseconds(
            lambda: sight_faces(frame, folder=given.folder, finer=False)
        ),
        "cascades, 720p": milliseconds(lambda: cascade_faces(frame), 5),
        "landmarks, a face": milliseconds(
            lambda: find_landmarks(frame, face, looks=1, folder=given.folder)
        ),
        "portrait's, a face": milliseconds(lambda: read_points(frame, face, large or light)),
    }}  # fmt: skip
    faceless = read_faceless(given.faceless)
    for folder in given.banks:
        bank = open_faces(open_bank(folder), held_out=True)
        found, drawn = composed(bank, faceless, finders)
        figures[folder.name] = found | {"landmarks, %": on_labels(bank, readers)}
        write_drawn(drawn, given.out / f"{folder.name}.png")
    if given.clips:
        figures["clips"], drawn = on_clips(given.clips, faceless, finders, readers)
        write_drawn(drawn, given.out / "clips.png")
    if given.stills:
        stills = [read_image(path) for path in sorted(given.stills.iterdir())]
        found_in = [finders["finder"](picture) for picture in stills]
        drawn = [marked(p, f) for p, f in zip(stills, found_in, strict=True)]
        write_drawn(drawn, given.out / "stills.png", 480)
        figures["stills"] = {
            path.name: {name: len(find(picture)) for name, find in finders.items()}
            for path, picture in zip(sorted(given.stills.iterdir()), stills, strict=True)
        }
    text = json.dumps(figures, indent=1)
    (given.out / "faces.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

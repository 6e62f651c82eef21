"""Figures by group: for whom does the portrait model, the finder or the landmarks work worse?

    python benchmarks/groups.py --face-kit ict_facekit.npz [--portraits eval_set.npz] -o OUT

Rendered people whose traits the renderer knows, as many of each kind, none trained on; and
re-rendered portraits of people not trained on (``deepmeme.data.evaluation_set``), by how light the
skin is in the photograph. Nothing is guessed about real people. OUT/people.jsonl holds every
figure; a run that was stopped goes on there. A star marks a group that is worse than the rest
beyond chance, corrected for the number of questions (Holm, 5 %).
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import KEYPOINT_NAMES, FaceKit, find_face_kit, load_face_kit
from deepmeme.data.scene_faces import faces_of, moved_faces
from deepmeme.data.synthetic_heads import Motion, SyntheticHead, sample_motion
from deepmeme.data.synthetic_heads.background import paint_background
from deepmeme.evaluation.group_people import FIRST_SEED, Chosen, choose_people, traits_of
from deepmeme.evaluation.judges import Landmarker, OwnLandmarks, choose_landmarker
from deepmeme.evaluation.scoring import Judges, expression_errors, mean_known
from deepmeme.faces.face import Box, Face
from deepmeme.faces.finder import sight_faces
from deepmeme.faces.landmarks import find_landmarks
from deepmeme.metrics.expression import opening, width_of
from deepmeme.metrics.groups import GroupFigure, clearly_worse, group_figures, terciles
from deepmeme.metrics.keypoints import interocular, normalised_errors
from deepmeme.metrics.pictures import mean_l1
from deepmeme.metrics.skin import typology_angle
from deepmeme.metrics.structure import gradient_deviation
from deepmeme.runtime.engine import MotionEngine
from deepmeme.runtime.load import load_engine

Frame = NDArray[np.uint8]
Floats = NDArray[np.float64]
Figures = dict[str, float]

SIZE, SCENE = 256, 640
YAWS = {"turned under 10": (0.0, 10.0), "turned 10-22": (10.0, 22.0), "turned 22-38": (22.0, 38.0)}
THIRDS = {
    "wrinkles (age)": ("few", "some", "many"),
    "face": ("narrow", "middling", "wide"),
    "light": ("dim", "middling", "bright"),
    "skin in the photograph": ("darkest third", "middle third", "lightest third"),
}
MEASURES = {
    "keypoints": "keypoint error, % of the eyes' distance",
    "lips": "of the lips",
    "lids": "of the eyes",
    "dim": "keypoint error at a quarter of the light, with noise",
    "dim costs": "how much more that is than in the light as rendered",
    "l1": "L1 over that of the source held still",
    "structure": "GMSD over that of the source held still",
    "mouth": "mouth opening, |error| in eye distances x 100",
    "eyelids": "lid opening, |error| in eye widths x 100",
    "gaze": "place of the iris, |error| in eye widths x 100",
    "recall": "faces of 5 to 20 % of a composed frame found, %",
    "recall dim": "the same at a quarter of the light",
    "light landmarks": "the light landmark network's error, %",
}
BETTER = dict.fromkeys(MEASURES, -1) | {"recall": 1, "recall dim": 1}
CHEEKS = (("jaw_2", "nose_4"), ("jaw_14", "nose_8"))


class Tools(NamedTuple):
    """What is measured, and who judges."""

    engine: MotionEngine
    own: OwnLandmarks
    judges: Judges


class Moment(NamedTuple):
    """A picture with its labels."""

    image: Frame
    xy: NDArray[np.float32]  # (k, 2) in [-1, 1]
    visible: NDArray[np.bool_]


def moment_of(frame: HeadFrame) -> Moment:
    """Keypoints in the models' units."""
    xy = frame.keypoints_px * (2 / (frame.image.shape[0] - 1)) - 1
    return Moment(frame.image, xy.astype(np.float32), frame.visible)


def dimmed(image: Frame, rng: np.random.Generator) -> Frame:
    """The same at a quarter of the light: darker, and noisier for it."""
    linear = np.square(image.astype(np.float32) / 255) / 4
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    noisy = linear + noise * np.sqrt(linear * 2e-3 + 1e-5)
    return np.asarray(np.sqrt(noisy.clip(0, 1)) * 255, np.uint8)


def keypoint_errors(found: NDArray[np.float32], true: Moment) -> Figures:
    """Percent of the eyes' distance, visible keypoints only; lips and lids apart."""
    apart = 100 * normalised_errors(found[None], true.xy[None], KEYPOINT_NAMES)[0]
    apart[~true.visible] = np.nan
    parts = {"keypoints": "", "lips": "lip_", "lids": "eye_"}
    rows = {key: [i for i, name in enumerate(KEYPOINT_NAMES) if name.startswith(part)]
            for key, part in parts.items()}  # fmt: skip
    return {key: mean_known(apart[row].tolist()) for key, row in rows.items()}


def mouth_found(found: NDArray[np.float32], true: Moment, own: OwnLandmarks) -> float:
    """How far the opening that the keypoints show is from the labels', in eye distances x 100."""
    gaps = [
        opening(points, own.anatomy.lips, width_of(own.anatomy.eyes(points), (0, 1)))
        for points in (found, true.xy)
    ]
    return 100 * abs(gaps[0] - gaps[1])


def motion_figures(tools: Tools, source: Moment, driving: Sequence[Moment]) -> list[Figures]:
    """How the source, moved by keypoints that the model found, comes near to each true frame."""
    rng = np.random.default_rng(3)
    start = tools.engine.detect(source.image[None])
    handle = tools.engine.encode(source.image)
    held = tools.judges.look(source.image)
    rows = []
    for true in driving:
        found = tools.engine.detect(true.image[None])
        shown = tools.engine.render(handle, found)[0]
        row = keypoint_errors(found.xy[0], true)
        row["mouth found"] = mouth_found(found.xy[0], true, tools.own)
        dark = tools.engine.detect(dimmed(true.image, rng)[None])
        row["dim"] = keypoint_errors(dark.xy[0], true)["keypoints"]
        row["dim costs"] = row["dim"] - row["keypoints"]
        for key, measure in (("l1", mean_l1), ("structure", gradient_deviation)):
            still = measure(source.image, true.image)
            row[f"{key} still"] = still
            row[key] = measure(shown, true.image) / max(still, 1e-6)
        wanted = tools.judges.look(true.image)
        for name, seen in (("", tools.judges.look(shown)), (" still", held)):
            judge = tools.judges.landmarks
            errors = expression_errors(judge.anatomy, seen, wanted) if judge else {}
            for key, theirs in (("mouth", "mouth"), ("eyelids", "lids"), ("gaze", "gaze")):
                row[key + name] = 100 * errors.get(theirs, float("nan"))
        rows.append(row)
    return rows if start.xy.size else []


def landmark_error(true: Moment, rng: np.random.Generator) -> float:
    """The light network's, its box astray as a finder's is."""
    x, y, side, dx, dy = faces_of(true.xy[None], KEYPOINT_NAMES, SIZE)[0, :5].tolist()
    side *= float(np.exp(rng.normal(0, 0.05)))
    x, y = x + rng.normal(0, 0.03) * side, y + rng.normal(0, 0.03) * side
    lean = float(np.rad2deg(np.arctan2(-dx, dy))) + rng.normal(0, 4)
    found = find_landmarks(true.image, Face(square(x, y, side), 1.0, lean), looks=1)
    rows = [KEYPOINT_NAMES.index(name) for name in found.names]
    wanted = (true.xy + 1) * (SIZE - 1) / 2 + 0.5
    apart = np.linalg.norm(found.xy_px - wanted[rows], axis=-1)
    outer = np.array(
        [name.startswith(("crown", "neck", "ear", "forehead")) for name in found.names]
    )
    unit = float(interocular(wanted[None], KEYPOINT_NAMES)[0])
    return float(100 * apart[~outer & true.visible[rows]].mean() / unit)


def square(x: float, y: float, side: float) -> Box:
    """About a middle."""
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def scene_of(frame: HeadFrame, seed: tuple[int, ...]) -> tuple[Frame, Box]:
    """The head cut out, small and turned before another ground; and the box of its face."""
    rng = np.random.default_rng(seed)
    face = faces_of(moment_of(frame).xy[None], KEYPOINT_NAMES, SIZE)
    side = SCENE * float(np.exp(rng.uniform(np.log(0.05), np.log(0.2))))
    ratio, turn = side / float(face[0, 2]), np.deg2rad(rng.uniform(-40, 40))
    linear = ratio * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    place = rng.uniform(0.8 * side, SCENE - 0.8 * side, 2)
    matrix = np.column_stack([linear, place - linear @ face[0, :2]])
    four = np.dstack([frame.image, frame.mask]).astype(np.float32)
    blurred = cv2.GaussianBlur(four, (0, 0), max(0.01, 0.4 / ratio))
    cut = cv2.warpAffine(blurred, matrix, (SCENE, SCENE))
    ground = 255 * np.sqrt(paint_background(int(rng.integers(1 << 30)), SCENE // 2).clip(0, 1))
    ground = cv2.resize(ground, (SCENE, SCENE))
    share = cut[..., 3:] / 255
    picture = (cut[..., :3] * share + ground * (1 - share)).clip(0, 255).astype(np.uint8)
    x, y, size = moved_faces(face, matrix.astype(np.float32))[0, :3].tolist()
    return picture, square(x, y, size)


def is_found(picture: Frame, box: Box) -> float:
    """100 or 0."""
    return 100.0 * any(seen.face.box.overlap(box) > 0.35 for seen in sight_faces(picture))


def motions(round_: int, seed: int) -> list[Motion]:
    """A calm source and a driving frame for each range of yaw; the same for all of a round."""
    rng = np.random.default_rng((seed, round_))
    drawn = [sample_motion(rng) for _ in range(1 + len(YAWS))]
    calm = drawn[0].pose._replace(yaw=float(rng.uniform(-8, 8)))
    rows = [Motion(calm, {"mouthSmile": 0.3}, (0.0, 0.0))]
    for motion, (low, high) in zip(drawn[1:], YAWS.values(), strict=True):
        yaw = float(rng.choice([-1, 1]) * rng.uniform(low, high))
        rows.append(motion._replace(pose=motion.pose._replace(yaw=yaw)))
    return rows


def measured(chosen: Chosen, kit: FaceKit, tools: Tools, seed: int) -> dict[str, Any]:
    """One person: traits, and the figures of each driving frame."""
    head = SyntheticHead(chosen.seed, face_kit=kit)
    frames = [head.render(*motion, SIZE) for motion in motions(chosen.round, seed)]
    source, *driving = [moment_of(frame) for frame in frames]
    rows = motion_figures(tools, source, driving)
    rng = np.random.default_rng((seed, chosen.round, 5))
    for number, (row, frame) in enumerate(zip(rows, frames[1:], strict=True)):
        row["light landmarks"] = landmark_error(moment_of(frame), rng)
        picture, box = scene_of(frame, (seed, chosen.round, number))
        row["recall"] = is_found(picture, box)
        row["recall dim"] = is_found(dimmed(picture, rng), box)
    return {"seed": chosen.seed, "traits": traits_of(chosen, kit), "frames": rows}


def people(path: Path, rows: Iterator[Callable[[], dict[str, Any]]], end: float) -> list[Any]:
    """What the file holds and what is measured until ``end`` (monotonic seconds)."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines]
    for number, row in enumerate(rows):
        if number >= len(found) and monotonic() < end:
            found.append(row())
            with path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(found[-1]) + "\n")
    return found


def skin_angle(true: Moment) -> float:
    """Median typology angle of small squares on both cheeks, as the picture shows them."""
    places = (true.xy + 1) * (SIZE - 1) / 2
    seen = []
    for outer, inner in CHEEKS:
        x, y = places[[KEYPOINT_NAMES.index(outer), KEYPOINT_NAMES.index(inner)]].mean(0)
        row, column = int(y.clip(4, SIZE - 5)), int(x.clip(4, SIZE - 5))
        patch = true.image[row - 4 : row + 5, column - 4 : column + 5].reshape(-1, 3)
        seen.append(float(typology_angle(np.median(patch, axis=0) / 255)))
    return float(np.mean(seen))


def portrait_rows(file: Path, tools: Tools) -> Iterator[Callable[[], dict[str, Any]]]:
    """The held-out portraits, one after the other."""
    with np.load(file, allow_pickle=False) as stored:
        data = {key: stored[key] for key in stored.files}
    for name in dict.fromkeys(data["name"][data["kind"] == "portrait"].tolist()):
        rows = np.flatnonzero(data["name"] == name)

        def row(rows: NDArray[np.intp] = rows, name: str = name) -> dict[str, Any]:
            seen = np.ones(len(KEYPOINT_NAMES), bool)
            source = Moment(data["source"][rows[0]], data["source_xy"][rows[0]], seen)
            driving = [Moment(data["driving"][i], data["driving_xy"][i], data["visible"][i])
                       for i in rows]  # fmt: skip
            figures = motion_figures(tools, source, driving)
            rng = np.random.default_rng(5)
            for one, true in zip(figures, driving, strict=True):
                one["light landmarks"] = landmark_error(true, rng)
            traits = {"skin in the photograph": skin_angle(source)}
            return {"seed": name, "traits": traits, "frames": figures}

        yield row


def labels_of(found: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Each trait's groups; numbers are cut into thirds."""
    labels: dict[str, list[str]] = {}
    for trait in found[0]["traits"]:
        values = [person["traits"][trait] for person in found]
        labels[trait] = terciles(values, THIRDS[trait]) if trait in THIRDS else values
    return labels


def figures_of(found: Sequence[dict[str, Any]], by_turn: bool) -> list[GroupFigure]:
    """Every measure of every group: over people, and over turns, where a person counts thrice."""
    labels, figures = labels_of(found), []
    for measure in (name for name in MEASURES if name in found[0]["frames"][0]):
        each = [[frame[measure] for frame in person["frames"]] for person in found]
        figures += group_figures(measure, [mean_known(row) for row in each], labels)
        if by_turn:
            turns = [name for row in each for name, _ in zip(YAWS, row, strict=True)]
            values = [value for row in each for value in row]
            figures += group_figures(measure, values, {"head": turns})
    return figures


def table(figures: Sequence[GroupFigure], measures: Sequence[str]) -> str:
    """Markdown: a row a group, "mean (low to high)", a star where it is clearly worse."""
    worse = clearly_worse(figures, BETTER)
    groups: dict[tuple[str, str], dict[str, GroupFigure]] = {}
    for figure in figures:
        groups.setdefault((figure.trait, figure.group), {})[figure.measure] = figure
    shown = [name for name in measures if any(name in row for row in groups.values())]
    lines = ["| group | people | " + " | ".join(shown) + " |",
             "| --- | --: |" + " --: |" * len(shown)]  # fmt: skip
    orders = {trait: {name: place for place, name in enumerate(names)}
              for trait, names in THIRDS.items()}  # fmt: skip
    traits = list(dict.fromkeys(trait for trait, _ in groups))
    for trait, group in sorted(
        groups, key=lambda key: (traits.index(key[0]), orders.get(key[0], {}).get(key[1], 0))
    ):
        row = groups[trait, group]
        cells = [_cell(row[name], worse) if name in row else "-" for name in shown]
        count = max(figure.people for figure in row.values())
        lines.append(f"| {trait}: {group} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(figure: GroupFigure, worse: set[tuple[str, str, str]]) -> str:
    star = "**\\***" if (figure.measure, figure.trait, figure.group) in worse else ""
    digits = 1 if abs(figure.mean) >= 10 else 2
    low, high = (f"{value:.{digits}f}" for value in (figure.low, figure.high))
    return f"{figure.mean:.{digits}f} ({low} to {high}){star}"


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="portrait")
    parser.add_argument("--face-kit", type=Path)
    parser.add_argument("--portraits", type=Path, help="made by deepmeme.data.evaluation_set")
    parser.add_argument("--rounds", type=int, default=8, help="36 people each")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=12, help="of motions and scenes")
    parser.add_argument("--skip", type=int, default=0, help="other people: leave out so many seeds")
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    kit = load_face_kit(find_face_kit(given.face_kit))
    engine = load_engine(given.model, engine="openvino")
    judge: Landmarker | None = choose_landmarker()
    tools = Tools(engine, OwnLandmarks(engine), Judges(judge))
    end = monotonic() + 60 * given.minutes
    chosen = choose_people(given.rounds, len(kit.identity), FIRST_SEED + given.skip)
    jobs = (lambda one=one: measured(one, kit, tools, given.seed) for one in chosen)
    photographs = portrait_rows(given.portraits, tools) if given.portraits else iter(())
    for name, rows, by_turn in (
        ("portraits.jsonl", photographs, False), ("people.jsonl", jobs, True),
    ):  # fmt: skip
        found = people(given.out / name, rows, end)
        if not found:
            continue
        figures = figures_of(found, by_turn)
        print(f"\n{name}: {len(found)} people; faces judged by {judge.name if judge else 'nobody'}")
        for measures in (list(MEASURES)[:7], list(MEASURES)[7:]):
            print(table(figures, measures), end="\n\n")
    print("\n".join(f"{key}: {says}" for key, says in MEASURES.items()))


if __name__ == "__main__":
    main()

"""How good a portrait model is, beside the source held still and the warp without learning.

    python benchmarks/portrait_quality.py --model FOLDER --banks BANK... --clips DIR -o OUT

Banks: pairs that training never sees (one group in forty). Clips: each one's face is driven by
itself, first frame as source, every third frame, at most 40; AKD by MediaPipe's 468 landmarks
where ``DEEPMEME_MEDIAPIPE`` tells where its models are. Stills: contact sheets to look at.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.augment import Style
from deepmeme.data.bank import open_bank
from deepmeme.data.pairs import open_pairs
from deepmeme.data.teacher import find_models, landmarks468
from deepmeme.errors import InputError
from deepmeme.faces.crop import Crop, crop_face
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.follow import crop_clip
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.metrics.keypoints import average_distance_px, normalised_errors
from deepmeme.metrics.pictures import mean_l1, psnr_db, ssim
from deepmeme.models.motion.portrait import PortraitModel
from deepmeme.pipelines.face_motion import FaceMotion, face_of
from deepmeme.pipelines.motion_model import MotionModel, load_model
from deepmeme.runtime.engine import KeypointArrays
from deepmeme.train.export_portrait import load
from deepmeme.train.sheet import picture_of, write_sheet

Picture = NDArray[np.uint8]

PLAIN = Style(scale=0, shift=0, turn_degrees=0, colour=0, paint=0)
MOST_FRAMES = 40
EVERY = 3


def compared(found: Picture, wanted: Picture) -> dict[str, float]:
    """The figures of one picture."""
    return {
        "l1": mean_l1(found, wanted),
        "psnr": min(psnr_db(found, wanted), 60.0),
        "ssim": ssim(found, wanted),
    }


def mean_of(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """Means by name."""
    table = list(rows)
    return {key: round(float(np.mean([row[key] for row in table])), 4) for key in table[0]}


class Examples(NamedTuple):
    """Pairs with labels."""

    source: Tensor  # (n, 3, h, w) in [0, 1]
    driving: Tensor  # (n, 3, h, w)
    driving_xy: NDArray[np.float32]  # (n, k, 2)
    visible: NDArray[np.bool_]  # (n, k)


def bank_examples(folder: Path, batches: int) -> Iterator[Examples]:
    """Pairs of a bank's held-out groups."""
    pairs = open_pairs([folder], batch_size=8, seed=99, style=PLAIN, held_out=True)
    for step in range(batches):
        batch = pairs(step)
        source, driving = batch.frames.unbind(1)
        yield Examples(source, driving, batch.xy[:, 1].numpy(), batch.visible[:, 1].numpy())


def set_examples(file: Path, kind: str) -> Iterator[Examples]:
    """Pairs of an evaluation set (``deepmeme.data.evaluation_set``) of one kind."""
    with np.load(file, allow_pickle=False) as stored:
        rows = np.flatnonzero(stored["kind"] == kind)
        frames = [
            torch.from_numpy(stored[name][rows]).permute(0, 3, 1, 2).float() / 255
            for name in ("source", "driving")
        ]
        xy, visible = stored["driving_xy"][rows], stored["visible"][rows]
    for start in range(0, len(rows), 8):
        part = slice(start, start + 8)
        yield Examples(frames[0][part], frames[1][part], xy[part], visible[part])


@torch.no_grad()
def on_examples(model: PortraitModel, examples: Iterable[Examples]) -> dict[str, Any]:
    """Keypoint errors, and reconstruction by each of the three."""
    torch.manual_seed(0)
    unlearnt = PortraitModel(model.config).eval()
    names = model.config.keypoint_names
    scores: dict[str, list[dict[str, float]]] = {"still": [], "warp": [], "model": []}
    errors = []
    for source, driving, xy, visible in examples:
        found = [model.detect(frames) for frames in (source, driving)]
        apart = normalised_errors(found[1].xy.numpy(), xy, names)
        errors.append(np.where(visible, apart, np.nan))
        ours = model.render(model.encode(source), *found).prediction
        warped = unlearnt.render(unlearnt.encode(source), *found).warped
        for name, pictures in (("still", source), ("warp", warped), ("model", ours)):
            for picture, wanted in zip(pictures, driving, strict=True):
                scores[name].append(compared(picture_of(picture), picture_of(wanted)))
    seen = np.concatenate(errors)
    parts = {
        part or "all": round(100 * float(np.nanmean(seen[:, _rows(model, part)])), 2)
        for part in ("eye", "iris", "lip", "brow", "nose", "jaw", "")
    }
    return {
        "keypoint error, % of eye distance": parts,
        **{name: mean_of(rows) for name, rows in scores.items()},
    }


def _rows(model: PortraitModel, part: str) -> list[int]:
    names = model.config.keypoint_names
    return [row for row, name in enumerate(names) if name.startswith(part)]


def frames_of(path: Path, model: MotionModel) -> list[Picture]:
    """The face of a clip, cut by one square, every third frame."""
    clip = open_clip(path)
    crop = crop_clip(clip, framing=model.info().framing)
    kept: list[Picture] = []
    for index, frame in enumerate(clip):
        if index % EVERY == 0:
            kept.append(crop.cut(frame, model.resolution))
        if len(kept) == MOST_FRAMES:
            break
    return kept


def on_clip(model: MotionModel, frames: Sequence[Picture]) -> dict[str, dict[str, float]]:
    """Self-reenactment: source held still, and the model."""
    source = frames[0]
    moved = list(model.animate_frames(source, frames, relative=False))
    out = {}
    measure = _akd if has_teacher() else lambda *_: {}
    for name, pictures in (("still", [source] * len(frames)), ("model", moved)):
        rows = [compared(a, b) for a, b in zip(pictures, frames, strict=True)]
        out[name] = mean_of(rows[1:]) | measure(pictures[1:], frames[1:])
    return out


def has_teacher() -> bool:
    """Whether MediaPipe's models are here."""
    try:
        find_models()
    except InputError:
        return False
    return True


def _akd(pictures: Sequence[Picture], frames: Sequence[Picture]) -> dict[str, float]:
    apart, missing = [], 0
    for picture, frame in zip(pictures, frames, strict=True):
        wanted, found = landmarks468(frame), landmarks468(picture)
        if wanted is None:
            continue
        if found is None:
            missing += 1
        else:
            apart.append(average_distance_px(found, wanted))
    return {"akd": round(float(np.mean(apart)), 3), "missing": missing} if apart else {}


def still_square(path: Path, model: MotionModel) -> Picture:
    """The face of a picture, or its middle."""
    picture = read_image(path)
    faces = detect_faces(picture)
    framing = model.info().framing
    if faces:
        return crop_face(faces[0], framing=framing, within=picture.shape).cut(
            picture, model.resolution
        )
    height, width = picture.shape[:2]
    return Crop(width / 2, height / 2, min(width, height)).cut(picture, model.resolution)


def driven(model: MotionModel, source: Picture, frames: Sequence[Picture]) -> list[Picture]:
    """The still moved as the product moves it: pose and expression, relative to the first frame."""
    keypoints = [model.keypoints(frame) for frame in frames]
    still = model.keypoints(source)
    names = model.info().keypoint_names or ()
    motion = FaceMotion(still, keypoints[0], face_of(names, still.xy.shape[1]))
    moved = motion.whole(np.concatenate([k.xy for k in keypoints]).astype(np.float64))
    encoded = model.engine.encode(source)
    pictures: list[Picture] = list(
        model.engine.render_stream(
            encoded, (KeypointArrays(xy[None].astype(np.float32)) for xy in moved)
        )
    )
    return pictures


def sheets(model: MotionModel, stills: Path, clips: Sequence[Path], out: Path) -> None:
    """For each clip a sheet: its frames on top, every still below."""
    for clip in clips:
        frames = frames_of(clip, model)
        shown = frames[:: max(1, len(frames) // 8)][:8]
        rows = [[shown[0], *shown]]
        for still in sorted(stills.iterdir()):
            source = still_square(still, model)
            rows.append([source, *driven(model, source, [frames[0], *shown])[1:]])
        write_sheet(rows, out / f"stills_{clip.stem}.png")


def bank_sheet(model: MotionModel, stills: Path, bank: Path, group: int, out: Path) -> None:
    """Every still moved by one group of a bank: rendered people, so the sheet may be shown."""
    shape = open_bank(bank).shape
    first = group * shape.frames_per_group
    frames = list(open_bank(bank).frames[first : first + shape.frames_per_group])
    rows = [[frames[0], *frames[1:]]]
    for still in sorted(stills.glob("painting_*")) + sorted(stills.glob("statue_*")):
        source = still_square(still, model)
        rows.append([source, *driven(model, source, frames)[1:]])
    write_sheet(rows, out / f"stills_{bank.name}_{group}.png")


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--banks", type=Path, nargs="*", default=[])
    parser.add_argument("--set", type=Path, help="made by deepmeme.data.evaluation_set")
    parser.add_argument("--batches", type=int, default=12)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--stills", type=Path)
    parser.add_argument("--drivers", type=Path, nargs="*", default=[])
    parser.add_argument("--groups", type=int, nargs="*", default=[], help="of the first bank")
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    for bank in given.banks:
        figures[bank.name] = on_examples(load(given.model), bank_examples(bank, given.batches))
    for kind in ("clip", "portrait") if given.set else ():
        figures[kind] = on_examples(load(given.model), set_examples(given.set, kind))
    engine: Callable[[], MotionModel] = lambda: load_model(  # noqa: E731
        given.model, engine="openvino", precision=given.precision
    )
    for clip in given.clips:
        model = engine()
        figures[clip.name] = on_clip(model, frames_of(clip, model))
        print(clip.name, json.dumps(figures[clip.name]), flush=True)
    if given.stills:
        sheets(engine(), given.stills, given.drivers, given.out)
        for group in given.groups:
            bank_sheet(engine(), given.stills, given.banks[0], group, given.out)
    (given.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

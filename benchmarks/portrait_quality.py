"""How good a portrait model is, beside the source held still and the warp without learning.

    python benchmarks/portrait_quality.py --model FOLDER --banks BANK... --clips DIR -o OUT

Banks: pairs that training never sees (one group in forty). Clips and stills: as
``deepmeme evaluate``, with its report in OUT.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.augment import Style
from deepmeme.data.bank import open_bank
from deepmeme.data.pairs import open_pairs
from deepmeme.evaluation.contenders import Model, carried_motion
from deepmeme.evaluation.embedding import choose_embedder
from deepmeme.evaluation.evaluate import Request, evaluate, find_stills, still_square
from deepmeme.evaluation.judges import choose_landmarker
from deepmeme.evaluation.report import write_report
from deepmeme.evaluation.scoring import Judges
from deepmeme.evaluation.sheets import SheetFolder
from deepmeme.metrics.keypoints import normalised_errors
from deepmeme.metrics.pictures import mean_l1, psnr_db, ssim
from deepmeme.models.motion.portrait import PortraitModel
from deepmeme.runtime.load import load_engine
from deepmeme.train.export_portrait import load
from deepmeme.train.sheet import picture_of, write_sheet

Picture = NDArray[np.uint8]

PLAIN = Style(scale=0, shift=0, turn_degrees=0, colour=0, paint=0)


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


def on_clips(
    model: Model, clips: Sequence[Path], stills: Sequence[Path], out: Path
) -> dict[str, Any]:
    """Self-reenactment and moved stills: what ``deepmeme evaluate`` does, report and all."""
    sheets = SheetFolder(out / "sheets", [model], stills)
    judges = Judges(choose_landmarker(), choose_embedder())
    request = Request(tuple(clips), tuple(stills))
    found = evaluate([model], request, judges, pictures=sheets)
    write_report(found, sheets.files, out)
    return {
        clip.name: {name: _rounded(row.means) for name, row in clip.rows.items()}
        for clip in found.clips
    }


def _rounded(means: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in means.items() if value == value}


def bank_sheet(model: Model, stills: Sequence[Path], bank: Path, group: int, out: Path) -> None:
    """Every still moved by one group of a bank: rendered people, so the sheet may be shown."""
    shape = open_bank(bank).shape
    first = group * shape.frames_per_group
    frames = list(open_bank(bank).frames[first : first + shape.frames_per_group])
    rows = [[frames[0], *frames[1:]]]
    for still in stills:
        source = still_square(still, model)
        motion = carried_motion(model, source, frames)
        rows.append([source, *list(model.render(source, motion.moved))[1:]])
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
    parser.add_argument("--groups", type=int, nargs="*", default=[], help="of the first bank")
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    for bank in given.banks:
        figures[bank.name] = on_examples(load(given.model), bank_examples(bank, given.batches))
    for kind in ("clip", "portrait") if given.set else ():
        figures[kind] = on_examples(load(given.model), set_examples(given.set, kind))
    stills = find_stills([given.stills]) if given.stills else ()
    if given.clips or given.groups:
        engine = load_engine(given.model, engine="openvino", precision=given.precision)
        model = Model(given.model.name, engine)
        if given.clips:
            figures |= on_clips(model, given.clips, stills, given.out)
        for group in given.groups:
            shown = [path for path in stills if path.name.startswith(("painting_", "statue_"))]
            bank_sheet(model, shown, given.banks[0], group, given.out)
    (given.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

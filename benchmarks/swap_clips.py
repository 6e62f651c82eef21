"""Swaps of two filmed people, where no truth is known: is it the other one, and does it move alike?

    deepmeme swap extract a.mp4 -o A --every 0 --difference 0     # and B
    # in A/faces.jsonl and B/faces.jsonl set "keep" to false for the frames to be judged
    deepmeme swap train A B -o RUN
    python benchmarks/swap_clips.py A B RUN/model [--sheet FILE]

Judged are the faces that were not kept, so not learnt: how often identity is nearer to the wanted
person (DEEPMEME_FACE_EMBEDDING names who judges, else our own network), how well the opening of
mouth and eyes follows the given face (correlation over the frames), and SSIM of faces painted as
what they are.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.evaluation.swap_people import look
from deepmeme.evaluation.swap_truth import Embed, compare, with_rim, write_sheet
from deepmeme.faces.faceset import Faceset, open_faceset
from deepmeme.faces.identity import unit_length
from deepmeme.media.montage import resize
from deepmeme.runtime.swap import SIDES, SwapModel, open_swap
from swap import embedding

Frame = NDArray[np.uint8]
_SHOWN = 6


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge a model by the faces that were left out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args(arguments)
    model = open_swap(given.model)
    size = model.info.resolution
    sets = [open_faceset(folder) for folder in (given.a, given.b)]
    learnt = [_squares(faces, size, keep=True) for faces in sets]
    left = [_squares(faces, size, keep=False) for faces in sets]
    embed, judge = embedding()
    print(f"{len(left[0])} and {len(left[1])} faces that were not learnt; identity by {judge}")
    swapped = _judge(model, learnt, left, embed)
    if given.sheet is not None:
        rows = []
        for number in np.linspace(0, min(map(len, left)) - 1, _SHOWN).astype(int):
            cells = [left[0][number], swapped[0][number], left[1][number], swapped[1][number]]
            rows.append(np.concatenate(cells, 1))
        write_sheet(np.asarray(np.concatenate(rows), np.uint8), given.sheet, times=3)


def _judge(model: SwapModel, learnt: list[Frame], left: list[Frame], embed: Embed) -> list[Frame]:
    """Print a line a direction; what was painted of A's faces, then of B's."""
    means = [unit_length(np.sum([embed(f) for f in faces[::3]], axis=0)) for faces in learnt]
    painted = []
    for own, faces in enumerate(left):
        other = 1 - own
        made = _paint(model, faces, other)
        again = _paint(model, faces, own)
        vectors = [embed(face) for face in made]
        nearer = np.mean([v @ means[other] > v @ means[own] for v in vectors])
        mouths, eyes = (_followed(faces, made, parts) for parts in (_MOUTH, _EYES))
        inside = _oval(model.info.resolution)
        alike = np.mean([compare(x, y, inside)[0] for x, y in zip(again, faces, strict=True)])
        print(
            f"{SIDES[own]} as {SIDES[other]}: nearer to the wanted person {nearer:.0%}, mouth "
            f"follows {mouths:.2f}, eyes {eyes:.2f}; painted as itself SSIM {alike:.3f}"
        )
        painted.append(made)
    return painted


_MOUTH = (("lip_inner_2", "lip_inner_6"),)
_EYES = (("eye_r_1", "eye_r_5"), ("eye_r_2", "eye_r_4"), ("eye_l_1", "eye_l_5"),
         ("eye_l_2", "eye_l_4"))  # fmt: skip


def _followed(given: Frame, made: Frame, parts: tuple[tuple[str, str], ...]) -> float:
    """Correlation of how far a part is open."""
    pairs = [(_opening(x, parts), _opening(y, parts)) for x, y in zip(given, made, strict=True)]
    found = np.array([pair for pair in pairs if None not in pair], np.float64)
    return float(np.corrcoef(found.T)[0, 1]) if len(found) > 2 else float("nan")


def _opening(face: Frame, parts: tuple[tuple[str, str], ...]) -> float | None:
    seen = look(with_rim(face))
    if seen is None:
        return None
    at = dict(zip(seen.names, seen.points, strict=True))
    return float(np.mean([np.linalg.norm(at[low] - at[high]) for low, high in parts]))


def _paint(model: SwapModel, faces: Frame, side: int) -> Frame:
    made = model.swap(faces, SIDES[side]).faces
    return np.asarray(np.rint(made * 255), np.uint8)


def _squares(faces: Faceset, size: int, *, keep: bool) -> Frame:
    records = [record for record in faces.records if record.keep == keep]
    return np.stack([resize(faces.picture(record), size, size) for record in records])


def _oval(size: int) -> Frame:
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    return np.asarray(255 * ((x / 0.72) ** 2 + (y / 0.9) ** 2 < 1), np.uint8)


if __name__ == "__main__":
    main()

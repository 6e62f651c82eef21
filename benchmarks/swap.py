"""Swaps of two rendered people against the truth, beside cut and paste.

    python benchmarks/swap.py make PAIR [--faces 400] [--seeds 100 109]
    deepmeme swap train PAIR/anna PAIR/ben -o RUN                  # and others to compare
    python benchmarks/swap.py score PAIR --model quick=RUN/model [--model ...] [--sheet FILE]

``make`` renders two people who do not exist (none of them in a training bank), in one light and
before one background: faces to train on, and 60 other moments in which both do the same. ``score``
prints SSIM and L1 inside the true face, landmark errors over the face's width, and how often the
identity is nearer to the wanted person, both directions together. The embedding that
DEEPMEME_FACE_EMBEDDING names judges identity, else our own.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import find_face_kit
from deepmeme.evaluation.embedding import choose_embedder
from deepmeme.evaluation.group_people import FIRST_SEED
from deepmeme.evaluation.judges import anatomy_of
from deepmeme.evaluation.swap_people import (
    look,
    motions,
    open_seen,
    perform,
    person,
    save_seen,
    write_faceset,
)
from deepmeme.evaluation.swap_truth import (
    Embed,
    Painter,
    Truth,
    both_found,
    model_painter,
    paste_painter,
    score,
    sheet,
    with_rim,
    write_sheet,
)
from deepmeme.faces.align import from_square
from deepmeme.faces.identity import identity_vector, unit_length
from deepmeme.runtime.swap import open_swap

NAMES, SCENE, MOMENTS, TEST_SEED = ("anna", "ben"), FIRST_SEED + 7, 60, 99
KNOWN = 120


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a pair, or score what was learnt from it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("pair", type=Path)
    making.add_argument("--faces", type=int, default=400)
    making.add_argument("--seeds", type=int, nargs=2, default=(100, 109))
    making.add_argument("--face-kit", type=Path)
    scoring = commands.add_parser("score")
    scoring.add_argument("pair", type=Path)
    scoring.add_argument("--model", action="append", default=[], metavar="NAME=FOLDER")
    scoring.add_argument("--sheet", type=Path)
    scoring.add_argument("--size", type=int, default=64)
    given = parser.parse_args(arguments)
    if given.command == "make":
        make(given.pair, given.faces, given.seeds, given.face_kit)
    else:
        models = dict(word.split("=", 1) for word in given.model)
        print_scores(given.pair, models, given.sheet, given.size)


def make(pair: Path, faces: int, seeds: Sequence[int], face_kit: Path | None) -> None:
    """Render both people."""
    kit = find_face_kit(face_kit)
    pair.mkdir(parents=True, exist_ok=True)
    for number, (name, seed) in enumerate(zip(NAMES, seeds, strict=True)):
        head = person(FIRST_SEED + seed, kit, SCENE)
        seen = perform(head, motions(faces, 10 + number))
        write_faceset(seen, pair / name)
        save_seen(seen[:KNOWN], pair / f"{name}_known.npz")
        save_seen(perform(head, motions(MOMENTS, TEST_SEED)), pair / f"{name}_moments.npz")
        print(f"{name}: {sum(face is not None for face in seen)} faces", flush=True)


def open_truth(pair: Path) -> Truth:
    """What ``make`` wrote."""
    a, b = (open_seen(pair / f"{name}_moments.npz") for name in NAMES)
    known = [
        tuple(face for face in open_seen(pair / f"{name}_known.npz") if face is not None)
        for name in NAMES
    ]
    both = both_found(a, b)
    return Truth(tuple(x for x, _ in both), tuple(y for _, y in both), known[0], known[1])


def embedding() -> tuple[Embed, str]:
    """Who tells people apart, and its name."""
    peer = choose_embedder(None)
    if peer is None:
        return identity_vector, "ours"

    def embed(square: NDArray[np.uint8]) -> NDArray[np.float32]:
        face = look(with_rim(square))
        if face is None:
            return np.zeros(128, np.float32)
        xy = from_square(face.points, face.crop).astype(np.float32)
        return unit_length(peer(face.frame, xy, anatomy_of(face.names)))

    return embed, peer.name


def print_scores(pair: Path, models: dict[str, str], picture: Path | None, size: int) -> None:
    """A table, and JSON."""
    truth = open_truth(pair)
    embed, judge = embedding()
    painters: dict[str, Painter] = {
        "cut and paste": paste_painter(truth, size, corrected=False),
        "cut and paste, colours corrected": paste_painter(truth, size, corrected=True),
    }
    for name, folder in models.items():
        painters[name] = model_painter(truth, open_swap(folder))
    print(f"{len(truth.a)} moments, both directions; identity by {judge}")
    print(f"{'':34} SSIM    L1     landmarks  lips    nearer  lost")
    found = {}
    for name, painter in painters.items():
        rated = score(truth, painter, embed, size)
        found[name] = rated._asdict()
        print(
            f"{name:34} {rated.ssim:.3f}   {rated.l1:.4f}  {rated.landmarks:7.2%}  "
            f"{rated.mouth:6.2%}  {rated.nearer:6.1%}  {rated.lost:.1%}", flush=True,
        )  # fmt: skip
    print(json.dumps(found))
    if picture is not None:
        write_sheet(sheet(truth, list(painters.values()), size), picture)


if __name__ == "__main__":
    main()

"""Dreamt-up faces against rendered ones that nobody trained on, and what editing does to them.

    python -m deepmeme.data.dream_faces -o TEST --people 500 --seed 2       # never trained on
    deepmeme train traits --data FACES -o READER --half 1 --seed 2          # who judges
    python benchmarks/dream.py score --test TEST --faces FACES --reader READER --model gan vae
    python benchmarks/dream.py traits --reader READER --model gan --test TEST

``score``: Frechet distances by seeded features and by a reader of traits, precision, recall, how
much nearer samples are to learnt faces than strangers are, and the time of 64 samples. The first
row is real faces against real ones: nobody can be better. ``traits``: what a step along each trait
does, as a reader sees it that had no part in finding the directions.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from deepmeme.data.dream_faces import open_faces
from deepmeme.data.picture_set import middle_square
from deepmeme.evaluation.dream import Likener, Likeness, score_traits, seconds_of
from deepmeme.media.montage import tiled
from deepmeme.pipelines.dream import load_dream
from deepmeme.train.trait_task import reader_of, trusted

SAMPLES, SEED = 1500, 23


def main(arguments: Sequence[str] | None = None) -> None:
    """One of the two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("score", "traits"))
    parser.add_argument("--test", type=Path, required=True, help="faces never trained on")
    parser.add_argument("--reader", type=Path, required=True, help="a run of `train traits`")
    parser.add_argument("--faces", type=Path, help="faces that the models learnt")
    parser.add_argument("--model", nargs="+", default=["gan", "vae"])
    parser.add_argument("--variety", type=float, nargs="+", default=[1.0, 0.8])
    parser.add_argument("--samples", type=Path, nargs="*", default=[], help=".npy of others")
    parser.add_argument("--sheet", type=Path, help="picture of samples above what is most alike")
    options = parser.parse_args(arguments)
    if options.what == "score":
        _score(options)
    else:
        _traits(options)


def _score(options: argparse.Namespace) -> None:
    test, learnt = open_faces(options.test).pictures, open_faces(options.faces).pictures
    likener = Likener(np.asarray(test), np.asarray(learnt), reader_of(options.reader).network)
    print(f"{'':18} distance semantic precision recall  to learnt (nearest)  64 faces")
    rows = {"real, learnt": likener.score(np.asarray(learnt[:: len(learnt) // SAMPLES][:SAMPLES]))}
    _line("real, learnt", rows["real, learnt"], "")
    for name in options.model:
        model = load_dream(name).model
        for variety in options.variety:
            pictures = model.paint(model.codes(SAMPLES, SEED, variety=variety))
            codes = model.codes(64, SEED)
            time = seconds_of(lambda model=model, codes=codes: model.paint(codes))
            label = f"{Path(name).name} {variety:g}"
            rows[label] = likener.score(_as(pictures, test.shape[1]))
            _line(label, rows[label], f"{time:.2f} s")
            if options.sheet is not None and variety == options.variety[0]:
                _sheet(options.sheet, name, pictures[:24], likener, np.asarray(learnt))
    for path in options.samples:
        rows[path.stem] = likener.score(_as(np.load(path), test.shape[1]))
        _line(path.stem, rows[path.stem], "")
    print(json.dumps({name: asdict(row) for name, row in rows.items()}))


def _as(pictures: np.ndarray, side: int) -> np.ndarray:
    return np.stack([middle_square(picture, side) for picture in pictures])


def _line(label: str, row: Likeness, time: str) -> None:
    print(
        f"{label:18} {row.distance:8.4f} {row.semantic:8.2f} {row.precision:9.2f} {row.recall:6.2f}"
        f"  {row.copies:9.2f} ({row.nearest:.2f})  {time:>8}", flush=True
    )  # fmt: skip


def _sheet(
    path: Path, name: str, pictures: np.ndarray, likener: Likener, learnt: np.ndarray
) -> None:
    from PIL import Image

    twins = learnt[likener.most_alike(pictures)]
    pairs = [np.concatenate(pair, 0) for pair in zip(pictures, twins, strict=True)]
    target = path.with_stem(f"{path.stem}-{Path(name).name}")
    Image.fromarray(tiled(pairs)).save(target)
    print(f"samples above the learnt faces most like them: {target}")


def _traits(options: argparse.Namespace) -> None:
    reader, names, _ = reader_of(options.reader)
    test = open_faces(options.test)
    trust = trusted(reader, replace(test, person=test.person * 2), half=1)  # nobody is known to it
    found = {}
    for name in options.model:
        scores, strangers = score_traits(load_dream(name).model, reader, names)
        print(f"{name}: identities of strangers {strangers:.2f}")
        print("trait          effect   leak  worst                 identity  (reader knows)")
        for score in scores:
            worst = f"{score.worst} {score.worst_leak:.2f}"
            print(
                f"{score.name:13} {score.effect:7.2f} {score.leak:6.2f}  {worst:20} "
                f"{score.identity:9.2f} {trust[names.index(score.name)]:10.2f}", flush=True
            )  # fmt: skip
        found[name] = [asdict(score) for score in scores]
    print(json.dumps(found))


if __name__ == "__main__":
    main()

"""Prepare ``portrait-heads`` and ``speaking-heads``: banks of real faces, labelled by a fit.

Both take the folder in which the other commands left the face kit, the portraits with their
landmarks, and the clips.
"""

from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deepmeme.data import portraits, speaking_clips
from deepmeme.data.ict import FaceKit, load_face_kit
from deepmeme.data.portraits_carrier import build_carrier
from deepmeme.data.sources import DataSet
from deepmeme.data.sources_fetch import Tell
from deepmeme.data.sources_landmarks import TABLE, open_teacher, pictures_of
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.errors import InputError

CLIPS = 28
"""Of as many speakers as there are."""
GROUPS_EACH = 3
SEED = 1
_MATTES = "portraits_mattes.npz"


class Basis(NamedTuple):
    """What a fit needs."""

    kit: FaceKit
    root: Path
    """Folder of everything."""
    table: Path
    """The portraits' landmarks."""


def prepare_portrait_heads(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Re-render the portraits, as ``python -m deepmeme.data.portraits`` does; goes on.

    Raises:
        InputError: something that it is made from is missing, or another bank lies in the folder.
    """
    basis = _basis(data_set, local)
    mattes = basis.table.with_name(_MATTES)
    opened = portraits.open_portraits(
        pictures_of(basis.root / "portraits"), basis.table, mattes if mattes.is_file() else None
    )
    groups = portraits.write_bank(
        folder, opened, basis.kit, open_teacher(tell), limit=wishes.limit, seed=SEED,
        done=lambda done, of: tell("groups", done, of),
    )  # fmt: skip
    return Made(folder, groups, f"groups of {portraits.FRAMES_PER_GROUP} frames")


def prepare_speaking_heads(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Label clips, as ``python -m deepmeme.data.speaking_clips`` does; the groups go on.

    Raises:
        InputError: something that it is made from is missing, or another bank lies in the folder.
    """
    basis = _basis(data_set, local)
    chosen = choose_clips(basis.root / "grid" / "train", wishes.limit or CLIPS)
    if not chosen:
        raise InputError(
            f"{basis.root / 'grid' / 'train'} holds no clips. Make them with `deepmeme data "
            f"prepare grid -o {basis.root / 'grid'} --limit 20`."
        )
    with np.load(basis.table, allow_pickle=False) as table:
        sites = portraits.sites_from(basis.kit, table["landmarks"].astype(np.float32))
    carrier, teacher = build_carrier(basis.kit, sites), open_teacher(tell)
    clips = []
    for number, path in enumerate(chosen):
        tell("clips", number, len(chosen))
        try:
            clips.append(speaking_clips.open_speaking_clip(path, carrier, teacher))
        except InputError:
            continue  # a frame without a face; counted below
    if not clips:
        raise InputError(f"None of the {len(chosen)} clips shows a face in every frame.")
    speaking_clips.write_bank(folder, clips, GROUPS_EACH, SEED)
    frames, left = portraits.FRAMES_PER_GROUP, len(chosen) - len(clips)
    what = f"groups of {frames} frames of {len(clips)} clips ({left} left out)"
    return Made(folder, GROUPS_EACH * len(clips), what)


def choose_clips(folder: Path, number: int) -> list[Path]:
    """The first clip of every speaker, then the second, up to ``number``."""
    speakers: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.mpg")):
        speakers.setdefault(path.name.partition("#")[0], []).append(path)
    rounds = zip_longest(*(speakers[name] for name in sorted(speakers)))
    return [path for row in rounds for path in row if path is not None][:number]


def _basis(data_set: DataSet, local: Path | None) -> Basis:
    root = local or Path("data")
    places = (root / "portraits" / TABLE, root / TABLE)
    table = next((place for place in places if place.is_file()), None)
    if table is None:
        raise InputError(
            f"{data_set.name} needs the portraits' landmarks, and there is no {places[0]}. Make it "
            f"with `deepmeme data prepare landmarks --from {root / 'portraits'} -o "
            f"{root / 'portraits'}`, or give {data_set.takes} with --from."
        )
    return Basis(load_face_kit(root), root, table)

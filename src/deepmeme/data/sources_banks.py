"""Prepare ``synthetic-heads`` and ``toons``: banks that are drawn, not fetched."""

from pathlib import Path

from deepmeme.data.bank import BankWriter
from deepmeme.data.ict import KEYPOINT_NAMES, find_face_kit
from deepmeme.data.sources import DataSet
from deepmeme.data.sources_fetch import Tell
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.data.synthetic_heads.group import write_bank
from deepmeme.data.toon_bank import toon_frames

HEADS, HEADS_SEED = 1500, 1
TOONS, TOONS_SEED = 200, 1000
FRAMES = 6


def prepare_synthetic_heads(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Render the bank, as ``python -m deepmeme.data.synthetic_heads`` does; goes on.

    Raises:
        InputError: no face kit, or another bank lies in the folder.
    """
    people = wishes.limit or HEADS
    kit = find_face_kit(local)
    tell("people", 0, None)
    write_bank(folder, kit, groups=people, seed=HEADS_SEED, frames=FRAMES)
    return Made(folder, people, f"people of {FRAMES} frames")


def prepare_toons(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Draw the bank, as ``python -m deepmeme.data.toon_bank`` does; goes on.

    Raises:
        InputError: another bank lies in the folder.
    """
    people = wishes.limit or TOONS
    writer = BankWriter(
        folder,
        people,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=FRAMES,
        origin=f"toons, seed {TOONS_SEED}",
    )
    for number in range(writer.groups, people):
        writer.add_group(toon_frames(TOONS_SEED + number, FRAMES))
        tell("people", number + 1, people)
    return Made(folder, people, f"people of {FRAMES} frames")

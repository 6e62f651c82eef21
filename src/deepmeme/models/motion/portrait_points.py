"""What the portrait model's keypoints mean: parts of a head by name, and who mirrors whom.

Names follow the iBUG order (``jaw_0`` .. ``jaw_16``, ``brow_r_0``, ``eye_l_3``, ``lip_inner_6``),
then the irises, forehead, crown, ears and neck. Right and left are the person's.
"""

from collections.abc import Sequence

UPPER_LID = ("eye_r_1", "eye_r_2", "eye_l_1", "eye_l_2")
LOWER_LID = ("eye_r_4", "eye_r_5", "eye_l_4", "eye_l_5")
EYE_CORNERS = ("eye_r_0", "eye_r_3", "eye_l_0", "eye_l_3")
UPPER_LIP = (*(f"lip_outer_{i}" for i in range(7)), *(f"lip_inner_{i}" for i in range(5)))
LOWER_LIP = (*(f"lip_outer_{i}" for i in range(7, 12)), *(f"lip_inner_{i}" for i in range(5, 8)))
CHIN = tuple(f"jaw_{i}" for i in range(4, 13))
JAW = tuple(f"jaw_{i}" for i in range(17))
NOSE = tuple(f"nose_{i}" for i in range(9))

OPENINGS = (
    ("eye_r_1", "eye_r_5"),
    ("eye_r_2", "eye_r_4"),
    ("eye_l_1", "eye_l_5"),
    ("eye_l_2", "eye_l_4"),
    ("lip_inner_1", "lip_inner_7"),
    ("lip_inner_2", "lip_inner_6"),
    ("lip_inner_3", "lip_inner_5"),
    ("iris_r", "eye_r_3"),
    ("iris_r", "eye_r_0"),
    ("iris_l", "eye_l_3"),
    ("iris_l", "eye_l_0"),
)
"""Pairs whose distance is what people look at: lids, lips, gaze."""

RIGID = (
    *("eye_r_0", "eye_r_3", "eye_l_0", "eye_l_3"),
    *NOSE,
    *("jaw_0", "jaw_1", "jaw_2", "jaw_14", "jaw_15", "jaw_16"),
    *("forehead_r", "forehead", "forehead_l", "crown", "ear_r", "ear_l"),
)
"""What moves with the skull and hardly else."""

DRAWN: tuple[tuple[str, ...], ...] = (
    UPPER_LID,
    LOWER_LID,
    EYE_CORNERS,
    ("iris_r", "iris_l"),
    tuple(f"lip_outer_{i}" for i in range(12)),
    tuple(f"lip_inner_{i}" for i in range(5)),
    ("lip_inner_0", *(f"lip_inner_{i}" for i in range(4, 8))),
    tuple(f"brow_{side}_{i}" for side in "rl" for i in range(5)),
    NOSE,
    JAW,
    ("forehead_r", "forehead", "forehead_l", "crown", "ear_r", "ear_l"),
    ("neck_r", "neck_l", "neck_front"),
)
"""Keypoints that share a picture channel when they are drawn for a network."""


def rows(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Positions of ``wanted`` among ``names``; those that the model lacks are left out."""
    where = {name: row for row, name in enumerate(names)}
    return [where[name] for name in wanted if name in where]


def weights_of(names: Sequence[str]) -> list[float]:
    """How much a keypoint's error is worth: fine features count more than outlines."""
    fine = {*UPPER_LID, *LOWER_LID, *EYE_CORNERS, "iris_r", "iris_l"}
    fine |= {name for name in names if name.startswith("lip_")}
    coarse = {name for name in names if name.startswith(("jaw", "neck", "ear", "crown", "fore"))}
    return [2.0 if name in fine else 0.5 if name in coarse else 1.0 for name in names]


def mirror_of(names: Sequence[str]) -> list[int]:
    """Row of each keypoint's partner in a mirrored picture."""
    where = {name: row for row, name in enumerate(names)}
    return [where.get(_mirrored(name), row) for row, name in enumerate(names)]


_RING = {
    "jaw": tuple(range(16, -1, -1)),
    "nose": (0, 1, 2, 3, 8, 7, 6, 5, 4),
    "lip_outer": (6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7),
    "lip_inner": (4, 3, 2, 1, 0, 7, 6, 5),
    "brow": (4, 3, 2, 1, 0),
    "eye": (3, 2, 1, 0, 5, 4),
}


def _mirrored(name: str) -> str:
    stem, _, index = name.rpartition("_")
    if index.isdigit():
        side = stem[-2:] if stem[-2:] in ("_r", "_l") else ""
        part = stem.removesuffix(side)
        other = {"_r": "_l", "_l": "_r", "": ""}[side]
        return f"{part}{other}_{_RING[part][int(index)]}" if part in _RING else name
    return {"r": f"{stem}_l", "l": f"{stem}_r"}.get(index, name)

"""The open borders of the face kit's skin: the lids' rims and the lower end of the neck."""

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import FaceKit


def eye_rims(kit: FaceKit) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Vertices of the lids' rims (right, left), around each eye in order of angle."""
    rims = []
    for rim in _borders(kit, "face"):
        middle = kit.neutral[rim].mean(0)
        offset = kit.neutral[rim] - middle
        rims.append(rim[np.argsort(np.arctan2(offset[:, 1], offset[:, 0]))])
    return rims[0], rims[1]


def bust_rim(kit: FaceKit) -> NDArray[np.int32]:
    """Vertices of the lower border of the neck, by angle about the vertical, front first."""
    rims = _borders(kit, "neck")
    rim = rims[int(np.argmin([kit.neutral[ids, 1].mean() for ids in rims]))]
    at = kit.neutral[rim]
    return rim[np.argsort(np.arctan2(at[:, 0], at[:, 2] + 1.0) % (2 * np.pi))]


def _borders(kit: FaceKit, part: str) -> list[NDArray[np.int32]]:
    """Closed borders of the skin that touch a part; those of eyes first, right before left."""
    skin = kit.parts["neck"].stop
    triangles = kit.triangles[(kit.triangles < skin).all(1)]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    unique, count = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    loose: dict[int, list[int]] = {}
    for a, b in unique[count == 1]:
        loose.setdefault(int(a), []).append(int(b))
        loose.setdefault(int(b), []).append(int(a))
    loops, todo = [], set(loose)
    while todo:
        loop, stack = [], [todo.pop()]
        while stack:
            loop.append(stack.pop())
            fresh = [n for n in loose[loop[-1]] if n in todo]
            todo.difference_update(fresh)
            stack += fresh
        loops.append(np.array(sorted(loop), np.int32))
    where = kit.parts[part]
    loops = [ids for ids in loops if ((ids >= where.start) & (ids < where.stop)).any()]
    if part == "face":
        eyes = [(kit.neutral[kit.parts[side]]).mean(0) for side in ("eye_r", "eye_l")]
        gap = [[np.linalg.norm(kit.neutral[ids].mean(0) - eye) for ids in loops] for eye in eyes]
        loops = [loops[int(np.argmin(row))] for row in gap]
    return loops

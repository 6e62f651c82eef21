"""Prepare ``ict-facekit``: the repository's OBJ files, or a finished kit, as ict_facekit.npz."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import KIT_FILE
from deepmeme.data.sources import FACE_KIT_BASE, DataSet, Remote
from deepmeme.data.sources_fetch import Tell, obtain
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.errors import InputError

NUM_VERTICES = 24_591
"""Face, head, neck, mouth, teeth and eyeballs; lashes and tears behind them are left out."""
NUM_IDENTITIES = 100
TRIANGLES_SHA256 = "2dc75a032ca0ec40eaed32d2bcb5f7cbb4cf002876431b9062b0a18bfd846480"
"""Of the int32 triangles: the order of vertices that our landmarks count in."""
OUR_KIT_SHA256 = "c12f7a2f83fa6b9be3c32f2e1f565696e879e0ae8c27f6abaab5cdf79af1afcd"
MAX_OBJ_BYTES = 2**24
MAX_KIT_BYTES = 2**27

_BOTH_SIDES = """PupilDilate browDown browInnerUp browOuterUp cheekPuff cheekRaiser cheekSquint
eyeBlink eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint eyeWide mouthDimple mouthFrown
mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp noseSneer"""
_ALONE = """jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker
mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper"""
EXPRESSIONS = tuple(
    sorted([f"{name}_{side}" for name in _BOTH_SIDES.split() for side in "LR"] + _ALONE.split())
)
IDENTITIES = tuple(f"identity{number:03d}" for number in range(NUM_IDENTITIES))
NEUTRAL = "generic_neutral_mesh"

_KEYS = ("neutral", "triangles", "uv", "uv_triangles", "identity", "expression", "expression_names")


def prepare_face_kit(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Write ``folder/ict_facekit.npz``.

    Raises:
        InputError: the local copy is no face kit, or one with other vertices.
    """
    target = folder / KIT_FILE
    kit = _finished_kit(local)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = target.with_name(target.stem + ".part.npz")
    if kit is not None:
        digest = check_kit(kit)
        if not (target.is_file() and target.samefile(kit)):
            shutil.copyfile(kit, waiting)
            os.replace(waiting, target)
        return Made(folder, 1, f"face kit, {_known(digest)}", {kit.name: digest})
    sums: dict[str, str] = {}
    arrays = _convert(data_set, local, sums, tell)
    np.savez_compressed(waiting, **arrays)
    digest = check_kit(waiting)
    os.replace(waiting, target)
    return Made(folder, 1, f"face kit, {_known(digest)}", sums)


def _known(digest: str) -> str:
    return "the very file that we trained with" if digest == OUR_KIT_SHA256 else "checked"


def _finished_kit(local: Path | None) -> Path | None:
    if local is None or (local.is_dir() and not (local / KIT_FILE).is_file()):
        return None
    return local / KIT_FILE if local.is_dir() else local


def check_kit(path: Path) -> str:
    """The kit's sha256, when it is one and its vertices lie in our order.

    Raises:
        InputError: says what is wrong.
    """
    from deepmeme.weights.checkpoint import file_sha256

    try:
        with zipfile.ZipFile(path) as members:
            if sum(member.file_size for member in members.infolist()) > MAX_KIT_BYTES:
                raise InputError(f"{path} is too large for a face kit.")
        with np.load(path, allow_pickle=False) as kit:
            missing = sorted(set(_KEYS) - set(kit.files))
            if missing:
                raise InputError(f"{path} is no face kit: it lacks {', '.join(missing)}.")
            shapes = {key: kit[key].shape for key in _KEYS}
            triangles = kit["triangles"]
    except InputError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no face kit ({error}). Expected {KIT_FILE}.") from error
    expected = {
        "neutral": (NUM_VERTICES, 3),
        "identity": (NUM_IDENTITIES, NUM_VERTICES, 3),
        "expression": (len(EXPRESSIONS), NUM_VERTICES, 3),
    }
    for key, shape in expected.items():
        if shapes[key] != shape:
            raise InputError(f"{path}: {key} has the shape {shapes[key]}, expected {shape}.")
    _same_order(path, triangles)
    return file_sha256(path)


def _same_order(path: Path, triangles: NDArray[np.int32]) -> None:
    ordered = np.ascontiguousarray(triangles, "<i4")
    if hashlib.sha256(ordered.tobytes()).hexdigest() != TRIANGLES_SHA256:
        raise InputError(
            f"{path} has its vertices in another order than our landmarks count in, as later "
            f"states of the repository do. Take the one of {FACE_KIT_BASE}"
        )


def _convert(
    data_set: DataSet, local: Path | None, sums: dict[str, str], tell: Tell
) -> dict[str, Any]:
    if local is not None and (local / "FaceXModel").is_dir():
        local = local / "FaceXModel"
    names = (NEUTRAL, *IDENTITIES, *EXPRESSIONS)

    def obj(number: int) -> Path:
        name = names[number] + ".obj"
        remote = Remote(name, f"{FACE_KIT_BASE}FaceXModel/{name}")
        got = obtain(data_set, remote, local, tell)
        sums[name] = got.sha256
        tell("shapes", number + 1, len(names))
        return got.path

    path = obj(0)
    neutral = read_vertices(path)
    uv, triangles, uv_triangles = read_surface(path)
    _same_order(path, triangles)
    shapes = [
        (read_vertices(obj(number)) - neutral).astype(np.float16) for number in range(1, len(names))
    ]
    return {
        "neutral": neutral.astype(np.float32),
        "triangles": triangles,
        "uv": uv,
        "uv_triangles": uv_triangles,
        "identity": np.stack(shapes[:NUM_IDENTITIES]),
        "expression": np.stack(shapes[NUM_IDENTITIES:]),
        "expression_names": np.array(EXPRESSIONS),
    }


def read_vertices(path: Path) -> NDArray[np.float64]:
    """(24591, 3) cm of one OBJ file, to 1/100000.

    Raises:
        InputError: too large, or it has fewer vertices.
    """
    rows = [words[1:4] for words in _lines(path) if words[0] == "v"][:NUM_VERTICES]
    try:
        found = np.array(rows, np.float64)
    except ValueError as error:
        raise InputError(f"{path}: a vertex is no three numbers ({error}).") from error
    if found.shape != (NUM_VERTICES, 3) or not np.isfinite(found).all():
        raise InputError(
            f"{path} has {len(rows)} vertices, expected {NUM_VERTICES} or more: it is no ICT mesh."
        )
    return np.round(found, 5)


def read_surface(
    path: Path,
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    """(texture places (u, 2), triangles (t, 3), the same in texture places) of one OBJ file.

    Polygons become fans around their first corner; those beyond the kept vertices are left out.
    """
    places: list[list[str]] = []
    triangles: list[tuple[int, int, int]] = []
    painted: list[tuple[int, int, int]] = []
    try:
        for words in _lines(path):
            if words[0] == "vt":
                places.append(words[1:3])
            elif words[0] == "f":
                corners = [corner.split("/") for corner in words[1:]]
                at = [int(corner[0]) - 1 for corner in corners]
                on = [int(corner[1]) - 1 for corner in corners]
                if max(at) < NUM_VERTICES and min(at) >= 0:
                    triangles += [(at[0], at[i], at[i + 1]) for i in range(1, len(at) - 1)]
                    painted += [(on[0], on[i], on[i + 1]) for i in range(1, len(on) - 1)]
        uv = np.array(places, np.float32)
        return uv, np.array(triangles, np.int32), np.array(painted, np.int32)
    except (ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{path} is a damaged OBJ file ({error}).") from error


def _lines(path: Path) -> Iterator[list[str]]:
    if path.stat().st_size > MAX_OBJ_BYTES:
        raise InputError(f"{path} is too large for a mesh of the ICT FaceKit.")
    with path.open(encoding="ascii", errors="replace") as file:
        for line in file:
            words = line.split()
            if words:
                yield words

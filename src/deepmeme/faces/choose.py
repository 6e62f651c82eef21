"""Picks the faces that the user asked for."""

from collections.abc import Sequence

from deepmeme.errors import InputError, NoFaceFound
from deepmeme.faces.face import Face


def choose(faces: Sequence[Face], which: int | str = "largest") -> tuple[Face, ...]:
    """One face by its number or size, or all.

    Args:
        faces: as ``detect_faces`` returns them, largest first.
        which: ``"largest"``, ``"all"``, or a number, where 1 is the largest. The number may come
            as text.

    Raises:
        NoFaceFound: there are none to choose from.
        InputError: no such face or no such word.
    """
    wanted = str(which).strip().lower()
    if wanted not in ("largest", "all") and not wanted.removeprefix("-").isdecimal():
        raise InputError(f"Choose a face by number, 'largest' or 'all'; found {which!r}.")
    if not faces:
        raise NoFaceFound(
            "No face was found in the picture. Use a picture with a larger or more frontal face, "
            "or type --no-crop to animate the picture as it is."
        )
    if wanted == "all":
        return tuple(faces)
    number = 1 if wanted == "largest" else int(wanted)
    if not 1 <= number <= len(faces):
        count = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
        raise InputError(
            f"There is no face number {number}: {count} found. Choose from 1 (the largest) to "
            f"{len(faces)}, or 'all'."
        )
    return (faces[number - 1],)

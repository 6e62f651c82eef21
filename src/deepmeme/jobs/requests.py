"""What a stranger may ask for: requests checked once, by the same words, in server and worker.

A field is allowed only if it is named here. Nothing that may be is a path, a device or an address.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from deepmeme.errors import InputError
from deepmeme.jobs.folder import SHELF, on_shelf
from deepmeme.jobs.job import checked_id
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.weights.catalogue import entries
from deepmeme.weights.download import local_path

FORMATS = ("mp4", "webm", "gif", "webp")
DREAMS = ("gan", "vae")
SWAP_SIZES = (64, 96, 128)
ALLOWED = frozenset(entry.name for entry in fields(AnimateOptions)) - {
    "config",  # a path
    "device",
    "engine",
    "precision",
}
"""The options of an animation that a stranger may choose; ``model`` and ``audio`` by name only."""

_ANIMATED_PICTURES = ("gif", "webp")
_MOTION = ("portrait", "fomm")
MOST_SOURCES, MOST_PICTURES, MOST_FACES = 9, 200, 16
MOST_LETTERS = 200
MOST_SEED = 2**31 - 1
MOST_STEPS = 3.0
MOST_VARIETY = 2.0
MINUTES, MORPH_SECONDS = (0.05, 720.0), (0.2, 20.0)
"""At least and at most: of learning two faces, and from one dreamt face to the next."""


def checked(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with every field there, in its proper type; kind is "animate", "morph", "swap".

    Raises:
        InputError: naming what does not fit.
    """
    check = _CHECKS.get(kind)
    if check is None:
        raise InputError(
            f"There are no jobs of kind {kind[:40]!r}; {', '.join(_CHECKS)} there are."
        )
    return check(request)


def checked_animation(request: Mapping[str, Any]) -> dict[str, Any]:
    """See :func:`checked`; the options keep only what differs from its default."""
    _only(request, "sources", "driving", "options", "format", "consent", "inside")
    options = checked_options(request.get("options", {}))
    form = _one_of(request, "format", FORMATS, "mp4")
    if options.max_size is not None and form not in _ANIMATED_PICTURES:
        raise InputError(
            f"A size budget (max_size) is possible for gif and webp, not for {form}. Leave it out, "
            "or choose one of these."
        )
    return {
        "sources": _refs(request, "sources", MOST_SOURCES),
        "driving": _ref(request.get("driving")),
        "options": options.changed(),
        "format": form,
        "consent": _yes(request, "consent"),
        "inside": _yes(request, "inside"),
    }


def checked_options(options: Any) -> AnimateOptions:
    """Options of an animation as a stranger may choose them.

    Raises:
        InputError: naming what does not fit, or is not for strangers.
    """
    if not isinstance(options, Mapping):
        raise InputError("The options are an object of names and values.")
    unknown = sorted(str(name)[:40] for name in options if name not in ALLOWED)
    if unknown:
        raise InputError(
            f"No such option here: {', '.join(unknown)}. Possible: {', '.join(sorted(ALLOWED))}."
        )
    for name, value in options.items():
        if isinstance(value, str) and len(value) > MOST_LETTERS:
            raise InputError(f"{name} has {len(value)} letters; {MOST_LETTERS} are the most.")
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{name}: {value} is no number to work with.")
    chosen = AnimateOptions(**options)
    if chosen.model not in motion_models():
        raise InputError(
            f"There is no model {chosen.model[:40]!r} here. There are: "
            f"{', '.join(motion_models())}."
        )
    if chosen.audio not in ("driving", "none"):
        raise InputError("The sound (audio) is 'driving', the driving video's own, or 'none'.")
    return chosen


def motion_models() -> tuple[str, ...]:
    """Names of the models on this machine that animate pictures."""
    return tuple(
        entry.name for entry in entries() if entry.family in _MOTION and local_path(entry).exists()
    )


def checked_morph(request: Mapping[str, Any]) -> dict[str, Any]:
    """See :func:`checked`; ``seconds`` are those from each face to the next."""
    _only(request, "model", "faces", "variety", "seconds", "loop", "format")
    faces = request.get("faces")
    if not isinstance(faces, list) or not 2 <= len(faces) <= MOST_FACES:
        raise InputError(f"A film needs 2 to {MOST_FACES} faces, as a list (faces).")
    return {
        "model": _one_of(request, "model", DREAMS, DREAMS[0]),
        "faces": [_dreamt(face) for face in faces],
        "variety": _number(request, "variety", 0, MOST_VARIETY, 1.0),
        "seconds": _number(request, "seconds", *MORPH_SECONDS, 2.0),
        "loop": _yes(request, "loop", True),
        "format": _one_of(request, "format", FORMATS, "mp4"),
    }


def _dreamt(face: Any) -> dict[str, Any]:
    if not isinstance(face, Mapping):
        raise InputError('A face is an object such as {"seed": 7, "edits": {"smile": 1}}.')
    _only(face, "seed", "edits")
    seed, edits = face.get("seed", 7), face.get("edits", {})
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MOST_SEED:
        raise InputError(f"A seed is a whole number from 0 to {MOST_SEED}.")
    if not isinstance(edits, Mapping) or len(edits) > 32:
        raise InputError('Edits are traits and steps, such as {"smile": 1.0}.')
    steps = {str(name)[:40]: _number(edits, name, -MOST_STEPS, MOST_STEPS, 0) for name in edits}
    return {"seed": seed, "edits": steps}


def checked_swap(request: Mapping[str, Any]) -> dict[str, Any]:
    """See :func:`checked`; "again" is the id of the swap to go on from, or ""."""
    _only(request, "a", "b", "convert", "minutes", "size", "consent", "again")
    size, again = request.get("size", SWAP_SIZES[0]), request.get("again", "")
    if isinstance(size, bool) or size not in SWAP_SIZES:
        raise InputError(f"A swap has a size of {', '.join(map(str, SWAP_SIZES))} pixels.")
    return {
        "a": _refs(request, "a", MOST_PICTURES),
        "b": _refs(request, "b", MOST_PICTURES),
        "convert": _ref(request.get("convert")),
        "minutes": _number(request, "minutes", *MINUTES, 10.0),
        "size": int(size),
        "consent": _yes(request, "consent"),
        "again": checked_id(again) if again else "",
    }


_CHECKS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "animate": checked_animation,
    "morph": checked_morph,
    "swap": checked_swap,
}


def _only(request: Mapping[str, Any], *names: str) -> None:
    unknown = sorted(str(name)[:40] for name in request if name not in names)
    if unknown:
        raise InputError(f"Nothing here is called {', '.join(unknown)}; {', '.join(names)} are.")


def _ref(ref: Any) -> str:
    if not isinstance(ref, str):
        raise InputError("A file is named by what sending it answered, or as shelf:painting.")
    if ref.startswith(SHELF):
        on_shelf(ref)
        return ref
    return checked_id(ref)


def _refs(request: Mapping[str, Any], name: str, most: int) -> list[str]:
    refs = request.get(name)
    if not isinstance(refs, list) or not 1 <= len(refs) <= most:
        raise InputError(f"{name} is a list of 1 to {most} files.")
    return [_ref(ref) for ref in refs]


def _yes(request: Mapping[str, Any], name: str, default: bool = False) -> bool:
    value = request.get(name, default)
    if not isinstance(value, bool):
        raise InputError(f"{name} is true or false.")
    return value


def _one_of(request: Mapping[str, Any], name: str, names: tuple[str, ...], default: str) -> str:
    value = request.get(name, default)
    if value not in names:
        raise InputError(f"{name} is one of {', '.join(names)}, not {str(value)[:40]!r}.")
    return str(value)


def _number(
    request: Mapping[str, Any], name: str, low: float, high: float, default: float
) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{str(name)[:40]} is a number from {low:g} to {high:g}.")
    return float(value)

"""Dreamt-up faces: painted at once for a screen, or kept as a marked picture."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError
from deepmeme.jobs.requests import DREAMS, MOST_STEPS
from deepmeme.jobs.wire import Message
from deepmeme.media.montage import resize, tiled
from deepmeme.pipelines.codes import Codes
from deepmeme.pipelines.dream import Dream, load_dream
from deepmeme.provenance.glance import glance
from deepmeme.runtime.trait_names import TRAITS

_ALONE_PX = 384


def traits(about: dict[str, Any], blob: bytes) -> Message:
    """``model`` -> what can be changed in its faces, and their side in pixels."""
    dream = _loaded(about["model"])
    rows = [
        {"name": name, "label": TRAITS[name], "low": -MOST_STEPS, "high": MOST_STEPS}
        for name in dream.traits
    ]
    return Message({"model": about["model"], "traits": rows, "size": dream.info.resolution})


def face(about: dict[str, Any], blob: bytes) -> Message:
    """``model, seed, count, variety, edits`` -> a JPEG of the faces, several beside each other."""
    dream, codes = _drawn(about)
    pictures = list(dream.paint(codes))
    painted = tiled(pictures)
    if len(pictures) == 1:  # large enough for its label, and for its watermark to be read
        painted = resize(pictures[0], _ALONE_PX, _ALONE_PX)
    record = dream.record("sample", codes, _facts(about))
    return Message({"width": painted.shape[1], "height": painted.shape[0]}, glance(painted, record))


def keep(about: dict[str, Any], blob: bytes) -> Message:
    """The same as a marked PNG at ``path``."""
    dream, codes = _drawn(about)
    saved = dream.save(codes, Path(about["path"]), task="sample", facts=_facts(about))
    return Message({"bytes": saved.bytes, "work_id": saved.work_id})


def _drawn(about: dict[str, Any]) -> tuple[Dream, Codes]:
    dream = _loaded(about["model"])
    codes = dream.sample(about["count"], seed=about["seed"], variety=about["variety"])
    edits = {name: step for name, step in about["edits"].items() if step}
    return dream, dream.edit(codes, edits) if edits else codes


def _facts(about: dict[str, Any]) -> dict[str, Any]:
    return {name: about[name] for name in ("seed", "count", "variety", "edits")}


@lru_cache(maxsize=len(DREAMS))
def _loaded(model: str) -> Dream:
    if model not in DREAMS:  # never a folder that a client names
        raise InputError(f"There is no model of faces {model!r}. Choose {' or '.join(DREAMS)}.")
    return load_dream(model)

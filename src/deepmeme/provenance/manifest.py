"""What the credentials of a result say, as c2pa wants it written."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from deepmeme.provenance.ingredients import Ingredient
from deepmeme.provenance.record import Record

GENERATOR = "deepmeme"
WORK = "org.deepmeme.work"
"""Label of our own assertion."""
WATERMARK = "org.deepmeme.watermark.1"
"""Name of the algorithm of the soft binding."""

_TITLES = {"animate": "Animated picture", "swap": "Face swap", "sample": "Dreamt-up picture"}
_CAPTIONS = ("caption_top", "caption_bottom", "label_text")
_NAMES_FILES = ("model", "config", "audio")
_MAX_TEXT = 1000
_PATH = re.compile(r"[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|file:")


def manifest(
    record: Record,
    ingredients: Sequence[Ingredient],
    *,
    private: bool = False,
    sidecar_of: bytes | None = None,
) -> dict[str, Any]:
    """``sidecar_of`` is the sha256 of a file that can't hold credentials itself."""
    assertions: list[dict[str, Any]] = [
        {"label": "c2pa.actions.v2", "data": {"actions": _actions(record, ingredients, private)}},
        {
            "label": "c2pa.soft-binding",
            "data": {"alg": WATERMARK, "blocks": [{"scope": {}, "value": record.work_id}]},
        },
        {"label": WORK, "data": work(record, ingredients, private=private)},
    ]
    if sidecar_of is not None:
        hashed = {"exclusions": [], "alg": "sha256", "hash": list(sidecar_of), "pad": []}
        assertions.append({"label": "c2pa.hash.data", "data": hashed})
    return {
        "claim_version": 2,
        "title": _TITLES.get(record.task, "Picture or video"),
        "claim_generator_info": [{"name": GENERATOR, "version": record.made_by}],
        "ingredients": [i.definition() for i in ingredients if i.past is None],
        "assertions": assertions,
    }


def work(
    record: Record, ingredients: Sequence[Ingredient], *, private: bool = False
) -> dict[str, Any]:
    """Our own words: task, model, inputs with hashes, options, version, work id."""
    inputs = [
        {
            "role": i.role,
            "name": i.title,
            "sha256": i.sha256,
            "had_credentials": i.has_past,
            "credentials_kept": i.past is not None,
        }
        for i in ingredients
    ]
    return {
        "format": 1,
        "task": record.task,
        "work_id": record.work_id,
        "model": {"name": _bare(record.model), "sha256": record.model_sha256},
        "inputs": inputs,
        "options": _options(record, private),
        "version": record.made_by,
    }


def _actions(
    record: Record, ingredients: Sequence[Ingredient], private: bool
) -> list[dict[str, Any]]:
    """What was done, in order: the first one must open the parent or create."""
    of = {
        relationship: [i.label for i in ingredients if i.relationship == relationship]
        for relationship in ("parentOf", "inputTo", "componentOf")
    }
    made: dict[str, Any] = {
        "digitalSourceType": record.digital_source_type,
        "softwareAgent": {"name": GENERATOR, "version": record.made_by},
    }
    if not private:
        made["when"] = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    if of["inputTo"]:
        made["parameters"] = {"ingredientIds": of["inputTo"]}
    if of["parentOf"]:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": of["parentOf"]}}
        actions = [opened, {"action": "c2pa.edited", **made}]
    else:
        actions = [{"action": "c2pa.created", **made}]
    actions += [
        {"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}}
        for label in of["componentOf"]
    ]
    return [*actions, {"action": "c2pa.watermarked.bound"}]


def _options(record: Record, private: bool) -> dict[str, Any]:
    """JSON values without paths; ``private`` leaves out the names of files, too."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(record.options), default=str))
    told = {}
    for name, value in plain.items():
        if private and name in _NAMES_FILES and isinstance(value, str) and "." in value:
            continue
        if name in _NAMES_FILES and isinstance(value, str):
            value = _bare(value)
        told[name] = _cut(value) if name in _CAPTIONS else _told(value)
    return told


def _told(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(_bare(value) if _PATH.match(value) else value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key)[:_MAX_TEXT]: _told(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told(item) for item in value]
    return value


def _cut(value: Any) -> Any:
    return value[:_MAX_TEXT] if isinstance(value, str) else value


def _bare(text: str) -> str:
    """A path's last part; any other text as it is."""
    if "/" not in text and "\\" not in text:
        return text
    return PureWindowsPath(PurePosixPath(text).name).name

"""Whether what ``curl`` asks for is an address of ours."""

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.testclient import TestClient

from deepmeme.pipelines.options import AnimateOptions
from deepmeme.web.app import create_app, open_service
from deepmeme.web.options import ServeOptions

_BESIDE = {"/", "/openapi.json"}
"""Answered, but no part of the schema."""


def faults_of_curl(words: Sequence[str], folder: Path) -> Iterator[str]:
    """What is wrong with the words after ``curl``: address, method, names of a form, files."""
    forms = [value for flag, value in pairwise(words) if flag in ("-F", "--form")]
    sends = forms or any(word in ("-d", "--data", "--json") for word in words)
    method = "post" if sends else "get"
    for flag, value in pairwise(words):
        method = value.lower() if flag in ("-X", "--request") else method
    for form in forms:
        file = re.match(r"\w+=@([^;]+)", form)
        if file and not (folder / file[1]).exists():
            yield f"nothing has made {file[1]}, and no reader is supposed to have it"
    for word in words:
        if re.match(r"https?://", word):
            yield from _faults_of_address(word, method, forms)


def _faults_of_address(address: str, method: str, forms: Sequence[str]) -> Iterator[str]:
    path = urlsplit(address).path or "/"
    if path in _BESIDE:
        return
    entry = next((facts for known, facts in _paths().items() if _fits(path, known)), None)
    if entry is None:
        yield f"the server has no {path}"
    elif method not in entry:
        yield f"{path} does not take {method.upper()}; it takes {', '.join(entry).upper()}"
    elif forms:
        content = entry[method]["requestBody"]["content"]
        names = content["multipart/form-data"]["schema"]["properties"]
        for name, _, value in (form.partition("=") for form in forms):
            if name not in names:
                yield f"{path} has no field {name!r}; it has {', '.join(names)}"
            elif name == "options":
                for option in set(json.loads(value)) - set(AnimateOptions.__dataclass_fields__):
                    yield f"there is no option {option!r}"


def _fits(path: str, known: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(known)), path) is not None


@cache
def _paths() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(open_service(ServeOptions(folder=folder, workers=0)))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            found: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    return found

"""A server without workers in this process, and a whole one in a process of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deepmeme.web.app import create_app, open_service
from deepmeme.web.options import ServeOptions

TOKEN = "an-honest-token-of-the-tests"


@contextmanager
def opened(folder: Path, headers: dict[str, str] | None = None, **options) -> Iterator[TestClient]:
    """A client of a server that has no workers unless told otherwise."""
    chosen = {"rate": 10000.0, "workers": 0, **options}
    app = create_app(open_service(ServeOptions(folder=str(folder), **chosen)))
    with TestClient(app, base_url="http://127.0.0.1", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[TestClient]:
    with opened(tmp_path_factory.mktemp("studio")) as client:
        yield client


def started(folder: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """``deepmeme serve`` in a process of its own."""
    command = [sys.executable, "-m", "deepmeme", "serve", "--port", "0", "--folder", str(folder)]
    return subprocess.Popen(
        [*command, "--rate", "10000", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
    )


@contextmanager
def serving(folder: Path, *words: str, env: dict[str, str] | None = None) -> Iterator[str]:
    """The address of such a server, which stops afterwards."""
    process = started(folder, *words, env=env)
    try:
        yield address_of(process)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def address_of(process: subprocess.Popen[str]) -> str:
    """As it says itself."""
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        found = re.search(r"http://[0-9.]+:[0-9]+/", line)
        if found is not None:
            return found.group()
    raise AssertionError(f"the server did not start: {''.join(said)}")


def problem(answer) -> tuple[int, str]:
    """Status and type of an error, which has to have its one shape."""
    told = json.loads(answer.content)
    assert set(told) == {"error"} and set(told["error"]) == {"type", "message"}
    assert len(told["error"]["message"]) > 10
    return answer.status_code, told["error"]["type"]

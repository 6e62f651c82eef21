from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.weights.published import published_tree, save, tiny

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny_tree() -> dict[str, Any]:
    """What a vox-256 checkpoint of a tiny network holds. Copy it before you change it."""
    return published_tree(tiny("vox-256"))


@pytest.fixture
def checkpoint_file(tmp_path: Path, tiny_tree: dict[str, Any]) -> Path:
    """A tiny vox-256 checkpoint in the published format."""
    return save(tmp_path / "tiny-cpk.pth.tar", tiny_tree)

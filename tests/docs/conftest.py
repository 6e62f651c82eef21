"""Somebody who reads the documentation."""

from collections.abc import Iterator
from functools import cache

import pytest

from deepmeme.cli import tree
from deepmeme.pipelines import consent, dream, motion_model
from tests.docs import memory


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Somebody who has agreed once, is offline, and for whom a shipped model loads but once."""
    place = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMEME_CONFIG_DIR", str(place / "config"))
        patch.setenv("DEEPMEME_CACHE", str(place / "cache"))
        patch.setenv("DEEPMEME_OFFLINE", "1")
        patch.setenv("COLUMNS", "200")
        patch.setattr(motion_model, "load_engine", memory.load_engine)
        patch.setattr(dream, "open_dream", memory.open_dream)
        patch.setattr(dream.Dream, "_walk", memory.walk)
        patch.setattr(tree, "build", cache(tree.build))
        consent.remember()
        yield

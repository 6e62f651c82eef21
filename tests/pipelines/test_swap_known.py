"""Whom a model folder says that it knows, and who has to be asked."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepmeme.demo_assets import asset
from deepmeme.errors import WeightsError
from deepmeme.pipelines.swap.known import known_person, needs_consent
from tests.faces.drawn import scene
from tests.pipelines.drawn import write_picture
from tests.pipelines.fake_swap import FakeSwap


def embed(square: np.ndarray) -> np.ndarray:
    return np.float32([1, 0])


def card(folder: Path, identities: Any) -> Path:
    facts = {} if identities is None else {"identities": identities}
    (folder / "model.json").write_text(json.dumps(facts))
    return folder


def test_the_person_of_the_side_is_known(tmp_path: Path) -> None:
    folder = card(tmp_path, {"a": [3.0, 4.0], "b": [0.0, 2.0]})
    for side, wanted in (("a", [0.6, 0.8]), ("b", [0.0, 1.0])):
        known = known_person(folder, side, embed)
        assert known.embed is embed and known.reference is not None
        np.testing.assert_allclose(known.reference, wanted, rtol=1e-6)


def test_without_identities_nobody_is_known(tmp_path: Path) -> None:
    assert known_person(card(tmp_path, None), "a", embed).reference is None
    assert known_person(card(tmp_path, {"b": [1.0]}), "a", embed).reference is None
    assert known_person(FakeSwap(), "a", embed).reference is None


@pytest.mark.parametrize(
    "identities",
    [{"a": "x" * 9}, [1], 7, "a", {"a": [[1.0]]}, {"a": []}, {"a": [0, 0]},
     {"a": [1e400]}, {"a": [1e200, 1e200]}, {"a": [None]}, {"a": {"x": 1}}, {"a": [1.0] * 5000}],
)  # fmt: skip
def test_identities_that_are_no_vectors_are_refused(tmp_path: Path, identities: Any) -> None:
    with pytest.raises(WeightsError, match=r"model\.json should hold identities of a and b"):
        known_person(card(tmp_path, identities), "a", embed)


def test_what_comes_with_the_package_needs_no_consent(tmp_path: Path) -> None:
    for name in ("driver.mp4", "painting.png"):
        copied = tmp_path / f"mine-{name}"
        shutil.copy(asset(name), copied)
        assert not needs_consent(copied)
    assert needs_consent(write_picture(tmp_path / "me.png", scene(96, 96)))

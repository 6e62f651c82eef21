"""Readers of untrusted bytes: whatever comes, they give a value or a DeepmemeError."""

import contextlib
import json
import pickle
import pickletools
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepmeme.errors import DeepmemeError
from deepmeme.models.motion.config import MotionConfig
from deepmeme.weights.checkpoint import load_checkpoint
from deepmeme.weights.doctor import diagnose
from deepmeme.weights.safetensors_file import open_safetensors
from deepmeme.weights.torch_file import open_torch
from deepmeme.weights.unpickle import Source, read_pickle, settle
from tests.weights.published import reference_yaml, save, tiny

FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
keys = st.text(max_size=8) | st.integers(-5, 5)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@pytest.fixture(autouse=True)
def nothing_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that falls back on Python's own would fail here."""

    def forbidden(*arguments: Any, **how: Any) -> None:
        raise AssertionError("a file was unpickled")

    for name in ("load", "loads", "Unpickler", "_Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)


@FEW
@given(tree=trees, protocol=st.integers(0, 5))
def test_plain_containers_come_back(tree: Any, protocol: int) -> None:
    assert settle(read_pickle(Source(pickle.dumps(tree, protocol=protocol)))) == tree


OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
WORDS = [b"os\nsystem\n", b"builtins\neval\n", b"torch\nSize\n", b"\x04", b"\x00\x00\x00\x01"]
programs = st.lists(
    st.sampled_from(OPCODES + WORDS) | st.binary(max_size=5), max_size=40
).map(b"".join)  # fmt: skip


@settings(FEW, max_examples=300)
@given(program=programs)
def test_random_programs_end(program: bytes) -> None:
    with contextlib.suppress(DeepmemeError):
        settle(read_pickle(Source(program + b".")))


def changed(content: bytes, edits: list[tuple[float, bytes]]) -> bytes:
    spoilt = bytearray(content)
    for place, new in edits:
        start = int(place * len(spoilt))
        spoilt[start : start + len(new)] = new
    return bytes(spoilt)


edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)),
                 min_size=1, max_size=6)  # fmt: skip


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small file of each kind."""
    import torch

    folder = tmp_path_factory.mktemp("good")
    tree = {"generator": {"first.conv.weight": torch.ones(2, 3)}, "epoch": 3}
    found = {
        "legacy": save(folder / "a.pth.tar", tree, legacy=True).read_bytes(),
        "zip": save(folder / "b.pth.tar", tree, legacy=False).read_bytes(),
    }
    header = {"generator.x": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    text = json.dumps(header | {"__metadata__": {"a": "b"}}).encode()
    found["safetensors"] = struct.pack("<Q", len(text)) + text + bytes(24)
    return found


@pytest.mark.parametrize("kind", ["legacy", "zip", "safetensors"])
@FEW
@given(changes=edits, cut=st.floats(0.1, 1))
def test_spoilt_files(
    tmp_path: Path,
    contents: dict[str, bytes],
    kind: str,
    changes: list[tuple[float, bytes]],
    cut: float,
) -> None:
    content = changed(contents[kind], changes)
    file = tmp_path / "spoilt"
    file.write_bytes(content[: max(1, int(cut * len(content)))])
    for read in (open_torch, open_safetensors, load_checkpoint, diagnose):
        with contextlib.suppress(DeepmemeError):
            read(file)


@FEW
@given(content=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any"
    file.write_bytes(content)
    for read in (open_torch, open_safetensors, load_checkpoint, diagnose):
        with contextlib.suppress(DeepmemeError):
            read(file)


@FEW
@given(changes=edits)
def test_spoilt_yaml(changes: list[tuple[float, bytes]]) -> None:
    with contextlib.suppress(DeepmemeError):
        MotionConfig.from_yaml(changed(reference_yaml(tiny("vox-256")).encode(), changes))


yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@FEW
@given(value=yaml_values, where=st.sampled_from(
    ["num_kp", "temperature", "max_features", "scale_factor", "num_blocks", "pad"]))  # fmt: skip
def test_any_value_in_a_configuration(value: Any, where: str) -> None:
    section = {"num_kp": 10, "num_channels": 3, "estimate_jacobian": True}
    model = {"common_params": section, "kp_detector_params": {where: value}}
    with contextlib.suppress(DeepmemeError):
        config = MotionConfig.from_yaml({"model_params": model | {"generator_params": {}}})
        assert MotionConfig.from_json(config.to_json()) == config


def test_yaml_aliases_do_not_unfold() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(DeepmemeError, match="beyond reason"):
        MotionConfig.from_yaml("\n".join(lines))


def test_yaml_tags_run_nothing() -> None:
    with pytest.raises(DeepmemeError, match="not valid YAML"):
        MotionConfig.from_yaml("!!python/object/apply:os.system ['true']")

"""Files that try to run something, or to fill the memory, are refused and nothing happens."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepmeme.errors import DeepmemeError, WeightsError
from deepmeme.weights.checkpoint import load_checkpoint
from deepmeme.weights.doctor import diagnose
from deepmeme.weights.torch_file import MAGIC, PROTOCOL, open_torch
from deepmeme.weights.unpickle import ForbiddenError, Source, read_pickle
from tests.weights.published import save

PROTOCOLS = range(6)
HEAD = b"".join(pickle.dumps(part, protocol=2) for part in (MAGIC, PROTOCOL, {}))


class Calls:
    """Pickles as a call of ``function`` with ``arguments``."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function = function
        self.arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments


class Builds:
    """Pickles as an object with a state, whose __setstate__ a careless reader would call."""

    def __init__(self) -> None:
        self.state = "anything"


def payloads(trap: Path) -> dict[str, Any]:
    """Objects that leave ``trap`` behind when they are unpickled with the standard library."""
    command = f"touch {trap}"
    return {
        "os.system": Calls(os.system, command),
        "subprocess": Calls(subprocess.Popen, ["touch", str(trap)]),
        "eval": Calls(eval, f"open({str(trap)!r}, 'w')"),
        "exec": Calls(exec, f"open({str(trap)!r}, 'w')"),
        "open": Calls(open, str(trap), "w"),
        "getattr": Calls(getattr, "text", "upper"),
        "torch.load": Calls(torch.load, str(trap)),
        "numpy.load": Calls(np.load, str(trap)),
        "instance": Builds(),
        "function": os.system,
        "class": subprocess.Popen,
    }


KINDS = list(payloads(Path("trap")))


def legacy_stream(tree: Any, protocol: int) -> bytes:
    """What an old torch.save writes around a pickle."""
    return HEAD + pickle.dumps(tree, protocol=protocol) + pickle.dumps([], protocol=2)


def zip_file(path: Path, data: bytes, extra: dict[str, bytes] | None = None, **how: Any) -> Path:
    """What today's torch.save writes around a pickle."""
    with zipfile.ZipFile(path, "w", **how) as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", b"3\n")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def refused(path: Path) -> str:
    """Every way in refuses it; returns what is said."""
    for read in (load_checkpoint, diagnose, open_torch):
        with pytest.raises(WeightsError) as error:
            read(path)
        assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", KINDS)
def test_code_is_refused_in_every_protocol_and_format(
    tmp_path: Path, kind: str, protocol: int
) -> None:
    trap = tmp_path / "trap"
    thing = payloads(trap)[kind]
    tree = {"generator": {}, "kp_detector": {"deep": [({"nested": thing},)]}, "epoch": 1}
    stream = tmp_path / "legacy.pth.tar"
    stream.write_bytes(legacy_stream(tree, protocol))
    zipped = zip_file(tmp_path / "zip.pth.tar", pickle.dumps(tree, protocol=protocol))
    for file in (stream, zipped):
        said = refused(file)
        assert "not executed" in said or "damaged" in said
    assert not trap.exists()


@pytest.mark.parametrize("legacy", [True, False])
def test_torch_saves_of_hostile_objects_are_refused(tmp_path: Path, legacy: bool) -> None:
    trap = tmp_path / "trap"
    tree = {
        "generator": {"first.conv.weight": torch.zeros(2)},
        "optimizer_generator": Calls(os.system, f"touch {trap}"),
    }
    said = refused(save(tmp_path / "a.pth.tar", tree, legacy=legacy))
    assert "posix.system" in said or "nt.system" in said
    assert "not executed" in said
    assert not trap.exists()


def test_the_trap_works() -> None:
    """The payloads above are live: Python's own reader runs them."""
    assert pickle.loads(pickle.dumps(Calls(int, "42"))) == 42


def test_a_bare_pickle_is_no_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "a.pth.tar"
    file.write_bytes(pickle.dumps({"generator": {}}, protocol=2))
    assert "a plain pickle" in refused(file)


INSTRUCTIONS = {
    "OBJ": b"(cos\nsystem\nS'true'\no.",
    "INST": b"(S'true'\nios\nsystem\n.",
    "NEWOBJ": b"cos\nsystem\n)\x81.",
    "NEWOBJ_EX": b"\x80\x04cos\nsystem\n)}\x92.",
    "EXT1": b"\x80\x02\x82\x01.",
    "EXT4": b"\x80\x02\x84\x01\x00\x00\x00.",
    "PERSID": b"Pname\n.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "dotted": b"\x80\x04\x8c\x05torch\x8c\x0cos.path.join\x93.",
    "dotted storage": b"\x80\x04\x8c\x05torch\x8c\x14FloatStorage.__new__\x93.",
    "BUILD of a name": b"ctorch\nSize\n}(S'__setstate__'\ncos\nsystem\nub.",
    "call of a dtype": b"ctorch\nfloat32\n)R.",
    "call of text": b"S'os.system'\n(S'true'\ntR.",
    "encode to other": b"c_codecs\nencode\n(S'x'\nS'zlib'\ntR.",
    "object array": b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O8'\ntRS'x'\ntR.",
}


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_instructions_that_call(name: str) -> None:
    with pytest.raises(ForbiddenError):
        read_pickle(Source(INSTRUCTIONS[name]))


BOMBS = {
    "claims 2 GB": b"\x80\x02T\x00\x00\x00\x80.",
    "claims 2**63": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "long integer": b"\x80\x02\x8b\xff\xff\xff\x7f\x01.",
    "doubling": b"\x80\x02]q\x00" + b"(h\x00h\x00e" * 3000 + b".",
    "deep": b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
    "itself": b"\x80\x02]q\x00h\x00a.",
    "no end": b"\x80\x02" + b"N" * 1000,
    "empty": b"",
    "underflow": b"\x80\x02a.",
    "memo": b"\x80\x02h\x05.",
    "marks": b"(" * 1000 + b".",
    "many": b"\x80\x02(" + b"K\x01" * 1000 + b"l" + b"2" * 100_000 + b"t.",
    "unhashable": b"\x80\x02}]K\x01s.",
    "odd items": b"\x80\x02}(K\x01u.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_and_broken_streams(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.pth.tar"
    file.write_bytes(HEAD + BOMBS[name] + pickle.dumps([], protocol=2))
    refused(file)
    refused(zip_file(tmp_path / "b.pth.tar", BOMBS[name]))


def test_a_list_of_lists_that_unfolds_to_a_billion(tmp_path: Path) -> None:
    level: Any = ["lol"] * 10
    for _ in range(9):
        level = [level] * 10
    file = tmp_path / "a.pth.tar"
    file.write_bytes(legacy_stream(level, 4))
    assert "beyond reason" in refused(file)


def tensor_pickle(
    numel: int, shape: tuple[int, ...], strides: tuple[int, ...], **how: Any
) -> bytes:
    """The pickle of one float tensor of storage '0' with these numbers."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, item: Any) -> Any:
            if isinstance(item, dict) and item.get("storage"):
                return ("storage", torch.FloatStorage, how.get("key", "0"), "cpu", numel)
            return None

    class Tensor:
        def __reduce__(self) -> Any:
            arguments = ({"storage": 1}, how.get("offset", 0), shape, strides, False, None)
            return torch._utils._rebuild_tensor_v2, arguments

    stream = io.BytesIO()
    Pickler(stream, 2).dump({"generator": {"x": Tensor()}, "kp_detector": {"x": Tensor()}})
    return stream.getvalue()


HUGE = {
    "storage larger than the file": (2**40, (2**40,), (1,)),
    "storage beyond any file": (2**60, (4,), (1,)),
    "negative storage": (-4, (4,), (1,)),
    "tensor larger than its storage": (4, (5,), (1,)),
    "offset": (4, (4,), (1,)),
    "negative size": (4, (-4,), (1,)),
    "negative stride": (4, (4,), (-1,)),
    "stride beyond": (4, (2, 2), (3, 1)),
    "repeated without end": (4, (2**20, 2**20), (0, 0)),
    "sizes that overflow": (4, (2**40, 2**40, 0), (0, 0, 0)),
    "too many dimensions": (4, (1,) * 100, (1,) * 100),
    "strides missing": (4, (2, 2), (1,)),
}


@pytest.mark.parametrize("name", HUGE)
def test_sizes_that_lie(tmp_path: Path, name: str) -> None:
    numel, shape, strides = HUGE[name]
    data = tensor_pickle(numel, shape, strides, offset=3 if name == "offset" else 0)
    stored = np.zeros(4, np.float32).tobytes()
    refused(zip_file(tmp_path / "a.pth.tar", data, {"archive/data/0": stored}))
    tail = pickle.dumps(["0"], protocol=2) + struct.pack("<q", 4) + stored
    (tmp_path / "b.pth.tar").write_bytes(HEAD + data + tail)
    refused(tmp_path / "b.pth.tar")


@pytest.mark.parametrize("key", ["../../../../etc/passwd", "/etc/passwd", "a/b", "", "x" * 300])
def test_storages_do_not_leave_the_archive(tmp_path: Path, key: str) -> None:
    data = tensor_pickle(4, (4,), (1,), key=key)
    said = refused(zip_file(tmp_path / "a.pth.tar", data, {f"archive/data/{key}": bytes(16)}))
    assert "storage" in said


def test_names_in_the_archive_are_never_written(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    data = tensor_pickle(4, (4,), (1,))
    escape = {"../escape": b"x", "/tmp/escape": b"x", "archive/data/0": bytes(16)}
    file = zip_file(inside / "a.pth.tar", data, escape)
    with pytest.raises(DeepmemeError):
        load_checkpoint(file)
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "a.pth.tar"]


def test_zip_bombs_are_not_unpacked(tmp_path: Path) -> None:
    zeros = bytes(50_000_000)
    file = zip_file(
        tmp_path / "a.pth.tar",
        tensor_pickle(12_500_000, (12_500_000,), (1,)),
        {"archive/data/0": zeros},
        compression=zipfile.ZIP_DEFLATED,
    )
    assert file.stat().st_size < 100_000
    assert "compressed" in refused(file)


def test_other_zip_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("photo.txt", "hello")
    assert "not one that PyTorch wrote" in refused(tmp_path / "a.zip")
    data = pickle.dumps({}, protocol=2)
    two = zip_file(tmp_path / "two.pt", data, {"other/data.pkl": data})
    assert "not one that PyTorch wrote" in refused(two)
    script = zip_file(tmp_path / "script.pt", data, {"archive/code/__torch__.py": b"import os"})
    assert "TorchScript" in refused(script)


def test_every_cut_of_a_good_file_is_refused(
    tmp_path: Path, checkpoint_file: Path, tiny_tree: dict[str, Any]
) -> None:
    zipped = save(tmp_path / "zip.pth.tar", tiny_tree, legacy=False)
    for file in (checkpoint_file, zipped):
        whole = file.read_bytes()
        cut = tmp_path / "cut.pth.tar"
        for length in np.linspace(1, len(whole) - 1, 25).astype(int):
            cut.write_bytes(whole[:length])
            with pytest.raises(DeepmemeError):
                load_checkpoint(cut)


def test_this_python_runs_no_code_while_reading(tmp_path: Path) -> None:
    """Python's own audit sees no import and no process while hostile files are read."""
    for number, protocol in enumerate(PROTOCOLS):
        tree = {"generator": Calls(os.system, f"touch {tmp_path / 'trap'}")}
        (tmp_path / f"{number}.pth.tar").write_bytes(legacy_stream(tree, protocol))
    code = f"""
import sys
from pathlib import Path
import encodings.latin_1, encodings.raw_unicode_escape
from deepmeme.errors import WeightsError
from deepmeme.weights.checkpoint import load_checkpoint
seen = []
watched = ("import", "os.system", "subprocess.Popen", "exec", "pickle.find_class", "os.exec")
def look(event, arguments):
    if event in watched:
        seen.append((event, arguments))
sys.addaudithook(look)
for file in sorted(Path({str(tmp_path)!r}).glob("*.pth.tar")):
    try:
        load_checkpoint(file)
        print("loaded", file)
    except WeightsError:
        pass
print([event for event in seen if event[0] != "import" or event[1][0] in ("os", "posix", "nt")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
    assert not (tmp_path / "trap").exists()

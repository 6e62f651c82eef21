"""Motion templates come back bit for bit, and hostile files are refused by name."""

import io
import json
import pickle
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepmeme.errors import InputError, OutputError
from deepmeme.pipelines.template import MotionTemplate, load_template
from deepmeme.runtime.engine import KeypointArrays, ModelInfo
from tests.motion.heads import NAMES, head
from tests.motion.strategies import keypoints

MODEL = ModelInfo("tiny", "fomm", "openvino", "fp32", "cpu", 64, 6, 0, "ab" * 32)
OTHER = ModelInfo("other", "fomm", "openvino", "fp32", "cpu", 64, 6, 0, "cd" * 32)


def template(moving: KeypointArrays | None = None, **changes: Any) -> MotionTemplate:
    if moving is None:
        xy = np.random.default_rng(1).uniform(-1, 1, (20, 6, 2)).astype(np.float32)
        moving = KeypointArrays(xy)
    facts: dict[str, Any] = {"fps": Fraction(25), "model_name": "tiny", "model_sha256": "ab" * 32}
    return MotionTemplate(keypoints=moving, **(facts | changes))


@given(keypoints(num_frames=4), st.fractions(Fraction(1, 100), 1000), st.integers(0, 3))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_comes_back_bit_for_bit(
    tmp_path: Path, moving: KeypointArrays, fps: Fraction, anchor: int
) -> None:
    made = template(moving, fps=fps.limit_denominator(1001), anchor=anchor)
    back = load_template(made.save(tmp_path / "a.motion.npz"))
    np.testing.assert_array_equal(back.keypoints.xy, moving.xy)
    np.testing.assert_array_equal(back.keypoints.jacobian, moving.jacobian)
    assert (back.fps, back.anchor, back.model_name) == (made.fps, anchor, "tiny")


def test_names_and_no_jacobians(tmp_path: Path) -> None:
    made = template(head(), keypoint_names=NAMES)
    back = load_template(made.save(tmp_path / "a"))
    assert back.keypoint_names == NAMES and back.keypoints.jacobian is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.motion.npz"]


def test_holds_no_pixels_and_stays_small(tmp_path: Path) -> None:
    xy = np.random.default_rng(0).uniform(-1, 1, (250, 79, 2)).astype(np.float32)
    path = template(KeypointArrays(xy)).save(tmp_path / "ten_seconds.motion.npz")
    assert path.stat().st_size < 200_000
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["header.npy", "xy.npy"]


def test_belongs_to_its_model() -> None:
    made = MotionTemplate.extracted(template().keypoints, Fraction(25), MODEL)
    made.check_model(MODEL)
    with pytest.raises(InputError, match=r"'tiny' \(abababababab\), the model here is 'other'"):
        made.check_model(OTHER)


def test_edits() -> None:
    made = template(anchor=10)
    assert made.trimmed(0.2).anchor == 5 and made.trimmed(0.2).num_frames == 15
    assert made.trimmed(0.0, 0.2).anchor == 4
    assert made.looped(3).num_frames == 60
    assert made.ping_pong().num_frames == 38
    assert made.duration_s == pytest.approx(0.8)
    slow = made.retimed(speed=0.5)
    assert slow.num_frames == 40 and slow.anchor == 20
    np.testing.assert_allclose(slow.keypoints.xy[20], made.keypoints.xy[10])
    assert made.retimed(fps=Fraction(50)).duration_s == pytest.approx(0.8)
    np.testing.assert_array_equal(made.mirrored().mirrored().keypoints.xy, made.keypoints.xy)


def npy(array: NDArray[Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), **options)
    return stream.getvalue()


HEADER: dict[str, Any] = {
    "format": "deepmeme motion 1", "fps": [25, 1], "model_name": "tiny",
    "model_sha256": "ab" * 32, "keypoint_names": None, "anchor": 0,
}  # fmt: skip
XY = np.zeros((4, 6, 2), np.float32)


def header(**changes: Any) -> bytes:
    return npy(np.frombuffer(json.dumps(HEADER | changes).encode(), np.uint8))


def written(folder: Path, **entries: bytes) -> Path:
    path = folder / "bad.motion.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return path


class Evil:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("/tmp/deepmeme_was_here"),))


def promising(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    """An array's header without its content."""
    stream = io.BytesIO()
    facts = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, facts)
    return stream.getvalue()


HOSTILE: dict[str, dict[str, bytes]] = {
    "pickled array": {
        "header": header(), "xy": npy(np.array([Evil()], dtype=object), allow_pickle=True),
    },
    "pickled header": {"header": pickle.dumps(Evil()), "xy": npy(XY)},
    "huge shape": {"header": header(), "xy": promising((2**40, 2**20, 2))},
    "overflowing shape": {"header": header(), "xy": promising((2**62, 4, 2)) + b"\0" * 16},
    "negative shape": {"header": header(), "xy": promising((-4, 6, 2)) + XY.tobytes()},
    "missing xy": {"header": header()},
    "missing header": {"xy": npy(XY)},
    "extra entry": {"header": header(), "xy": npy(XY), "code": b"import os"},
    "doubles": {"header": header(), "xy": npy(XY.astype(np.float64))},
    "whole numbers": {"header": header(), "xy": npy(XY.astype(np.int32))},
    "column order": {"header": header(), "xy": npy(np.asfortranarray(XY))},
    "flat": {"header": header(), "xy": npy(XY[0])},
    "three dimensions": {"header": header(), "xy": npy(np.zeros((4, 6, 3), np.float32))},
    "no frames": {"header": header(), "xy": npy(XY[:0])},
    "not a number": {"header": header(), "xy": npy(XY + np.float32("nan"))},
    "far away": {"header": header(), "xy": npy(XY + np.float32(1e6))},
    "other jacobians": {
        "header": header(), "xy": npy(XY), "jacobian": npy(np.zeros((4, 5, 2, 2), np.float32)),
    },
    "cut array": {"header": header(), "xy": npy(XY)[:-7]},
    "not json": {"header": npy(np.frombuffer(b"{nope", np.uint8)), "xy": npy(XY)},
    "json list": {"header": npy(np.frombuffer(b"[1]", np.uint8)), "xy": npy(XY)},
    "deep json": {"header": npy(np.frombuffer(b"[" * 100_000, np.uint8)), "xy": npy(XY)},
    "other format": {"header": header(format="deepmeme motion 99"), "xy": npy(XY)},
    "no rate": {"header": header(fps=[1, 0]), "xy": npy(XY)},
    "wild rate": {"header": header(fps=[10**9, 1]), "xy": npy(XY)},
    "text as rate": {"header": header(fps="25"), "xy": npy(XY)},
    "anchor outside": {"header": header(anchor=4), "xy": npy(XY)},
    "names missing": {"header": header(keypoint_names=["a", "b"]), "xy": npy(XY)},
    "long name": {"header": header(model_name="x" * 100_000), "xy": npy(XY)},
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, **HOSTILE[kind])
    with pytest.raises(InputError, match=r"bad\.motion\.npz") as caught:
        load_template(path)
    assert len(str(caught.value)) < 600
    assert not Path("/tmp/deepmeme_was_here").exists()


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bad.motion.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", b"\0" * (3 << 20))  # a header may be a megabyte
        archive.writestr("xy.npy", npy(XY))
    with pytest.raises(InputError, match=r"header\.npy unpacks to 3145728 bytes"):
        load_template(path)


def test_an_entry_that_lies_about_its_size(tmp_path: Path) -> None:
    path = written(tmp_path, header=header(), xy=npy(np.zeros((4000, 6, 2), np.float32)))
    content = bytearray(path.read_bytes())
    place = content.rfind(b"xy.npy") - 46 + 24  # size in the central directory
    content[place : place + 4] = (200).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.motion\.npz"):
        load_template(path)


def test_the_same_entry_twice(tmp_path: Path) -> None:
    path = written(tmp_path, header=header(), xy=npy(XY))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xy.npy", npy(XY + 1))
    with pytest.raises(InputError, match=r"it holds header\.npy, xy\.npy, xy\.npy"):
        load_template(path)


@given(st.binary(max_size=300))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_noise_is_refused(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "noise.npz"
    path.write_bytes(noise)
    with pytest.raises(InputError, match=r"noise\.npz"):
        load_template(path)


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_flipped_byte_is_refused_or_harmless(tmp_path: Path, place: int, flip: int) -> None:
    path = template(head(), keypoint_names=NAMES).save(tmp_path / "a.motion.npz")
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= flip
    path.write_bytes(content)
    try:
        back = load_template(path)
    except InputError:
        return
    assert back.keypoints.xy.shape == (1, len(NAMES), 2)


def test_places_that_are_no_templates(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_template(tmp_path / "none.npz")
    with pytest.raises(InputError, match="cannot be read"):
        load_template(tmp_path)


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="aren't numbers"):
        template(KeypointArrays(XY + np.float32("nan"))).save(tmp_path / "a")
    with pytest.raises(OutputError, match="cannot be written"):
        template().save(tmp_path / "missing" / "a")
    assert not list(tmp_path.iterdir())

"""What the desk answers about live pictures: consent, frames in, marked frames out."""

from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.jobs import answer_live
from deepmeme.jobs.answer_live import begin, decoded, frame
from deepmeme.jobs.folder import on_shelf
from deepmeme.jobs.hands import answered
from deepmeme.jobs.job import ConsentNeeded
from deepmeme.jobs.wire import Message
from deepmeme.media.video import open_clip
from deepmeme.provenance.watermark_read import read_watermark


def jpeg(picture: Image.Image, **named: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, **({"format": "JPEG"} | named))
    return stream.getvalue()


@pytest.fixture(scope="module")
def camera() -> list[bytes]:
    frames = islice(open_clip(on_shelf("shelf:driver")), 0, 41, 20)
    return [jpeg(Image.fromarray(shown)) for shown in frames]


@pytest.fixture(autouse=True)
def _nobody_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(answer_live, "_shown", None)
    yield


def source(**named: object) -> dict[str, object]:
    known = {"path": str(on_shelf("shelf:painting")), "consent": False, "mirror": True, "size": 256}
    return known | named


def test_frames_are_answered_with_marked_jpegs(camera: list[bytes]) -> None:
    begun = begin(source(), b"")
    assert begun == Message({"width": 256, "height": 256})
    pictures = []
    for shot in camera:
        said, answer = frame({"again": False}, shot)
        assert said == {"face": True}
        picture = Image.open(BytesIO(answer))
        assert (picture.format, picture.size) == ("JPEG", (256, 256))
        pictures.append(np.asarray(picture))
    found = read_watermark(pictures, search=False)
    assert found is not None
    assert np.abs(pictures[0].astype(int) - pictures[2]).mean() > 5


def test_again_and_no_face(camera: list[bytes]) -> None:
    begin(source(), b"")
    rest = frame({"again": False}, camera[0]).blob
    frame({"again": False}, camera[2])
    frame({"again": True}, camera[2])
    again = frame({"again": False}, camera[2]).blob  # answers come one frame late
    first, second = (
        np.asarray(Image.open(BytesIO(answer))).astype(int) for answer in (rest, again)
    )
    assert np.abs(first - second).mean() < 2
    wall = jpeg(Image.new("RGB", (320, 240), (90, 90, 90)))
    assert frame({"again": False}, wall).said == {"face": False}


def test_a_stranger_needs_consent(tmp_path: Path) -> None:
    stranger = tmp_path / "ID"
    with Image.open(on_shelf("shelf:captain")) as shipped:
        shipped.convert("RGB").save(stranger, "JPEG", quality=90)  # not the shipped file any more
    with pytest.raises(ConsentNeeded, match=r"may show a real person\. Do you have"):
        begin(source(path=str(stranger)), b"")
    with pytest.raises(InputError, match="No live picture has begun"):
        frame({"again": False}, b"\xff\xd8\xff")
    assert begin(source(path=str(stranger), consent=True), b"").said["width"] == 256


def test_whoever_begins_takes_the_place(camera: list[bytes]) -> None:
    begin(source(), b"")
    begin(source(path=str(on_shelf("shelf:statue")), size=128), b"")
    assert Image.open(BytesIO(frame({"again": False}, camera[0]).blob)).size == (128, 128)


@pytest.mark.parametrize(
    ("shot", "problem"),
    [
        (b"", "has to be a JPEG"),
        (jpeg(Image.new("RGB", (64, 64)), format="PNG"), "has to be a JPEG"),
        (jpeg(Image.new("RGB", (1025, 1024))), "1025 x 1024 pixels is not read"),
        (jpeg(Image.new("RGB", (640, 8))), "640 x 8 pixels is not read"),
        (jpeg(Image.effect_noise((64, 64), 90))[:900], "damaged JPEG"),
        (b"\xff\xd8\xff" + bytes(200), "damaged JPEG"),
    ],
)
def test_what_no_camera_sends_is_refused(shot: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        decoded(shot)


def test_a_grey_camera_is_read_as_rgb() -> None:
    assert decoded(jpeg(Image.new("L", (64, 48), 7))).shape == (48, 64, 3)


def test_by_way_of_the_desk(camera: list[bytes]) -> None:
    assert answered(Message({"ask": "begin", **source()})).said == {"width": 256, "height": 256}
    answer = answered(Message({"ask": "frame", "again": False}, camera[0]))
    assert answer.said == {"face": True} and answer.blob
    refused = answered(Message({"ask": "frame", "again": False}, b"GIF89a"))
    assert refused.said["error"]["type"] == "InputError"

"""A live session over its WebSocket."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.websockets import WebSocketDisconnect

from deepmeme.media.video import open_clip
from tests.web.conftest import TOKEN, opened

ASSETS = Path(str(files("deepmeme") / "demo_assets"))
LIVE = "ws://127.0.0.1/v1/live"


@pytest.fixture(scope="module")
def camera():
    """JPEGs of the driving clip, as a browser sends them."""
    return [_jpeg(frame) for frame in open_clip(ASSETS / "driver.mp4").take(12)]


def _jpeg(frame):
    stream = BytesIO()
    Image.fromarray(frame).resize((256, 256)).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def _answer(socket):
    """The next picture; what is told between pictures is passed by."""
    while True:
        message = socket.receive()
        if message.get("bytes"):
            return np.asarray(Image.open(BytesIO(message["bytes"])).convert("RGB"), float)
        assert "fps" in message["text"], message


def test_each_frame_is_answered_and_moves(api, camera):
    with api.websocket_connect(LIVE) as socket:
        socket.send_json({"source": "shelf:painting", "size": 256})
        ready = socket.receive_json()
        assert ready == {"ready": True, "width": 256, "height": 256}
        answers = []
        for jpeg in camera:
            socket.send_bytes(jpeg)
            answers.append(_answer(socket))
    assert answers[0].shape == (256, 256, 3)
    assert max(np.abs(answers[0] - answer).mean() for answer in answers) > 0.5


def test_the_next_session_shows_the_next_picture(api, camera):
    pictures = []
    for source in ("shelf:statue", "shelf:cartoon"):
        with api.websocket_connect(LIVE) as socket:
            socket.send_json({"source": source, "size": 128})
            assert socket.receive_json()["ready"]
            socket.send_bytes(camera[0])
            pictures.append(_answer(socket))
    assert np.abs(pictures[0] - pictures[1]).mean() > 20


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ("{}", "InputError"),
        ("no json", "InputError"),
        ('{"source": "../../etc/passwd"}', "InputError"),
        ('{"source": "shelf:painting", "size": 100000}', "InputError"),
    ],
)
def test_bad_beginnings_are_refused_in_words(api, first, kind):
    with api.websocket_connect(LIVE) as socket:
        socket.send_text(first)
        assert socket.receive_json()["error"]["type"] == kind
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


@pytest.mark.parametrize("frame", [b"no jpeg", b"\xff\xd8\xff" + bytes(90)])
def test_bad_frames_end_the_session(api, frame):
    with api.websocket_connect(LIVE) as socket:
        socket.send_json({"source": "shelf:painting", "size": 128})
        assert socket.receive_json()["ready"]
        socket.send_bytes(frame)
        assert socket.receive_json()["error"]["type"] == "InputError"


def test_somebodys_face_needs_consent(api, camera):
    picture, stream = Image.open(ASSETS / "painting.png").convert("RGB").rotate(2), BytesIO()
    picture.save(stream, "JPEG")
    ref = api.post("/v1/files", files={"file": stream.getvalue()}).json()["ref"]
    with api.websocket_connect(LIVE) as socket:
        socket.send_json({"source": ref})
        assert socket.receive_json()["error"]["type"] == "ConsentNeeded"
    with api.websocket_connect(LIVE) as socket:
        socket.send_json({"source": ref, "consent": True})
        assert socket.receive_json()["ready"]


def test_one_at_a_time_and_not_for_strangers(api, tmp_path, monkeypatch):
    with api.websocket_connect(LIVE) as first:
        first.send_json({"source": "shelf:painting", "size": 128})
        assert first.receive_json()["ready"]
        with api.websocket_connect(LIVE) as second:
            assert second.receive_json()["error"]["type"] == "Busy"
    elsewhere = {"origin": "https://evil.example"}
    with pytest.raises(WebSocketDisconnect), api.websocket_connect(LIVE, headers=elsewhere):
        pass
    monkeypatch.setenv("DEEPMEME_TOKEN", TOKEN)
    with (
        opened(tmp_path) as locked,
        pytest.raises(WebSocketDisconnect),
        locked.websocket_connect(LIVE),
    ):
        pass

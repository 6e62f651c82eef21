"""A folder with a drawn picture, a drawn video and the stub model, and ways to read results."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from deepmeme.cli.main import run
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from tests.pipelines.drawn import Frame, dots_clip, dots_picture, write_picture, write_video
from tests.pipelines.stub_engine import StubEngine, StubModel, dots


class Studio:
    """Runs ``deepmeme`` in its folder with :class:`StubEngine` behind it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], engine: StubEngine) -> None:
        self.folder, self._capfd, self.engine = folder, capfd, engine
        self.source = write_picture(folder / "me.png", dots_picture(64, 64))
        self.driving = write_video(folder / "dance.mp4", dots_clip(side=64), sound=True)
        self.out = folder / "out.mp4"

    def run(self, *words: object) -> tuple[int, str, str]:
        """Exit code, standard output and error stream (one line) of a command."""
        self._capfd.readouterr()
        code = run([str(word) for word in words])
        out, err = self._capfd.readouterr()
        return code, out, " ".join(err.split())

    def animate(self, *words: object, source: Path | None = None, out: Path | None = None) -> Any:
        """``animate me.png dance.mp4 -o out.mp4 ...``; what ``--json`` said, which must be good."""
        given = (source or self.source, self.driving, "-o", out or self.out, "-y")
        code, text, err = self.run("animate", *given, "--json", *words)
        assert code == 0, (text, err)
        return json.loads(text)

    def refused(self, *words: object) -> str:
        """The message of a command that must fail with code 2 and leave no new file behind."""
        before = set(self.folder.rglob("*"))
        code, out, err = self.run(*words)
        assert code == 2, (code, err)
        assert out == ""
        assert set(self.folder.rglob("*")) == before
        return err


def frames_of(path: Path) -> list[Frame]:
    """All frames of a written video, each one once."""
    if path.suffix != ".mp4":
        return list(open_clip(path))
    with av.open(str(path)) as container:
        return [picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)]


def shifts(frames: Sequence[Frame]) -> np.ndarray:
    """How far the dots' middle went to the right since the first frame, in half sides."""
    places = np.array([dots(frame)[:, 0].mean() for frame in frames])
    return np.asarray(places - places[0])


def picture_of(path: Path) -> Frame:
    return read_image(path)


def give_studio(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    engine: StubEngine,
) -> Studio:
    """A studio in which every model is the stub."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DEEPMEME_CONSENT", "1")
    monkeypatch.setattr(
        "deepmeme.pipelines.motion_model.load_model", lambda *args, **kwargs: StubModel(engine)
    )
    return Studio(folder, capfd, engine)

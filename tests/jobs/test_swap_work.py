"""Swaps from request to marked clip: two rendered people, learnt for seconds; stops and goes on."""

import sys
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from deepmeme.jobs.folder import on_shelf
from deepmeme.jobs.job import Job, draw_id
from deepmeme.jobs.lease import Lease
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.requests import checked
from deepmeme.jobs.work import WORKS
from deepmeme.jobs.worker import Worker
from deepmeme.media.video import open_clip
from deepmeme.models.swap.config import SwapConfig
from deepmeme.provenance.verify import verify
from deepmeme.train import swap_training
from deepmeme.train.checkpointing import CHECKPOINTS, checkpoints

TINY = SwapConfig("quick", 32, code=16, encoder=16, decoder=16, mask=4, style=8)


def trimmed(name: str, path: Path, frames: range) -> Path:
    """Some frames of a film of the shelf, as a stranger's file."""
    with av.open(str(on_shelf(f"shelf:{name}"))) as given, av.open(str(path), "w") as made:
        stream = made.add_stream("libx264", rate=Fraction(25), options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        for index, frame in enumerate(given.decode(video=0)):
            if index in frames:
                pixels = av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"))
                made.mux(stream.encode(pixels))
        made.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    return {
        "a": trimmed("driver", folder / "a.mp4", range(0, 60, 4)),
        "b": trimmed("guest", folder / "b.mp4", range(0, 60, 4)),
        "clip": trimmed("guest", folder / "clip.mp4", range(100, 108)),
        "noise": folder / "noise.png",
    }


@pytest.fixture
def queue(tmp_path: Path):
    queue = Queue(tmp_path / "root")
    yield queue
    queue.close()


@pytest.fixture
def sent(queue: Queue, files: dict[str, Path]) -> dict[str, str]:
    """The files, as uploads."""
    ids = {name: draw_id() for name in files}
    for name, path in files.items():
        queue.file_path(ids[name]).write_bytes(path.read_bytes())
        queue.add_file(
            ids[name], owner="me", kind="video", format="mp4", num_bytes=1, keep_s=600
        )  # fmt: skip
    return ids


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair that learns a step in a moment, from nothing."""
    monkeypatch.setattr(swap_training, "preset", lambda *_: TINY)
    monkeypatch.setattr(swap_training, "BASIS", Path("nowhere"))


class Hand(Worker):
    """A worker in this process, who asks before every frame whether it is to stop."""

    def __init__(self, queue: Queue, id: str, asks: Callable[[Job], bool]) -> None:
        super().__init__(queue, "w", WORKS, 600.0)
        self.id, self.asks = id, asks

    @property
    def stopping(self) -> bool:
        return self.asks(self._queue.get(self.id))

    @stopping.setter
    def stopping(self, _: bool) -> None:
        pass


def worked(queue: Queue, asks: Callable[[Job], bool] = lambda _: False) -> Job:
    """The next job, as it stands after an attempt at it."""
    lease = queue.claim("w")
    assert isinstance(lease, Lease)
    Hand(queue, lease.job.id, asks).do(lease)
    return queue.get(lease.job.id)


def submitted(queue: Queue, sent: dict[str, str], **changes: Any) -> str:
    request: dict[str, Any] = {"a": ["a"], "b": ["b"], "convert": "clip", "minutes": 0.05}
    request |= {"consent": True} | changes
    request |= {side: [sent.get(ref, ref) for ref in request[side]] for side in ("a", "b")}
    request["convert"] = sent.get(request["convert"], request["convert"])
    return queue.submit("swap", checked("swap", request), owner="me")[0].id


def learning(job: Job) -> bool:
    return job.stage == "train" and job.story.get("step", 0) >= 1


def steps_of(queue: Queue, id: str) -> list[int]:
    found = checkpoints(queue.job_folder(id) / "pair" / "run" / CHECKPOINTS)
    return [int(folder.name.removeprefix("step_")) for folder in found]


def journals(queue: Queue, id: str) -> dict[str, int]:
    """Sizes of what the extractions wrote down: they grow with every look."""
    folder = queue.job_folder(id) / "pair"
    return {str(path): path.stat().st_size for path in folder.glob("*/extract.jsonl")}


def test_without_torch_it_says_what_to_install(
    queue: Queue, sent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    submitted(queue, sent)
    job = worked(queue)
    assert job.error is not None and job.error["type"] == "MissingExtra"
    assert "pip install 'deepmeme[train]'" in job.error["message"]


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"consent": False}, "ConsentNeeded", "The clip may show a real person. Do you have the"),
        (
            {"consent": False, "convert": "shelf:painting"},
            "ConsentNeeded",
            "The file of A may show a real person.",
        ),
        ({"a": ["shelf:painting"]}, "InputError", "Only 1 of the 1 faces found can be learnt from"),
        ({"b": ["noise"]}, "InputError", "No face was found in what you sent of B; 8 are the lea"),
        ({"convert": "noise"}, "NoFaceFound", "No face was found in the clip, so there is nothin"),
    ],
)
def test_what_cannot_be_swapped(
    queue: Queue, sent: dict[str, str], changes: dict[str, Any], error: str, says: str
) -> None:
    id = submitted(queue, sent, **changes)
    job = worked(queue)
    assert job.state == "failed" and job.error is not None
    assert (job.error["type"], job.error["message"][: len(says)]) == (error, says)
    assert not queue.job_folder(id).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_a_swap_that_is_stopped_goes_on(queue: Queue, sent: dict[str, str]) -> None:
    """Stopped while it learns, and while it converts: nothing is done twice."""
    id = submitted(queue, sent)
    assert worked(queue, learning).state == "queued"
    (_, stopped_at), seen = steps_of(queue, id), journals(queue, id)
    assert stopped_at >= 1 and len(seen) == 3
    assert worked(queue, lambda job: job.stage == "convert").state == "queued"
    (learnt,) = steps_of(queue, id)
    assert learnt >= stopped_at  # a busy machine may have no time left for another step
    job = worked(queue, learning)  # it isn't
    assert job.state == "done" and job.result is not None, job.error
    assert steps_of(queue, id) == [learnt] and journals(queue, id) == seen
    assert (job.result["name"], job.result["frames"]) == ("result.mp4", 8)
    assert (job.story["shown"], job.story["put_in"]) == ("B", "A")
    assert job.story["film"]["swapped_frames"] == 8


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_another_job_learns_on(queue: Queue, sent: dict[str, str]) -> None:
    first = submitted(queue, sent)
    assert worked(queue).state == "done"
    (learnt,) = steps_of(queue, first)
    model = (queue.job_folder(first) / "model" / "decode_b.onnx").read_bytes()

    again = submitted(queue, sent, again=first, minutes=0.1)
    job = worked(queue)
    assert job.state == "done", job.error
    assert steps_of(queue, again)[0] > learnt and steps_of(queue, first) == [learnt]
    assert job.story["learnt_s"] >= 8 and "a" not in job.story
    assert (queue.job_folder(again) / "model" / "decode_b.onnx").read_bytes() != model

    cancelled = submitted(queue, sent, again=again, minutes=60)

    def cancel(job: Job) -> bool:
        if learning(job):
            queue.cancel(job.id)
        return False

    assert worked(queue, cancel).state == "cancelled"
    assert not queue.job_folder(cancelled).exists()

    submitted(queue, sent, again=again)
    queue.clear_folder(again)
    lost = worked(queue)
    assert lost.error is not None and "not here any more" in lost.error["message"]


@pytest.mark.slow
def test_a_few_seconds_of_learning_from_what_ships(queue: Queue, sent: dict[str, str]) -> None:
    """A swap begins with faces, shows itself, and leaves a marked file without the files' names."""
    guest = "shelf:guest"
    id = submitted(queue, sent, convert=guest, b=[guest])
    job = worked(queue)
    folder = queue.job_folder(id)
    assert job.result is not None and job.result["frames"] == 140, job.error
    assert job.story["a"]["kept"] >= 8 and job.story["b"]["kept"] >= 100
    assert "A has" in " ".join(job.story["warnings"])
    assert job.story["loss"] < 6 and job.story["resolution"] == 64
    assert job.preview >= 2  # the sheet, and of the clip
    with Image.open(BytesIO((folder / "preview.jpg").read_bytes())) as picture:
        assert picture.format == "JPEG"
    assert verify(folder / "result.mp4").state == "intact"
    before, after = (
        next(iter(open_clip(path).frames_from(70))).astype(int)
        for path in (on_shelf(guest), folder / "result.mp4")
    )
    changed = np.abs(after - before).mean(axis=2)
    assert changed[90:170, 90:170].mean() > 3 * changed[:30].mean()
    assert b"guest" not in (folder / "result.mp4").read_bytes()

"""A picture that moves, as a job, with the film of how it came about beside it."""

from pathlib import Path
from typing import Any

import pytest

from deepmeme.jobs.job import Job
from deepmeme.jobs.lease import Lease
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.requests import checked
from deepmeme.jobs.work import WORKS
from deepmeme.jobs.worker import Worker
from deepmeme.media.video import open_clip
from deepmeme.provenance.verify import verify


@pytest.fixture
def queue(tmp_path: Path):
    queue = Queue(tmp_path / "root")
    yield queue
    queue.close()


def worked(queue: Queue, **changes: Any) -> Job:
    """A short animation, as it stands after an attempt at it."""
    request: dict[str, Any] = {
        "sources": ["shelf:painting"], "driving": "shelf:driver", "format": "mp4",
        "options": {"end": "0.2", "size": 96}, "consent": False, "inside": True,
    }  # fmt: skip
    id = queue.submit("animate", checked("animate", request | changes), owner="me")[0].id
    lease = queue.claim("w")
    assert isinstance(lease, Lease)
    Worker(queue, "w", WORKS, 600.0).do(lease)
    return queue.get(id)


def test_the_look_inside_lies_beside_the_result(queue: Queue) -> None:
    job = worked(queue)
    assert job.error is None and job.result is not None
    assert job.result["inside"] and job.result["name"] == "result.mp4"
    folder = queue.job_folder(job.id)
    shown, film = open_clip(folder / "result.mp4"), open_clip(folder / "inside.mp4")
    assert film.num_frames == shown.num_frames == 5
    assert film.width > film.height > 300
    assert verify(folder / "inside.mp4").state == "intact"


def test_a_single_picture_has_no_film(queue: Queue) -> None:
    job = worked(queue, driving="shelf:statue")
    assert job.result is not None and job.result["name"] == "result.png"
    assert not job.result["inside"]
    assert not (queue.job_folder(job.id) / "inside.mp4").exists()

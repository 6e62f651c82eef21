"""Strangers' files: whose they are, how long they stay, what keeps them."""

from pathlib import Path

import pytest

from deepmeme.errors import InputError
from deepmeme.jobs.folder import Folder
from deepmeme.jobs.job import draw_id
from deepmeme.jobs.queue import Queue


@pytest.fixture
def queue(tmp_path: Path):
    queue = Queue(tmp_path / "root")
    yield queue
    queue.close()


def sent(queue: Queue, owner: str = "a", keep_s: float = 60.0) -> str:
    id = draw_id()
    queue.file_path(id).write_bytes(b"12345")
    queue.add_file(id, owner=owner, kind="picture", format="png", num_bytes=5, keep_s=keep_s)
    return id


def test_a_file_is_its_owners_alone(queue: Queue) -> None:
    id, folder = sent(queue), Folder(queue)
    assert folder.resolve(id, "a").read_bytes() == b"12345"
    for owner in ("b", ""):
        with pytest.raises(InputError, match="no file"):
            folder.resolve(id, owner)
    with pytest.raises(InputError, match="no file"):
        queue.submit("animate", {"sources": ["shelf:painting"], "driving": id}, owner="b")
    assert queue.files_total_bytes() == queue.files_total_bytes("a") == 5
    assert queue.files_total_bytes("b") == 0
    assert [file.id for file in queue.files("a")] == [id]


def test_a_file_that_a_job_needs_stays_until_the_job_has_ended(queue: Queue) -> None:
    id, folder = sent(queue), Folder(queue)
    queue.submit("animate", {"sources": [id], "driving": "shelf:driver"}, owner="a")
    queue.delete_file(id, "a")
    queue.tidy(60)
    with pytest.raises(InputError):  # no new job gets it
        folder.resolve(id, "a")
    with pytest.raises(InputError):
        queue.submit("animate", {"sources": [id]}, owner="a")
    lease = queue.claim("w")
    queue.tidy(60)
    assert folder.resolve(id, "a", accepted=True).exists()
    lease.finish({})
    queue.tidy(60)
    assert not queue.file_path(id).exists()
    assert queue.files_total_bytes() == 0


def test_deleting_is_for_the_owner_and_twice_is_fine(queue: Queue) -> None:
    id = sent(queue)
    queue.delete_file(id, "b")
    assert queue.file(id, "a").bytes == 5
    queue.delete_file(id, "a")
    queue.delete_file(id, "a")
    assert not queue.file_path(id).exists()


def test_old_files_go_and_orphans_too(queue: Queue) -> None:
    old, young = sent(queue, keep_s=-1), sent(queue)
    orphan = queue.file_path(draw_id())
    orphan.write_bytes(b"nobody knows")
    with pytest.raises(InputError):
        queue.file(old)
    assert queue.sweep_files() == [old]
    assert queue.sweep_orphans() == 1
    assert [path.name for path in queue.files_folder.iterdir()] == [young]


def test_the_shelf_holds_what_comes_with_deepmeme_and_nothing_else(queue: Queue) -> None:
    folder = Folder(queue)
    assert folder.resolve("shelf:painting", "anybody").name == "painting.png"
    assert folder.resolve("shelf:driver", "").suffix == ".mp4"
    for ref in ("shelf:", "shelf:../errors", "shelf:__init__", "shelf:LICENSE-fluent-emoji"):
        with pytest.raises(InputError, match="Nothing on the shelf"):
            folder.resolve(ref, "")
    with pytest.raises(InputError, match="no id"):
        folder.resolve("/etc/passwd", "")

"""Places where a result cannot go: said before or during the work, and nothing is left."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import DeepmemeError, InputError, OutputError
from deepmeme.media.audio import open_sound
from deepmeme.provenance.record import Record, read_inputs
from deepmeme.provenance.seal import save_picture
from tests.media.drawn import grey, scenes, tone, write_sound, write_video
from tests.provenance.results import EVERY_NAME, RECORD, left_in, record_of, rendered

FRAMES = scenes(6, 32, 32)


@pytest.mark.parametrize("name", ["r.avi", "r.txt", "r.mp5", "r.jpg"])
def test_an_unknown_suffix_lists_the_possible_ones(tmp_path, name):
    with pytest.raises(OutputError, match=r"no format that deepmeme writes.*\.mp4.*\.gif.*folder"):
        rendered(FRAMES).save(tmp_path / name)
    with pytest.raises(OutputError, match=r"no picture format.*\.png"):
        save_picture(FRAMES[0], tmp_path / "r.mp4", RECORD)
    assert left_in(tmp_path) == []


def test_an_input_is_never_overwritten(tmp_path, monkeypatch):
    driving = write_video(tmp_path / "d.mp4", FRAMES)
    before = driving.read_bytes()
    link = tmp_path / "link.mp4"
    link.symlink_to(driving)
    monkeypatch.chdir(tmp_path)
    for path in (driving, link, Path("d.mp4"), tmp_path / "x" / ".." / "d.mp4"):
        with pytest.raises(OutputError, match="is one of the inputs"):
            rendered(FRAMES, record=record_of(driving)).save(path)
    still = tmp_path / "s.png"
    save_picture(FRAMES[0], still, RECORD)
    with pytest.raises(OutputError, match="is one of the inputs"):
        save_picture(FRAMES[0], still, record_of(still))
    sound = write_sound(tmp_path / "s.m4a", tone(1))
    sound = sound.rename(tmp_path / "s.mp4")
    with pytest.raises(OutputError, match="is one of the inputs"):
        rendered(FRAMES, audio=open_sound(sound)).save(sound)
    assert driving.read_bytes() == before
    assert left_in(tmp_path) == ["d.mp4", "link.mp4", "s.mp4", "s.png"]


def test_folders_in_the_way(tmp_path):
    (tmp_path / "r.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder that exists"):
        rendered(FRAMES).save(tmp_path / "r.mp4")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="exists and holds files"):
        rendered(FRAMES).save(tmp_path / "full")
    (tmp_path / "empty").mkdir()
    assert rendered(FRAMES).save(tmp_path / "empty").num_frames == 6
    with pytest.raises(OutputError, match="a file lies where a folder is needed"):
        rendered(FRAMES).save(tmp_path / "full" / "mine.txt" / "r.mp4")
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


def test_missing_folders_are_made(tmp_path):
    saved = rendered(FRAMES).save(tmp_path / "a" / "b" / "r.mp4")
    assert left_in(tmp_path / "a" / "b") == ["r.mp4"]
    assert saved.path == tmp_path / "a" / "b" / "r.mp4"


def test_an_unwritable_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # chmod does not stop root
    with pytest.raises(OutputError, match=r"no permission for the folder.*another place"):
        rendered(FRAMES).save(tmp_path / "r.mp4")
    assert left_in(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write")
def test_a_folder_that_even_root_may_not_write():
    with pytest.raises(OutputError, match=r"/proc/r\.mp4 cannot be written"):
        rendered(FRAMES).save("/proc/r.mp4")
    with pytest.raises(OutputError, match=r"/proc/r\.png cannot be written"):
        save_picture(FRAMES[0], "/proc/r.png", RECORD)


@pytest.mark.parametrize("name", EVERY_NAME)
@pytest.mark.parametrize("limit", [200, 20_000, 45_000])
def test_a_full_disk_is_said_and_nothing_is_left(tmp_path, name, limit):
    """A limit on the size of files stands in for the disk: the kernel refuses just the same."""
    resource = pytest.importorskip("resource")
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (96, 96, 3), dtype=np.uint8) for _ in range(20)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError, match=r"disk is full.*Free some space"):
            rendered(noise, fps=5).save(tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EIO])
def test_every_failure_of_the_disk_is_explained(tmp_path, monkeypatch, number):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    for save in (
        lambda: rendered(FRAMES).save(tmp_path / "r.mp4"),
        lambda: save_picture(FRAMES[0], tmp_path / "r.png", RECORD),
    ):
        with pytest.raises(OutputError, match="cannot be written"):
            save()
    assert left_in(tmp_path) == []


def test_a_sound_that_breaks_off_is_silence_not_a_failure(tmp_path):
    sound = write_sound(tmp_path / "s.m4a", tone(2, [0.1, 1.1]))
    audio = open_sound(sound)
    encoded = sound.read_bytes()
    sound.write_bytes(encoded[: len(encoded) // 2])
    try:
        saved = rendered([grey(5)] * 50, audio=audio).save(tmp_path / "r.mp4")
    except DeepmemeError as error:
        assert "s.m4a" in str(error)
        assert left_in(tmp_path) == ["s.m4a"]
    else:
        assert saved.num_frames == 50


def test_frames_of_another_shape_or_none_at_all(tmp_path):
    with pytest.raises(InputError, match="expected \\(32, 32, 3\\)"):
        rendered([*FRAMES, grey(1, 16, 16)]).save(tmp_path / "r.mp4")
    none = rendered(FRAMES)
    object.__setattr__(none, "frames_from", lambda _: iter([]))
    with pytest.raises(InputError, match="no frame to write"):
        none.save(tmp_path / "r.mp4")
    assert left_in(tmp_path) == []


def test_a_record_names_no_path(tmp_path):
    record = record_of(write_video(tmp_path / "d.mp4", FRAMES))
    assert str(tmp_path) not in record.to_json()
    assert record.fingerprint() == record_of(tmp_path / "d.mp4").fingerprint()
    assert Record(task="animate").fingerprint() != record.fingerprint()
    with pytest.raises(InputError, match="cannot be read"):
        record_of(tmp_path / "missing.mp4")


def test_inputs_are_known_by_their_content(tmp_path):
    a = write_video(tmp_path / "a.mp4", FRAMES)
    b = tmp_path / "b.mp4"
    b.write_bytes(a.read_bytes())
    folder = rendered(FRAMES).save(tmp_path / "frames").path
    found = read_inputs(source=[a, b], driving=folder)
    assert [(i.role, i.name) for i in found] == [
        ("source", "a.mp4"), ("source", "b.mp4"), ("driving", "frames"),
    ]  # fmt: skip
    assert found[0].sha256 == found[1].sha256 != found[2].sha256
    (folder / "000001.png").rename(folder / "000009.png")
    assert read_inputs(driving=folder)[0].sha256 != found[2].sha256
    assert Record(task="animate", inputs=found).input_paths == (a, b, folder)


def test_only_one_writes_a_target(tmp_path):
    """A second run would take the first one's hidden folder away."""
    frames, target = scenes(6), tmp_path / "r.mp4"

    def meddle(done: int) -> None:
        if done == 3:
            with pytest.raises(OutputError, match="another deepmeme is writing it"):
                rendered(frames).save(target)

    assert rendered(frames).save(target, on_frame=meddle).num_frames == 6
    assert [p.name for p in tmp_path.iterdir()] == ["r.mp4"]

"""What an interruption leaves, and that going on from it gives the same result."""

import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.errors import InputError, Interrupted
from deepmeme.media.audio import open_sound
from deepmeme.provenance.record import Record
from deepmeme.provenance.target import check_target
from deepmeme.provenance.workshop import has_unfinished_work, workshop_path
from tests.media.drawn import grey, scenes, tone, write_sound
from tests.media.properties import examples
from tests.provenance.results import interrupted_at, left_in, rendered

FPS = 4  # segments of eight frames
FRAMES = scenes(30, 32, 32)


@examples(10)
@given(
    stops=st.lists(st.integers(0, 29), min_size=1, max_size=3),
    name=st.sampled_from(["r.mp4", "r.mkv", "r.webm", "r.gif", "r.apng"]),
)
def test_stopped_anywhere_and_resumed_gives_the_same_file(tmp_path, research, stops, name):
    sound = tmp_path / "s.wav"
    if not sound.exists():
        write_sound(sound, tone(8.0, [1.0, 6.0]))
    audio = open_sound(sound)
    whole = tmp_path / f"whole-{name}"
    if not whole.exists():
        rendered(FRAMES, fps=FPS, audio=audio).save(whole)
    target = tmp_path / name
    for stop in sorted(stops):
        with pytest.raises(Interrupted):
            result = interrupted_at(FRAMES, stop, KeyboardInterrupt(), fps=FPS, audio=audio)
            result.save(target, resume=True)
        assert not target.exists(), "nothing half-made under the final name"
    opened = []
    saved = rendered(FRAMES, fps=FPS, audio=audio, on_open=opened.append).save(target, resume=True)
    assert opened == [saved.resumed_at], "frames that are done are not made again"
    assert saved.resumed_at % 8 == 0
    assert target.read_bytes() == whole.read_bytes()
    assert not workshop_path(target).exists()
    target.unlink()


def test_a_stop_says_what_is_kept_and_how_to_go_on(tmp_path):
    with pytest.raises(Interrupted, match=r"Stopped.*frames.*are kept.*--resume"):
        interrupted_at(FRAMES, 25, KeyboardInterrupt(), fps=FPS).save(tmp_path / "r.mp4")
    assert has_unfinished_work(tmp_path / "r.mp4")
    assert left_in(tmp_path) == [".r.mp4.deepmeme"]
    with pytest.raises(Interrupted, match="nothing is kept"):
        interrupted_at(FRAMES, 2, KeyboardInterrupt(), fps=FPS).save(tmp_path / "q.mp4")
    assert not workshop_path(tmp_path / "q.mp4").exists()


def test_without_resume_it_starts_over(tmp_path):
    with pytest.raises(Interrupted):
        interrupted_at(FRAMES, 25, KeyboardInterrupt(), fps=FPS).save(tmp_path / "r.mp4")
    assert rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4").resumed_at == 0
    assert left_in(tmp_path) == ["r.mp4"]


def test_other_inputs_or_options_are_not_mixed_in(tmp_path):
    with pytest.raises(Interrupted):
        interrupted_at(FRAMES, 25, KeyboardInterrupt(), fps=FPS).save(tmp_path / "r.mp4")
    other = Record(task="animate", model="drawn", options={"smooth": 0.9}, version="1.2.3")
    with pytest.raises(InputError, match="start over without --resume"):
        rendered(FRAMES, fps=FPS, record=other).save(tmp_path / "r.mp4", resume=True)
    with pytest.raises(InputError, match="other options"):
        rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4", resume=True, quality=30)
    assert has_unfinished_work(tmp_path / "r.mp4"), "the work is still there"
    assert rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4", resume=True).resumed_at >= 16


def test_a_failure_in_making_frames_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match="broken"):
        interrupted_at(FRAMES, 20, InputError("broken"), fps=FPS).save(tmp_path / "r.mp4")
    assert left_in(tmp_path) == []


def test_a_fault_keeps_what_is_done(tmp_path):
    """Not the user's doing: hours of work should not go with it."""
    with pytest.raises(ZeroDivisionError):
        interrupted_at(FRAMES, 28, ZeroDivisionError(), fps=FPS).save(tmp_path / "r.mp4")
    assert rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4", resume=True).resumed_at >= 16


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"layout": 2, "segments": [["../x", 3]]}'])
def test_a_damaged_state_starts_over(tmp_path, damage):
    with pytest.raises(Interrupted):
        interrupted_at(FRAMES, 25, KeyboardInterrupt(), fps=FPS).save(tmp_path / "r.mp4")
    (workshop_path(tmp_path / "r.mp4") / "state.json").write_text(damage)
    try:
        saved = rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4", resume=True)
    except InputError as error:
        assert "start over without --resume" in str(error)
    else:
        assert (saved.resumed_at, saved.num_frames) == (0, 30)


def test_a_missing_segment_is_made_again(tmp_path):
    with pytest.raises(Interrupted):
        interrupted_at(FRAMES, 29, KeyboardInterrupt(), fps=FPS).save(tmp_path / "r.mp4")
    (workshop_path(tmp_path / "r.mp4") / "part-00001.mp4").unlink()
    saved = rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4", resume=True)
    assert (saved.resumed_at, saved.num_frames) == (8, 30)


def test_a_foreign_folder_in_the_way_is_left_alone(tmp_path):
    target = check_target(tmp_path / "r.mp4")
    workshop_path(target).mkdir()
    (workshop_path(target) / "diary.txt").write_text("mine")
    with pytest.raises(OSError, match="in the way and not deepmeme's"):
        rendered(FRAMES).save(target)
    assert (workshop_path(target) / "diary.txt").read_text() == "mine"


_PROGRAM = """
import sys, time
from tests.media.drawn import scenes
from tests.provenance.results import rendered
frames = scenes(30, 32, 32)
def slow(done):
    print(done, flush=True)
    time.sleep(0.05)
rendered(frames, fps=4).save(sys.argv[1], on_frame=slow)
"""


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_program_can_be_taken_up(tmp_path, kill):
    target = tmp_path / "r.mp4"
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(target)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    while int(program.stdout.readline()) < 20:
        time.sleep(0.001)
    program.send_signal(kill)
    program.communicate()
    assert program.returncode != 0
    assert not target.exists()
    saved = rendered(FRAMES, fps=FPS).save(target, resume=True)
    assert (saved.num_frames, saved.resumed_at) == (30, 16)
    assert left_in(tmp_path) == ["r.mp4"]


def test_stopping_while_the_parts_are_joined_loses_nothing(tmp_path, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deepmeme.provenance.seal.join_segments", stop)
    with pytest.raises(Interrupted):
        rendered(FRAMES, fps=FPS).save(tmp_path / "r.mp4")
    monkeypatch.undo()
    opened = []
    saved = rendered(FRAMES, fps=FPS, on_open=opened.append).save(tmp_path / "r.mp4", resume=True)
    assert (opened, saved.resumed_at, saved.num_frames) == ([], 30, 30)


def test_an_older_result_stays_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "r.mp4"
    target.write_bytes(b"older")
    with pytest.raises(Interrupted):
        interrupted_at(FRAMES, 25, KeyboardInterrupt(), fps=FPS).save(target)
    assert target.read_bytes() == b"older"
    rendered([grey(9)] * 3).save(target)
    assert target.stat().st_size > 500
    assert left_in(tmp_path) == ["r.mp4"]

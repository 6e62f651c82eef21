"""Any length in the same memory: a long clip is decoded and saved in one that stays flat."""

import subprocess
import sys

import pytest

from tests.media.drawn import scene, write_video

resource = pytest.importorskip("resource")

_PROGRAM = """
import resource, sys
from pathlib import Path
from deepmeme.media.prefetch import prefetch
from deepmeme.media.video import open_clip
from deepmeme.provenance.record import Record
from deepmeme.provenance.seal import Rendered

def peak_mb():
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what this process was forked from
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)

driving, target = sys.argv[1:]
clip = open_clip(driving)

def save(count):
    part = clip.take(count).map(lambda f: f & 0xC0)  # few colours: quick to write as GIF
    Rendered(
        part.width, part.height, part.fps, None, lambda i: prefetch(part.frames_from(i)),
        Record(task="animate"), part.audio,
    ).save(target)
    Path(target).unlink()

save(60)
early = peak_mb()
save(500)
print(early, peak_mb())
"""


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """500 frames, 115 MB when held at once."""
    frames = [scene(i, 320, 240) for i in range(16)]
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return write_video(
        path, (frames[i % 16] for i in range(500)), options={"preset": "ultrafast", "g": "100"}
    )


@pytest.mark.parametrize("name", ["r.mp4", "r.gif"])
def test_memory_does_not_grow_with_the_length(tmp_path, long_video, name):
    command = [sys.executable, "-c", _PROGRAM, str(long_video), str(tmp_path / name)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    early, late = map(float, printed.split())
    assert late < early + 45
    assert late < 350

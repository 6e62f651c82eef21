from pathlib import Path

import av
import numpy as np

from deepmeme.data.demo_costume import dress
from deepmeme.data.demo_performance import FPS, SECONDS
from deepmeme.data.demo_scene import write_driver
from deepmeme.data.demo_sitters import LADY, Portrait


def test_the_driver_has_sound_as_long_as_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "driver.mp4"
    count = round(FPS * SECONDS)
    write_driver(path, (np.full((256, 256, 3), i, np.uint8) for i in range(count)))
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == FPS
        frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        seconds = float(sound.duration * sound.time_base)
    assert frames == count
    assert abs(seconds - SECONDS) < 0.1


def test_the_costume_goes_around_the_person() -> None:
    size = 128
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    person = ((x / 0.4) ** 2 + ((y + 0.05) / 0.6) ** 2 < 1).astype(np.float32)
    bare = np.full((size, size, 3), 90, np.uint8)
    dressed = dress(Portrait(bare, person, person), LADY)
    changed = np.abs(dressed.astype(int) - bare).max(-1)
    face = (np.abs(x) < 0.25) & (np.abs(y) < 0.4)
    assert changed[face].max() == 0
    behind = changed[30:90, size * 3 // 4 :]
    assert behind.max() > 50  # the scarf
    assert dressed[-6:, size // 4 : size // 3].mean() > 130  # linen

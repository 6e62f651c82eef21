"""A result reads back with its own rate and length, however short its last segment is."""

import pytest

from deepmeme.media.video import open_clip
from tests.pipelines.drawn import dots_clip, write_video
from tests.pipelines.studio import Studio


@pytest.mark.parametrize("count", [19, 20, 21, 22, 23, 41])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_rate_and_length(studio: Studio, count: int, suffix: str) -> None:
    write_video(studio.driving, dots_clip(count, side=64))  # 10 frames a second, 20 a segment
    out = studio.folder / f"out{suffix}"
    studio.animate(out=out)
    clip = open_clip(out)
    assert clip.fps == 10 and len(list(clip)) == count

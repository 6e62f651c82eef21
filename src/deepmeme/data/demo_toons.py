"""The demonstration's emoji: stills of three animals, and a goat that moves them.

    npm pack @lobehub/fluent-emoji-anim-1   # to -4, unpacked into DIR: package/assets/*.webp
    python -m deepmeme.data.demo_toons DIR/package/assets -o src/deepmeme/demo_assets

Microsoft's Fluent Emoji, packed by LobeHub, under the MIT licence that is written beside them. None
of these animals was trained on: they are among the held-out ones.
"""

import argparse
from pathlib import Path

import av
from PIL import Image

from deepmeme.data.emoji import NOTICE
from deepmeme.media.clip import Clip
from deepmeme.media.video import open_clip

STILLS = {"1f405": "toon_tiger.png", "1f429": "toon_poodle.png", "1f409": "toon_dragon.png"}
DRIVER = "1f410"
MOVING = "toon_goat.mp4"
LICENCE = "LICENSE-fluent-emoji.txt"


def main(arguments: list[str] | None = None) -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("assets", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    for code, name in STILLS.items():
        still = next(iter(open_clip(given.assets / f"{code}.webp")))
        Image.fromarray(still).save(given.out / name, optimize=True)
    write_clip(open_clip(given.assets / f"{DRIVER}.webp"), given.out / MOVING)
    (given.out / LICENCE).write_text(NOTICE, encoding="utf-8")


def write_clip(clip: Clip, path: Path) -> None:
    """All frames as an mp4. One thread, so that the same frames give the same bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=clip.fps)
        stream.width, stream.height = clip.width, clip.height
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"crf": "20", "x264-params": "threads=1"}
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()

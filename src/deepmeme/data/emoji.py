"""Animated emoji as a set of videos to learn motion from: ``train/`` and ``test/``, a folder of
PNG frames each, named ``family#emoji`` so that ``id_sampling`` takes a family for one person.

Beside them lie ``manifest.json`` (where each came from, why others were left out) and ``LICENSE``.
A run that was stopped goes on behind the last emoji it judged.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.data.emoji_choice import Bar, Emoji, Motion
from deepmeme.errors import InputError, OutputError
from deepmeme.media.image import PICTURE_DAMAGE

MAX_SIDE_PX = 1024
MAX_FRAMES = 400
MEASURED_PX = 64
_GREY = 0.6

MANIFEST = "manifest.json"
JUDGED = "judged.jsonl"
"""One line for each emoji that was looked into, written as soon as it is done."""

NOTICE = """These pictures are frames of Microsoft's Fluent Emoji, taken from the npm packages
@lobehub/fluent-emoji-anim-1 to -4 (version 1.0.0) and laid over a flat colour.

MIT License

Copyright (c) Microsoft Corporation
Copyright (c) 2023 LobeHub

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

Rgba = NDArray[np.uint8]
"""(t, h, w, 4), colours not multiplied by alpha"""


@dataclass(frozen=True)
class EmojiVideos:
    """How the videos are made; a folder keeps to one way."""

    size: int = 128
    """Side in pixels."""
    every: int = 2
    """Keep every so many-th frame; two of 42 ms are a twelfth of a second."""
    white: float = 0.5
    """Share over white; the others lie over a flat colour of their own."""
    test_share: float = 0.12
    """Share of the families that is kept for testing."""
    bar: Bar = field(default_factory=Bar)


@dataclass(frozen=True)
class Clip:
    """One animated emoji as it was found."""

    emoji: Emoji
    origin: str
    """Archive and member, or file."""
    encoded: bytes


def write_videos(
    out: Path,
    chosen: list[Emoji],
    clips: Iterable[Clip],
    options: EmojiVideos | None = None,
    *,
    on_done: Callable[[int], None] = lambda judged: None,
) -> dict[str, Any]:
    """Judge and write ``clips`` (those of ``chosen``, in any order); the manifest.

    ``on_done`` hears how many are done. A clip that cannot be decoded is left out and named.

    Raises:
        InputError: ``out`` holds videos made in another way.
        OutputError: it cannot be written.
    """
    options = options or EmojiVideos()
    try:
        out.mkdir(parents=True, exist_ok=True)
        judged = _open_journal(out, options)
        (out / "LICENSE").write_text(NOTICE, "utf-8")
        with (out / JUDGED).open("a", encoding="utf-8") as journal:
            for clip in clips:
                if clip.emoji.name in judged:
                    continue
                found = _judge(out, clip, options)
                journal.write(json.dumps(found) + "\n")
                journal.flush()
                judged[clip.emoji.name] = found
                on_done(len(judged))
        manifest = _manifest(chosen, judged, options)
        waiting = out / (MANIFEST + ".part")
        waiting.write_text(json.dumps(manifest, indent=1), "utf-8")
        os.replace(waiting, out / MANIFEST)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{out}: cannot be written: {error.strerror or error}. Choose another folder with -o, "
            "or make space; repeat the command to go on."
        ) from error
    return manifest


def judged_names(out: Path) -> set[str]:
    """Emoji that an earlier run looked into already."""
    return set(_read_journal(out)[1])


def _open_journal(out: Path, options: EmojiVideos) -> dict[str, dict[str, Any]]:
    first, judged = _read_journal(out)
    if first is None:
        (out / JUDGED).write_text(json.dumps({"options": asdict(options)}) + "\n", "utf-8")
    elif first != asdict(options):
        raise InputError(
            f"{out} holds emoji that were prepared in another way ({first}). Choose another "
            "folder with -o, or delete this one."
        )
    return judged


def _read_journal(out: Path) -> tuple[Any, dict[str, dict[str, Any]]]:
    """(its options, lines by emoji); a last line cut short by a crash is dropped from the file."""
    path = out / JUDGED
    if not path.is_file():
        return None, {}
    lines = path.read_text("utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    if len(whole) < len(lines):
        path.write_text("".join(whole), "utf-8")
    try:
        rows = [json.loads(line) for line in whole]
        return (rows[0]["options"] if rows else None), {row["name"]: row for row in rows[1:]}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}). Delete {out} and begin again.") from error


def _judge(out: Path, clip: Clip, options: EmojiVideos) -> dict[str, Any]:
    emoji = clip.emoji
    facts: dict[str, Any] = {
        "name": emoji.name,
        "codepoints": " ".join(f"U+{point.upper()}" for point in emoji.name.split("-")),
        "kind": emoji.kind,
        "family": emoji.family,
        "source": clip.origin,
        "sha256": hashlib.sha256(clip.encoded).hexdigest(),
    }
    try:
        frames, milliseconds = decode(clip.encoded)
    except InputError as error:
        return facts | {"left_out": str(error)}
    motion = measure(frames)
    facts |= {
        "source_frames": len(frames),
        "spread": round(motion.spread, 4),
        "jump": round(motion.jump, 4),
        "steady": round(motion.steady, 3),
    }
    objection = options.bar.objection(motion)
    if objection is not None:
        return facts | {"left_out": objection}
    kept = frames[:: options.every]
    split = "test" if emoji.tests(options.test_share) else "train"
    colour = backdrop(emoji, options.white)
    _write_frames(out / split / emoji.video, (flat(f, colour, options.size) for f in kept))
    return facts | {
        "video": f"{split}/{emoji.video}",
        "split": split,
        "frames": len(kept),
        "fps": round(1000 / (milliseconds * options.every), 2),
        "backdrop": list(colour),
    }


def decode(encoded: bytes) -> tuple[Rgba, float]:
    """(frames, milliseconds of one) of an animated WebP.

    Raises:
        InputError: damaged, a still, too large or too long.
    """
    try:
        with Image.open(io.BytesIO(encoded), formats=["WEBP"]) as image:
            count = int(getattr(image, "n_frames", 1))
            if not 2 <= count <= MAX_FRAMES or max(image.size) > MAX_SIDE_PX:
                raise InputError(f"{count} frames of {image.width} x {image.height}")
            frames, spans = [], []
            for index in range(count):
                image.seek(index)
                frames.append(np.asarray(image.convert("RGBA")))
                spans.append(float(image.info.get("duration", 0) or 0))
        return np.stack(frames), float(np.median(spans)) or 42.0
    except InputError:
        raise
    except PICTURE_DAMAGE as error:
        raise InputError(f"damaged ({error})") from error


def measure(frames: Rgba) -> Motion:
    """How much it moves, however large it is."""
    small = np.stack(
        [cv2.resize(f, (MEASURED_PX, MEASURED_PX), interpolation=cv2.INTER_AREA) for f in frames]
    ).astype(np.float32) / np.float32(255)
    alpha = small[..., 3:]
    seen = small[..., :3] * alpha + np.float32(_GREY) * (1 - alpha)
    area = alpha.mean((1, 2, 3))
    return Motion(
        spread=float(np.abs(seen - np.median(seen, axis=0)).mean()),
        jump=float(np.abs(np.diff(seen, axis=0)).mean((1, 2, 3)).max()),
        steady=float(area.min() / max(area.max(), 1e-6)),
    )


def backdrop(emoji: Emoji, white: float) -> tuple[int, int, int]:
    """White, or a colour that depends on the emoji's name alone."""
    draw = hashlib.sha256(f"backdrop {emoji.name}".encode()).digest()
    if draw[0] / 256 < white:
        return 255, 255, 255
    hsv = np.array([[[draw[1] * 180 // 256, draw[2] // 2, 110 + draw[3] * 145 // 255]]], np.uint8)
    red, green, blue = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].tolist()
    return red, green, blue


def flat(frame: NDArray[np.uint8], colour: tuple[int, int, int], size: int) -> NDArray[np.uint8]:
    """One RGBA frame over a colour, (size, size, 3) RGB; sides are filled to a square."""
    height, width = frame.shape[:2]
    side = max(height, width)
    alpha = frame[..., 3:].astype(np.float32) / np.float32(255)
    square = np.empty((side, side, 3), np.float32)
    square[:] = colour
    top, left = (side - height) // 2, (side - width) // 2
    inside = square[top : top + height, left : left + width]
    inside[:] = frame[..., :3] * alpha + inside * (1 - alpha)
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    resized = cv2.resize(square, (size, size), interpolation=how)
    return np.asarray(np.clip(np.rint(resized), 0, 255), np.uint8)


def _write_frames(folder: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
    """Whole or not at all."""
    waiting = folder.with_name("." + folder.name)
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True)
    for index, frame in enumerate(frames):
        encoded = cv2.imencode(".png", frame[..., ::-1])[1]
        (waiting / f"{index:04d}.png").write_bytes(encoded.tobytes())
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(waiting, folder)


def _manifest(
    chosen: list[Emoji], judged: dict[str, dict[str, Any]], options: EmojiVideos
) -> dict[str, Any]:
    rows = [judged[emoji.name] for emoji in chosen if emoji.name in judged]
    videos = sorted((row for row in rows if "video" in row), key=lambda row: str(row["video"]))
    left_out = [row for row in rows if "video" not in row]
    return {
        "data_set": "fluent-emoji",
        "licence": "MIT, see LICENSE",
        "options": asdict(options),
        "num_train": sum(row["split"] == "train" for row in videos),
        "num_test": sum(row["split"] == "test" for row in videos),
        "num_frames": sum(row["frames"] for row in videos),
        "missing": [emoji.name for emoji in chosen if emoji.name not in judged],
        "videos": videos,
        "left_out": left_out,
    }

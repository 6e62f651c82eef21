"""Tiny animated emoji and the archives they come in."""

import io
import tarfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def moving_square(step_px: int, count: int = 6, side: int = 32) -> NDArray[np.uint8]:
    """(t, side, side, 4): an opaque, rough square of half the side that moves right and back."""
    frames = np.zeros((count, side, side, 4), np.uint8)
    frames[:, -1, -1] = (10, 20, 30, 128)  # libwebp may drop the alpha of hard edges alone
    noise = np.random.default_rng(0).integers(-25, 25, (side // 2, side // 2, 3))
    square = np.array([200, 60, 60]) + noise
    for index in range(count):
        left = 2 + step_px * min(index, count - index)
        frames[index, side // 4 : 3 * side // 4, left : left + side // 2, :3] = square
        frames[index, side // 4 : 3 * side // 4, left : left + side // 2, 3] = 255
    return frames


def webp(frames: NDArray[np.uint8], milliseconds: int = 42) -> bytes:
    """Lossless."""
    pictures = [Image.fromarray(frame, "RGBA") for frame in frames]
    stream = io.BytesIO()
    pictures[0].save(
        stream, "WEBP", save_all=True, append_images=pictures[1:], duration=milliseconds,
        lossless=True, exact=True,
    )  # fmt: skip
    return stream.getvalue()


def tarball(members: Mapping[str, bytes]) -> bytes:
    """A .tgz as npm packs them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def packed(*names: str, step_px: int = 2) -> bytes:
    """A package with these emoji, each moving a little differently."""
    members = {
        f"package/assets/{name}.webp": webp(moving_square(step_px, count=6 + number % 3))
        for number, name in enumerate(names)
    }
    return tarball({"package/package.json": b"{}"} | members)

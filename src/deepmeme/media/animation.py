"""Animated GIF, WebP and PNG, and folders of pictures, as clips."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from PIL import Image

from deepmeme.errors import DeepmemeError, InputError
from deepmeme.media.clip import Clip, Colour, Frame
from deepmeme.media.image import PICTURE_DAMAGE, check_size, flatten, read_image
from deepmeme.media.pacing import DEFAULT_FPS, choose_fps, hold
from deepmeme.media.sniff import MediaKind, sniff

_logger = logging.getLogger(__name__)

_RATE_SAMPLES = 64
MAX_ANIMATION_PIXELS = 36_000_000


def open_animation(
    path: Path, kind: MediaKind, *, background: Colour, fps: Fraction | None
) -> Clip:
    """An animated picture as a clip; its rate is the average over the first 64 frames.

    Raises:
        InputError: damaged, or a single frame.
    """
    spans: list[Fraction] = []
    size: tuple[int, int] | None = None
    for frame, span in _decode(path, kind, background):
        size = size or (frame.shape[1], frame.shape[0])
        spans.append(span)
        if len(spans) == _RATE_SAMPLES:
            break
    if size is None or len(spans) < 2:
        raise InputError(
            f"{path} is a {kind.name} with a single frame, a still picture. Expected a video or "
            "an animation."
        )
    average = len(spans) / sum(spans, Fraction(0))
    rate = fps or choose_fps(average)
    total = _num_images(path, kind)
    return Clip(
        width=size[0],
        height=size[1],
        fps=rate,
        num_frames=None if total is None else max(1, round(total * rate / average)),
        open_frames=lambda: _held(path, kind, background, rate),
        path=path,
    )


def _held(path: Path, kind: MediaKind, background: Colour, fps: Fraction) -> Iterator[Frame]:
    def timed() -> Iterator[tuple[tuple[Fraction, Fraction], Frame]]:
        start = Fraction(0)
        for frame, span in _decode(path, kind, background):
            yield (start, span), frame
            start += span

    return hold(timed(), fps)


def _num_images(path: Path, kind: MediaKind) -> int | None:
    try:
        with _quiet(), Image.open(path, formats=[kind.container]) as image:
            return int(getattr(image, "n_frames", 1))
    except PICTURE_DAMAGE:
        return None


def _decode(path: Path, kind: MediaKind, background: Colour) -> Iterator[tuple[Frame, Fraction]]:
    """(frame, seconds it is shown). Damage after the first frame ends it with a warning."""
    num_read = 0
    try:
        with path.open("rb") as stream:
            with _quiet():
                image = Image.open(stream, formats=[kind.container])
            if image.width * image.height > MAX_ANIMATION_PIXELS:
                raise InputError(f"{path} is {image.width} x {image.height}: too large to play.")
            check_size(path, image.size)
            canvas: tuple[int, int] | None = None
            while True:
                with _quiet():
                    image.seek(num_read)
                    image.load()
                    canvas = canvas or image.size
                    frame = flatten(_on(canvas, image), background)
                yield frame, _span(image, kind)
                num_read += 1
    except EOFError:
        return
    except DeepmemeError:
        raise
    except (*PICTURE_DAMAGE, Image.DecompressionBombError) as error:
        if num_read == 0:
            raise InputError(
                f"{path} is a damaged or cut-off {kind.name} ({error}). Save or download it again."
            ) from error
        _logger.warning("%s is cut off or damaged (%s); playing what can be read", path, error)


def _on(canvas: tuple[int, int], image: Image.Image) -> Image.Image:
    """A copy; what a damaged GIF draws beyond its first frame's size is cut away."""
    return image.copy() if image.size == canvas else image.crop((0, 0, *canvas))


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns of size and damage, which are judged here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _span(image: Image.Image, kind: MediaKind) -> Fraction:
    """Seconds a frame is shown. As in browsers, a GIF that asks for 10 ms or less gets 100."""
    milliseconds = Fraction(float(image.info.get("duration", 0) or 0)).limit_denominator(1000)
    if milliseconds <= 10:
        milliseconds = Fraction(100) if kind.name == "gif" or milliseconds <= 0 else milliseconds
    return min(Fraction(60), milliseconds / 1000)


def open_folder(path: Path, *, background: Colour, fps: Fraction | None) -> Clip:
    """The pictures of a folder in natural order (2 before 10), all of the first one's size.

    Raises:
        InputError: no pictures in it, or (while playing) one of another size.
    """
    try:
        found = sorted((p for p in path.iterdir() if p.is_file()), key=_natural)
    except OSError as error:
        raise InputError(f"The folder {path} cannot be read: {error}.") from error
    pictures = [p for p in found if not p.name.startswith(".") and _is_picture(p)]
    if not pictures:
        raise InputError(f"The folder {path} holds no pictures. Expected frames: png, jpg, webp.")
    first = read_image(pictures[0], background=background)
    height, width = first.shape[:2]

    def open_from(index: int) -> Iterator[Frame]:
        for picture in pictures[index:]:
            frame = read_image(picture, background=background)
            if frame.shape[:2] != (height, width):
                raise InputError(
                    f"{picture} is {frame.shape[1]} x {frame.shape[0]} but the first frame of the "
                    f"folder is {width} x {height}. All frames need one size."
                )
            yield frame

    return Clip(
        width=width,
        height=height,
        fps=fps or DEFAULT_FPS,
        num_frames=len(pictures),
        open_frames=lambda: open_from(0),
        path=path,
        open_from=open_from,
    )


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(p), "") if p.isdigit() and p.isascii() else (-1, p.lower()) for p in parts]


def _is_picture(path: Path) -> bool:
    try:
        return sniff(path).family == "picture"
    except InputError:
        return False

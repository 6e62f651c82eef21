"""Decode a still picture, whatever its format, into one RGB frame."""

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from deepmeme.errors import InputError
from deepmeme.media.clip import Colour, Frame
from deepmeme.media.sniff import MediaKind, PathLike, sniff

MIN_SIDE_PX = 16
MAX_DECODED_PIXELS = 120_000_000
MAX_PIXELS = 24_000_000
"""Larger pictures are scaled down to this, keeping their shape."""

WHITE: Colour = (255, 255, 255)
_BAND_ROWS = 256

# what Pillow's plugins raise on damaged files, beyond its documented UnidentifiedImageError
PICTURE_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
           OverflowError, AttributeError, MemoryError, RuntimeError, ArithmeticError,
           AssertionError, struct.error, zlib.error)  # fmt: skip


def read_image(path: PathLike, *, background: Colour = WHITE) -> Frame:
    """Read a picture upright as RGB; see-through parts lie over ``background``.

    An animation gives its first frame. EXIF orientation and colour profiles are applied; 16-bit,
    CMYK, palette and grey pictures are converted. More than 24 million pixels are scaled down.

    Raises:
        InputError: not a picture, damaged, smaller than 16 x 16 or over 120 million pixels.
    """
    path = Path(path)
    kind = sniff(path)
    if kind.family not in ("picture", "animation"):
        article = {"folder": "a folder", "video": "a video", "sound": "a sound file"}
        raise InputError(
            f"{path} is {article[kind.family]} ({kind.name}). Expected a picture: "
            "jpg, png, webp, heic, gif, bmp or tiff."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size and damage are judged below
            return _read(path, kind, background)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(_too_large(path, "more than 179 million pixels")) from error
    except PICTURE_DAMAGE as error:
        raise InputError(
            f"{path} is a damaged or cut-off {kind.name} picture ({error}). "
            "Save or download it again."
        ) from error


def _too_large(path: Path, found: str) -> str:
    limit = MAX_DECODED_PIXELS // 1_000_000
    return f"{path} has {found}; at most {limit} million are read. Scale it down first."


def _read(path: Path, kind: MediaKind, background: Colour) -> Frame:
    with path.open("rb") as stream:
        if kind.container == "HEIF":
            image = _open_heif(stream.read(), path)
        else:
            image = Image.open(stream, formats=[kind.container])
            image.draft("RGB" if image.mode == "RGB" else None, _fitting(image.size))
        check_size(path, image.size)
        image.load()
        return flatten(_shrink(image), background)


def _open_heif(encoded: bytes, path: Path) -> Image.Image:
    import pi_heif  # here: it loads a large library that only HEIC pictures need

    heif = pi_heif.open_heif(encoded, convert_hdr_to_8bit=True)
    check_size(path, heif.size)
    image: Image.Image = heif.to_pillow()
    image.info.pop("exif", None)  # libheif has turned the picture upright already
    return image


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Raise InputError for pictures too small to animate or too large to decode."""
    width, height = size
    if width * height > MAX_DECODED_PIXELS:
        raise InputError(_too_large(path, f"{width} x {height} pixels"))
    if min(width, height) < MIN_SIDE_PX:
        raise InputError(
            f"{path} is {width} x {height} pixels; at least {MIN_SIDE_PX} x {MIN_SIDE_PX} "
            "are needed, and 256 x 256 give a good result."
        )


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """The size that fits MAX_PIXELS with the shape kept."""
    scale = min(1.0, (MAX_PIXELS / (size[0] * size[1])) ** 0.5)
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def _shrink(image: Image.Image) -> Image.Image:
    if image.width * image.height <= MAX_PIXELS:
        return image
    if image.mode in ("P", "1", "PA"):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_eight_bit(image))
    profile = image.info
    smaller = image.resize(_fitting(image.size), Image.Resampling.BOX, reducing_gap=2.0)
    smaller.info.update(profile)
    smaller.getexif().update(image.getexif())
    return smaller


def flatten(image: Image.Image, background: Colour) -> Frame:
    """Turn any decoded Pillow picture into an upright RGB frame over ``background``."""
    image = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_eight_bit(image))
    if image.mode in ("LA", "La", "PA", "RGBa", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        colours = to_srgb(image.convert("RGB"), profile)
        paper = Image.new("RGB", image.size, background)
        image = Image.composite(colours, paper, image.getchannel("A"))
    else:
        image = to_srgb(image, profile)
    return np.array(image.convert("RGB"), dtype=np.uint8)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Apply an embedded colour profile; without one, or with a damaged one, change nothing."""
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    import io

    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, found, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted if converted is not None else image


def _eight_bit(image: Image.Image) -> Frame:
    """16-bit, 32-bit and float grey to 8 bits, by the range that the numbers show."""
    values = np.asarray(image)
    with np.errstate(invalid="ignore"):
        top = float(np.nanmax(values, initial=0.0, where=np.isfinite(values)))
    if image.mode == "F" and top <= 1.0:
        white = 1.0
    elif top <= 255.0 and not image.mode.startswith("I;16"):
        white = 255.0
    else:
        white = max(65535.0, top)
    grey = np.empty(values.shape, dtype=np.uint8)
    for start in range(0, len(values), _BAND_ROWS):
        band = np.nan_to_num(values[start : start + _BAND_ROWS].astype(np.float32), posinf=0.0)
        grey[start : start + _BAND_ROWS] = np.clip(band / white * 255.0 + 0.5, 0, 255)
    return grey

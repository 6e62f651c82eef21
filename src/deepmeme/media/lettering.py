"""Fonts that carry a text: the meme face first, then whatever on this machine has the letter.

Anton (SIL Open Font Licence, ``fonts/OFL.txt``) ships with the package for Latin scripts; Pillow's
own Aileron follows, then well-known system fonts for other scripts.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

Style = Literal["meme", "label"]
Font = ImageFont.FreeTypeFont

_OWN = Path(__file__).parent / "fonts"
_MEME_FILES = (_OWN / "anton-latin.woff", _OWN / "anton-latin-ext.woff")
_SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_SYSTEM_NAMES = (
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSans-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans.ttf",
    "Hiragino Sans GB.ttc",
    "PingFang.ttc",
    "Arial Unicode.ttf",
    "msyhbd.ttc",
    "msyh.ttc",
    "malgunbd.ttf",
    "arialbd.ttf",
    "NotoSansArabic-Bold.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "NotoSansThai-Bold.ttf",
)
_NO_CHARACTER = "\ufffe"


class Run(NamedTuple):
    """Letters in a row that one font carries."""

    text: str
    font: Font


@lru_cache(maxsize=64)
def _load(path: str | None, size: int) -> Font | None:
    """The font file at ``size`` pixels; None stands for Pillow's own font."""
    try:
        if path is None:
            font = ImageFont.load_default(size)
            return font if isinstance(font, ImageFont.FreeTypeFont) else None
        return ImageFont.truetype(path, size)
    except OSError:
        return None


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    found: dict[str, str] = {}
    for folder in (Path(name).expanduser() for name in _SYSTEM_FOLDERS):
        if folder.is_dir():
            for path in folder.rglob("*.tt[fc]"):
                found.setdefault(path.name, str(path))
    return tuple(found[name] for name in _SYSTEM_NAMES if name in found)


def _candidates(style: Style) -> Iterator[str | None]:
    if style == "meme":
        yield from map(str, _MEME_FILES)
    yield None
    yield from _system_fonts()


@lru_cache(maxsize=4096)
def _font_file(character: str, style: Style) -> tuple[bool, str | None]:
    """Whether any font has the character, and the first that does."""
    for path in _candidates(style):
        font = _load(path, 32)
        if font is None:
            continue
        drawn, missing = font.getmask(character), font.getmask(_NO_CHARACTER)
        if drawn.size != missing.size or bytes(drawn) != bytes(missing):
            return True, path
    return False, None


def missing_letters(text: str, style: Style = "meme") -> str:
    """The characters, each once, for which this machine has no glyph."""
    return "".join(
        dict.fromkeys(c for c in text if not c.isspace() and not _font_file(c, style)[0])
    )


def runs(text: str, size: int, style: Style = "meme") -> list[Run]:
    """``text`` cut into runs by font; characters that no font has are left out."""
    pieces: list[tuple[str, str | None]] = []
    for character in text:
        known, path = _font_file(character, style)
        if character.isspace():  # a space never changes the font of a run
            known, path = True, pieces[-1][1] if pieces else path
        if not known:
            continue
        if pieces and pieces[-1][1] == path:
            pieces[-1] = (pieces[-1][0] + character, path)
        else:
            pieces.append((character, path))
    result = []
    for piece, path in pieces:
        font = _load(path, size)
        if font is not None:
            result.append(Run(piece, font))
    return result


def text_width(text: str, size: int, style: Style = "meme") -> float:
    """Width in pixels without outline."""
    return sum(run.font.getlength(run.text) for run in runs(text, size, style))


def draw_text(
    picture: Image.Image,
    xy: tuple[float, float],
    text: str,
    size: int,
    *,
    fill: tuple[int, ...],
    style: Style = "label",
    outline_px: int = 0,
    outline: tuple[int, ...] = (0, 0, 0, 255),
) -> None:
    """Write one line with its left end of the baseline at ``xy``, in pixels."""
    pen = ImageDraw.Draw(picture)
    pieces = runs(text, size, style)
    for width in (outline_px, 0) if outline_px else (0,):
        x, y = xy
        for run in pieces:
            pen.text(
                (x, y),
                run.text,
                font=run.font,
                fill=outline if width else fill,
                anchor="ls",
                stroke_width=width,
                stroke_fill=outline if width else None,
            )
            x += run.font.getlength(run.text)

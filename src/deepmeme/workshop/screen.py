"""Pictures, films and charts beside each other, under coloured captions, in a notebook."""

import base64
import html
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.extras import require
from deepmeme.media.image import read_image
from deepmeme.media.montage import resize
from deepmeme.provenance.glance import glance
from deepmeme.provenance.record import Record, draw_work_id
from deepmeme.provenance.seal import Rendered
from deepmeme.workshop import place
from deepmeme.workshop.colours import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Thing: TypeAlias = "NDArray[Any] | str | Path | Rendered | Figure"
"""A picture (h, w, 3) uint8, a map (h, w) of floats, a file, a result, or a chart."""

_FILMS = {".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/mp4"}
_MOVING_PICTURES = {".gif": "image/gif", ".webp": "image/webp"}
_EVERY_S = 0.5
_BLOCK = "border-radius:6px;display:block;max-width:100%"
_HANDLES = 'onmouseenter="this.controls=true" onmouseleave="this.controls=false"'
"""Of a film, while somebody points at it: they would hide a third of a small one."""
_SHARP = 2  # pixels of a picture for one of the page: sharp on fine screens


def show(
    *things: Thing,
    titles: Sequence[str] | None = None,
    roles: Sequence[str] | None = None,
    width: int = 200,
    columns: int | None = None,
    record: Record | None = None,
    cmap: str | None = None,
) -> None:
    """Show things beside each other.

    Args:
        things: pictures, maps, paths of pictures and videos, results, charts. A result is saved
            into the folder of results, marked, and plays in a loop.
        titles: a caption each.
        roles: the captions' colours, by the names of ``COLOURS``.
        width: of each in the page, in pixels.
        columns: how many in a row; as many as fit without.
        record: of what a model made; its pictures are marked like everything that it makes.
        cmap: matplotlib's name of a colour map, for maps; grey without.

    Raises:
        InputError: a thing that cannot be shown, or not as many titles or roles as things.
    """
    _display(html_of(things, titles, roles, width, columns, record, cmap))


class Screen:
    """One output that is replaced while something goes on."""

    def __init__(self) -> None:
        ipython = require("IPython.display", extra="workshop")
        self._handle = ipython.display(ipython.HTML(""), display_id=True)
        self._html = ipython.HTML
        self._last = 0.0
        self._waiting: dict[str, Any] | None = None

    def show(self, *things: Thing, **how: Any) -> None:
        """As :func:`show`; at most twice a second, but the last one always comes."""
        self._waiting = {"things": things, **how}
        if time.monotonic() - self._last >= _EVERY_S:
            self._put()

    def _put(self) -> None:
        if self._waiting is None:
            return
        shown, self._waiting = html_of(**self._waiting), None
        if self._handle is not None:
            self._handle.update(self._html(shown))
        self._last = time.monotonic()

    def __enter__(self) -> "Screen":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._put()


def live() -> Screen:
    """``with live() as screen:`` shows what something looks like while it learns."""
    return Screen()


def html_of(
    things: Sequence[Thing],
    titles: Sequence[str] | None = None,
    roles: Sequence[str] | None = None,
    width: int = 200,
    columns: int | None = None,
    record: Record | None = None,
    cmap: str | None = None,
) -> str:
    """What :func:`show` puts into the page."""
    for name, given in (("titles", titles), ("roles", roles)):
        if given is not None and len(given) != len(things):
            raise InputError(f"{len(things)} things were given, and {len(given)} {name}.")
    cells = []
    for i, thing in enumerate(things):
        limit = "100%" if hasattr(thing, "savefig") else f"{width}px"
        caption = _caption(titles[i] if titles else "", roles[i] if roles else None, limit)
        inner = _element(thing, width, record, cmap)
        cells.append(f'<figure style="margin:0">{inner}{caption}</figure>')
    wide = f"max-width:{columns * (width + 12)}px;" if columns else ""
    style = f"display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start;{wide}"
    return f'<div style="{style}">{"".join(cells)}</div>'


def _caption(title: str, role: str | None, limit: str) -> str:
    """As wide as what it belongs to: a long one wraps."""
    if role is not None and role not in COLOURS:
        raise InputError(f"There is no role {role!r}. There are: {', '.join(COLOURS)}.")
    if not title and role is None:
        return ""
    bar = f"border-top:4px solid {COLOURS[role]};" if role else ""
    style = f"{bar}padding:3px 0 0;font:13px system-ui,sans-serif;max-width:{limit}"
    return f'<figcaption style="{style}">{html.escape(title)}</figcaption>'


def _element(thing: Thing, width: int, record: Record | None, cmap: str | None) -> str:
    if isinstance(thing, Rendered):
        thing = _saved(thing)
    if isinstance(thing, str | Path):
        return _of_file(Path(thing), width)
    if isinstance(thing, np.ndarray):
        return _of_array(thing, width, record, cmap)
    if hasattr(thing, "savefig"):
        kept = BytesIO()
        thing.savefig(kept, format="png")
        return _img("image/png", kept.getvalue(), None)
    raise InputError(
        f"A {type(thing).__name__} cannot be shown. Give an array (h, w, 3) of bytes, a map "
        "(h, w), a path, a result of deepmeme, or a chart."
    )


def _of_array(array: NDArray[Any], width: int, record: Record | None, cmap: str | None) -> str:
    if array.ndim == 2:
        return _img("image/png", _png(_mapped(array, width, cmap)), width)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        raise InputError(
            f"A picture is (h, w, 3) of uint8; found {array.shape} of {array.dtype}. Floats in "
            "[0, 1] become one by (255 * x).astype('uint8')."
        )
    if record is not None:
        return _img("image/jpeg", glance(array, record, quality=90, label=False), width)
    return _img("image/png", _png(_fitted(array, width)), width)


def _mapped(array: NDArray[Any], width: int, cmap: str | None) -> NDArray[np.uint8]:
    share = np.clip(np.nan_to_num(np.asarray(array, np.float32)), 0, 1)
    side = width * _SHARP
    share = cv2.resize(share, (side, max(1, round(side * share.shape[0] / share.shape[1]))))
    if cmap is None:
        return np.repeat(np.rint(share * 255).astype(np.uint8)[..., None], 3, axis=2)
    colours = require("matplotlib", extra="workshop").colormaps[cmap](share)[..., :3]
    return np.asarray(np.rint(colours * 255), np.uint8)


def _fitted(picture: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """No more pixels than can be seen; small ones stay small, so that their pixels show."""
    height, wide = picture.shape[:2]
    most = width * _SHARP
    if wide <= most:
        return picture
    return resize(picture, most, max(1, round(height * most / wide)))


def _png(picture: NDArray[np.uint8]) -> bytes:
    kept = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(kept, format="PNG")
    return kept.getvalue()


def _of_file(path: Path, width: int) -> str:
    kind = path.suffix.lower()
    if kind not in _FILMS and kind not in _MOVING_PICTURES:
        return _img("image/png", _png(_fitted(read_image(path), width)), width)
    try:
        told = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if kind in _MOVING_PICTURES:
        return _img(_MOVING_PICTURES[kind], told, width)
    source = f"data:{_FILMS[kind]};base64,{base64.b64encode(told).decode()}"
    plays = f"autoplay loop muted playsinline {_HANDLES}"
    return f'<video {plays} width="{width}" src="{source}" style="{_BLOCK}"></video>'


def _img(kind: str, told: bytes, width: int | None) -> str:
    size = f' width="{width}"' if width else ""
    data = base64.b64encode(told).decode()
    return f'<img alt="" src="data:{kind};base64,{data}"{size} style="{_BLOCK}">'


def _saved(result: Rendered) -> Path:
    folder = (place.current[0] if place.current else Path(gettempdir())) / "shown"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.record.task or 'result'}-{draw_work_id()}.mp4"
    result.save(path)
    return path


def _display(shown: str) -> None:
    ipython = require("IPython.display", extra="workshop")
    ipython.display(ipython.HTML(shown))

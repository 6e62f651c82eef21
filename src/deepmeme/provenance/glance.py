"""Generated frames for looking at on a screen, as JPEG bytes: previews, live pictures, faces.

A glance carries what costs little: the invisible watermark, the visible label and the statement in
its metadata. It has no content credentials. Signing takes tens of milliseconds, and whoever keeps a
work saves it through :mod:`deepmeme.provenance.seal`, which signs. With ``provenance = "off"`` in
the settings there is no watermark; label and statement stay.
"""

from dataclasses import replace
from io import BytesIO

from PIL import Image

from deepmeme.errors import InputError
from deepmeme.media.clip import Frame
from deepmeme.media.label import label_overlay
from deepmeme.media.montage import resize
from deepmeme.media.overlay import Overlay
from deepmeme.media.wording import TEXT
from deepmeme.provenance.finish import Maker
from deepmeme.provenance.marks import jpeg_segments, mark_jpeg
from deepmeme.provenance.record import Record, draw_work_id
from deepmeme.provenance.settings import read_settings

QUALITY = 80
"""The watermark is read from a single frame of 192 px and more, and would be at 40 too."""


class Glance:
    """Makes glances of one work, frame after frame; what is constant is kept.

    Every frame is marked in full. All of it takes 2 to 4 ms at 512 x 512 px on one core, half of
    that the watermark, and 0.6 ms at 256 x 256.
    """

    def __init__(
        self,
        record: Record,
        *,
        quality: int = QUALITY,
        longest: int | None = None,
        label: bool = True,
    ) -> None:
        """Read the settings and draw a work id where the record has none.

        Args:
            record: of the work that is looked at.
            quality: of the JPEG, 1 to 95.
            longest: larger frames are made smaller until their longer side has so many pixels.
            label: show "Made with AI" in the corner; False where the frames show it already.

        Raises:
            InputError: an impossible quality or size, or settings that cannot be read.
        """
        if not 1 <= quality <= 95:
            raise InputError(f"A quality of {quality} is not possible. Choose 1 to 95.")
        if longest is not None and longest < 1:
            raise InputError(f"A longest side of {longest} px is not possible. Choose 1 or more.")
        self.record = replace(record, work_id=record.work_id or draw_work_id())
        self._quality, self._longest, self._label = quality, longest, label
        self._maker = Maker(read_settings())  # not ready(): nothing is signed
        self._segments = jpeg_segments(self.record)
        self._overlay: Overlay | None = None

    def __call__(self, frame: Frame) -> bytes:
        """A frame (h, w, 3) as JPEG; the array stays as it is."""
        seen = self._fitted(frame)
        if self._label:
            seen = self._labelled(seen)
        kept = BytesIO()
        Image.fromarray(self._maker.mark(seen, self.record)).save(
            kept, format="JPEG", quality=self._quality
        )
        return mark_jpeg(kept.getvalue(), self._segments)

    def _fitted(self, frame: Frame) -> Frame:
        height, width = frame.shape[:2]
        if self._longest is None or max(height, width) <= self._longest:
            return frame
        ratio = self._longest / max(height, width)
        return resize(frame, max(1, round(width * ratio)), max(1, round(height * ratio)))

    def _labelled(self, frame: Frame) -> Frame:
        height, width = frame.shape[:2]
        if self._overlay is None or (self._overlay.width, self._overlay.height) != (width, height):
            self._overlay = label_overlay(width, height, TEXT)
        return self._overlay.draw(frame)


def glance(
    frame: Frame,
    record: Record,
    *,
    quality: int = QUALITY,
    longest: int | None = None,
    label: bool = True,
) -> bytes:
    """One generated frame (h, w, 3) as marked JPEG bytes; unsigned, as the module says.

    For many frames of a work keep a :class:`Glance`: a watermark is prepared once an id.

    Raises:
        InputError: an impossible quality or size, or settings that cannot be read.
    """
    return Glance(record, quality=quality, longest=longest, label=label)(frame)

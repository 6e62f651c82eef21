"""Decoded video frames to 8-bit RGB as a BT.709 screen shows them, HDR included."""

import av
import numpy as np

from deepmeme.media.clip import Colour, Frame
from deepmeme.media.hdr import HLG, PQ, ToneMapper

# ITU-T H.273 code points
_BT2020_PRIMARIES = 9
_MATRIX_UNSPECIFIED = (0, 2)
_BT709, _BT601, _BT2020 = 1, 5, 9
_LIMITED, _FULL = 1, 2
_OTHER_TRANSFER = 0


class Screen:
    """Shows the decoded frames of one stream in one size (width, height).

    See-through parts lie over ``background``. Where a frame names no matrix, HD is taken for
    BT.709 and anything smaller for BT.601, as players do.
    """

    def __init__(self, size: tuple[int, int], background: Colour) -> None:
        self._size = size
        self._background = np.array(background, dtype=np.uint16)
        self._mappers: dict[int, ToneMapper] = {}

    def show(self, frame: av.VideoFrame) -> Frame:
        if any(component.is_alpha for component in frame.format.components):
            return self._over_background(frame)
        if _is_wide(frame):
            return self._tone_mapped(frame)
        return np.ascontiguousarray(_convert(frame, self._size, "rgb24").to_ndarray())

    def _over_background(self, frame: av.VideoFrame) -> Frame:
        rgba = _convert(frame, self._size, "rgba").to_ndarray()
        alpha = rgba[..., 3:].astype(np.uint16)
        mixed = rgba[..., :3] * alpha + self._background * (255 - alpha)
        return ((mixed + 127) // 255).astype(np.uint8)

    def _tone_mapped(self, frame: av.VideoFrame) -> Frame:
        transfer = int(frame.color_trc)
        if transfer not in (PQ, HLG):
            transfer = _OTHER_TRANSFER
        if transfer not in self._mappers:
            self._mappers[transfer] = ToneMapper(self._size, transfer)
        if int(frame.colorspace) in _MATRIX_UNSPECIFIED:
            frame.colorspace = _BT2020
        mapped = self._mappers[transfer].map(_convert(frame, self._size, "rgb48le"))
        return np.ascontiguousarray(mapped.reformat(format="rgb24").to_ndarray())


def _convert(frame: av.VideoFrame, size: tuple[int, int], layout: str) -> av.VideoFrame:
    if _is_rgb(frame):
        return frame.reformat(width=size[0], height=size[1], format=layout)
    return frame.reformat(
        width=size[0],
        height=size[1],
        format=layout,
        src_colorspace=_matrix_of(frame),
        dst_colorspace=_BT709,
        src_color_range=_range_of(frame),
        dst_color_range=_FULL,
    )


def _is_rgb(frame: av.VideoFrame) -> bool:
    name = frame.format.name
    return name.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "gray"))


def _matrix_of(frame: av.VideoFrame) -> int:
    matrix = int(frame.colorspace)
    if matrix in (1, 4, 5, 7, 9):
        return matrix
    if matrix == 6:  # SMPTE 170M, the same numbers as 5
        return _BT601
    if matrix == 10:
        return _BT2020
    return _BT709 if frame.height > 576 or frame.width > 1024 else _BT601


def _range_of(frame: av.VideoFrame) -> int:
    full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
    return _FULL if full else _LIMITED


def _is_wide(frame: av.VideoFrame) -> bool:
    return int(frame.color_trc) in (PQ, HLG) or int(frame.color_primaries) == _BT2020_PRIMARIES

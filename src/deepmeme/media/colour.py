"""Decoded video frames to 8-bit RGB as a BT.709 screen shows them, HDR included."""

from functools import lru_cache

import av
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.clip import Colour, Frame

# ITU-T H.273 code points
_BT2020_PRIMARIES = 9
_PQ, _HLG = 16, 18
_MATRIX_UNSPECIFIED = (0, 2)
_BT709, _BT601, _BT2020 = 1, 5, 9
_LIMITED, _FULL = 1, 2

_SDR_WHITE_NITS = 203.0  # BT.2408: where HDR video puts diffuse white
_PEAK_NITS = 1000.0

_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)  # BT.2087


def to_rgb(frame: av.VideoFrame, size: tuple[int, int], matrix: int | None = None) -> Frame:
    """Convert (and scale to ``size`` = width, height) one decoded frame.

    ``matrix`` is the H.273 code to assume where the frame names none: by default BT.709 for
    HD, BT.601 below, as players do.
    """
    if _is_wide(frame):
        return _from_hdr(frame, size)
    return np.ascontiguousarray(_convert(frame, size, "rgb24", matrix).to_ndarray())


def over_background(frame: av.VideoFrame, size: tuple[int, int], background: Colour) -> Frame:
    """Like :func:`to_rgb` for a frame with an alpha channel, laid over one colour."""
    rgba = _convert(frame, size, "rgba").to_ndarray()
    alpha = rgba[..., 3:].astype(np.uint16)
    paper = np.array(background, dtype=np.uint16)
    mixed = rgba[..., :3] * alpha + paper * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _convert(
    frame: av.VideoFrame, size: tuple[int, int], layout: str, matrix: int | None = None
) -> av.VideoFrame:
    if _is_rgb(frame):
        return frame.reformat(width=size[0], height=size[1], format=layout)
    return frame.reformat(
        width=size[0],
        height=size[1],
        format=layout,
        src_colorspace=_matrix_of(frame) if matrix is None else matrix,
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
    transfer = int(frame.color_trc)
    return transfer in (_PQ, _HLG) or int(frame.color_primaries) == _BT2020_PRIMARIES


@lru_cache(maxsize=4)
def _to_light(transfer: int) -> NDArray[np.float32]:
    """Signal (4096 steps) to light, 1.0 = diffuse white, for the given transfer curve."""
    signal = np.linspace(0.0, 1.0, 4096)
    if transfer == _PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = signal ** (1 / m2)
        nits = 10000.0 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
        light = nits / _SDR_WHITE_NITS
    elif transfer == _HLG:  # BT.2100, with the system gamma of a 1000-nit screen
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        light = _PEAK_NITS * scene**1.2 / _SDR_WHITE_NITS
    else:
        light = signal**2.4
    return light.astype(np.float32)


@lru_cache(maxsize=1)
def _to_signal() -> NDArray[np.uint8]:
    light = np.linspace(0.0, 1.0, 4096)
    # square-rooted index: equal steps in light would starve the shadows
    signal: NDArray[np.uint8] = np.rint(255.0 * (light**2) ** (1 / 2.4)).astype(np.uint8)
    return signal


def _from_hdr(frame: av.VideoFrame, size: tuple[int, int]) -> Frame:
    """BT.2020 with PQ, HLG or an SDR curve to BT.709: linear light, gamut, highlights, curve."""
    matrix = _BT2020 if int(frame.colorspace) in _MATRIX_UNSPECIFIED else None
    wide = _convert(frame, size, "rgb48le", matrix)
    transfer = int(frame.color_trc)
    steps = wide.to_ndarray().astype(np.uint16) >> 4
    light = _to_light(transfer)[steps]
    if transfer in (_PQ, _HLG):
        light = _compress_highlights(light)
    light = np.clip(light @ _BT2020_TO_BT709.T, 0.0, 1.0)
    index: NDArray[np.uint16] = (np.sqrt(light) * 4095.0 + 0.5).astype(np.uint16)
    return _to_signal()[index]


def _compress_highlights(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Extended Reinhard above a knee, by the brightest channel so that hues stay.

    Up to 0.6 of diffuse white nothing changes; _PEAK_NITS lands on 1.0.
    """
    knee = np.float32(0.6)
    peak = np.float32((_PEAK_NITS / _SDR_WHITE_NITS - knee) / (1 - knee))
    brightest = light.max(axis=-1, keepdims=True)
    above = np.maximum(brightest - knee, 0) / (1 - knee)
    squeezed = knee + (1 - knee) * above * (1 + above / peak**2) / (1 + above)
    scale = np.where(brightest > knee, squeezed / np.maximum(brightest, knee), 1.0)
    scaled: NDArray[np.float32] = (light * scale).astype(np.float32)
    return scaled

"""HDR and wide-gamut pictures as a BT.709 screen shows them."""

from fractions import Fraction

import av
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from numpy.typing import NDArray

Light = NDArray[np.float32]

PQ, HLG = 16, 18
"""Transfer curves by their ITU-T H.273 numbers."""

_SDR_WHITE_NITS = 203.0  # BT.2408: where HDR video puts diffuse white
_PEAK_NITS = 1000.0
_LEVEL = 8  # of the Hald picture: a cube of 64 x 64 x 64 colours
_LAYOUT = "rgb48le"
_CLOCK = Fraction(1, 1000)

_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)  # BT.2087


def tone_map(signal: Light, transfer: int) -> Light:
    """(..., 3) BT.2020 signal in [0, 1] to BT.709: light, highlights, gamut, curve.

    A transfer that is neither PQ nor HLG is taken for the SDR curve, and only the gamut changes.
    """
    light = _to_light(signal, transfer)
    if transfer in (PQ, HLG):
        light = _compress_highlights(light)
    shown: Light = np.clip(light @ _BT2020_TO_BT709.T, 0.0, 1.0) ** np.float32(1 / 2.4)
    return shown


def _to_light(signal: Light, transfer: int) -> Light:
    """Linear light, 1.0 = diffuse white."""
    if transfer == PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = signal ** (1 / m2)
        nits = 10000.0 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
        light = nits / _SDR_WHITE_NITS
    elif transfer == HLG:  # BT.2100, with the system gamma of a 1000-nit screen
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        light = _PEAK_NITS * scene**1.2 / _SDR_WHITE_NITS
    else:
        light = signal**2.4
    linear: Light = light.astype(np.float32)
    return linear


def _compress_highlights(light: Light) -> Light:
    """Extended Reinhard above a knee, by the brightest channel so that hues stay.

    Up to 0.6 of diffuse white nothing changes; _PEAK_NITS lands on 1.0.
    """
    knee = np.float32(0.6)
    peak = np.float32((_PEAK_NITS / _SDR_WHITE_NITS - knee) / (1 - knee))
    brightest = light.max(axis=-1, keepdims=True)
    above = np.maximum(brightest - knee, 0) / (1 - knee)
    squeezed = knee + (1 - knee) * above * (1 + above / peak**2) / (1 + above)
    scale = np.where(brightest > knee, squeezed / np.maximum(brightest, knee), 1.0)
    compressed: Light = (light * scale).astype(np.float32)
    return compressed


class ToneMapper:
    """:func:`tone_map` for the frames of one size, through a table: 5 times as fast."""

    def __init__(self, size: tuple[int, int], transfer: int) -> None:
        table = _table(transfer)
        self._graph = graph = Graph()
        layout = VideoFormat(_LAYOUT)
        self._pictures = graph.add_buffer(
            width=size[0], height=size[1], format=layout, time_base=_CLOCK
        )
        cube = graph.add_buffer(
            width=table.width, height=table.height, format=layout, time_base=_CLOCK
        )
        lookup = graph.add("haldclut", "interp=tetrahedral:clut=first")
        self._sink = graph.add("buffersink")
        self._pictures.link_to(lookup, 0, 0)
        cube.link_to(lookup, 0, 1)
        lookup.link_to(self._sink)
        graph.configure()
        cube.push(table)
        cube.push(None)
        self._count = 0

    def map(self, picture: av.VideoFrame) -> av.VideoFrame:
        """``picture`` is rgb48le, of the size and full range; so is the result."""
        picture.pts, picture.time_base = self._count, _CLOCK
        self._count += 1
        self._pictures.push(picture)
        mapped = self._sink.pull()
        assert isinstance(mapped, av.VideoFrame)
        return mapped


def _table(transfer: int) -> av.VideoFrame:
    """The cube as the picture that FFmpeg's haldclut reads: red changes fastest."""
    steps = np.linspace(0.0, 1.0, _LEVEL**2, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    shown = tone_map(np.stack([red, green, blue], axis=-1), transfer)
    side = _LEVEL**3
    values = np.rint(shown * 65535.0).astype(np.uint16).reshape(side, side, 3)
    table = av.VideoFrame.from_ndarray(values, format=_LAYOUT)
    table.pts, table.time_base = 0, _CLOCK
    return table

"""The driver's voice, made of arithmetic: a buzzing source sung through moving formants.

Source and filter after Klatt (1980): pulses of the voice, or noise for breath, pass through
resonators whose centres glide from sound to sound.
"""

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.demo_performance import MELODY, SECONDS, SPEECH

Wave = NDArray[np.float32]

RATE = 48_000
_BLOCK = 240  # samples between two settings of the resonators: 5 ms

_FORMANTS: dict[str, tuple[float, float, float]] = {  # Hz, a high, friendly voice
    "A": (850, 1350, 2850),
    "E": (610, 2150, 2900),
    "I": (330, 2650, 3300),
    "O": (520, 950, 2750),
    "U": (370, 850, 2650),
    "W": (320, 700, 2500),
    "H": (600, 1900, 2800),
    "L": (400, 1300, 2900),
    "N": (300, 1500, 2700),
    "D": (320, 1900, 2900),
    "M": (270, 1100, 2400),
    "B": (280, 900, 2400),
    "P": (280, 900, 2400),
}
_BANDWIDTHS = (75.0, 95.0, 140.0)
_LOUDNESS = {"M": 0.38, "N": 0.42, "L": 0.65, "B": 0.12, "D": 0.15, "P": 0.0, "H": 0.25, "W": 0.6}


def sing() -> Wave:
    """(n,) mono at ``RATE``, as long as the performance, peak below 0.5."""
    count = round(SECONDS * RATE)
    voice = _resonate(_source(count), count)
    wave = 0.88 * voice / np.abs(voice).max() + 0.12 * _plucked(count)
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.02 * RATE))
    wave = wave * fade
    return np.asarray(0.45 * wave / np.abs(wave).max(), np.float32)


def _source(count: int) -> NDArray[np.float64]:
    """Pulses with a little vibrato, and breath at an H."""
    t = np.arange(count) / RATE
    pitch = np.full(count, 220.0)
    loud = np.zeros(count)
    for note in MELODY:
        inside = (t >= note.start_s) & (t < note.end_s)
        pitch[inside] = 440 * 2 ** ((note.midi - 12 - 69) / 12)
        rise, fall = (t - note.start_s) / 0.035, (note.end_s - t) / 0.08
        loud = np.maximum(loud, np.clip(np.minimum(rise, fall), 0, 1))
    pitch = _smooth(pitch, 0.022) * (1 + 0.008 * np.sin(2 * np.pi * 5.4 * t))
    phase = np.cumsum(pitch) / RATE
    pulses = np.diff(_glottis(phase % 1), prepend=0.0) * 30
    breath = np.random.default_rng(1).standard_normal(count)
    by_sound = np.interp(t, [s.at_s for s in SPEECH], [_LOUDNESS.get(s.name, 1.0) for s in SPEECH])
    airy = sum(np.exp(-0.5 * ((t - s.at_s) / 0.03) ** 2) for s in SPEECH if s.name == "H")
    bursts = sum(
        np.exp(-np.maximum(t - s.at_s - 0.02, 0) / 0.008) * (t > s.at_s + 0.02)
        for s in SPEECH
        if s.name in "PDB"
    )
    voiced = _smooth(loud * by_sound, 0.006)
    made: NDArray[np.float64] = pulses * voiced + breath * (
        0.010 * voiced + 0.16 * airy + 0.05 * bursts
    )
    return made


def _glottis(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flow through the vocal folds: opens slowly, shuts fast (Rosenberg, 1971)."""
    rise, fall = 0.42, 0.18
    opening = 0.5 - 0.5 * np.cos(np.pi * phase / rise)
    closing = np.cos(np.pi / 2 * np.minimum((phase - rise) / fall, 1))
    return np.where(phase < rise, opening, closing)


def _resonate(source: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    moments = np.array([s.at_s for s in SPEECH])
    table = np.array([_FORMANTS[s.name] for s in SPEECH])
    at = (np.arange(0, count, _BLOCK) + _BLOCK / 2) / RATE
    wave = source
    for n, bandwidth in enumerate(_BANDWIDTHS):
        centres = _smooth(np.interp(at, moments, table[:, n]), 0.02, rate=RATE / _BLOCK)
        out = np.empty(count)
        state = np.zeros(2)
        for block, centre in enumerate(centres):
            radius = np.exp(-np.pi * bandwidth / RATE)
            a = [1.0, -2 * radius * np.cos(2 * np.pi * centre / RATE), radius * radius]
            where = slice(block * _BLOCK, min(count, (block + 1) * _BLOCK))
            out[where], state = lfilter([sum(a)], a, wave[where], zi=state)
        wave = out
    bright = np.diff(wave, prepend=0.0) * 6  # the lips radiate high tones better
    return wave + bright


def _plucked(count: int) -> NDArray[np.float64]:
    """A soft kalimba, an octave below the voice."""
    t = np.arange(count) / RATE
    wave = np.zeros(count)
    for note in MELODY:
        after = t - note.start_s
        pitch = 440 * 2 ** ((note.midi - 69) / 12)
        ring = np.where(after >= 0, np.exp(-np.maximum(after, 0) / 0.35), 0.0)
        strike = np.clip(after / 0.004, 0, 1)
        tone = np.sin(2 * np.pi * pitch * after)
        tone += (
            0.25 * np.sin(2 * np.pi * 2.76 * pitch * after) * np.exp(-np.maximum(after, 0) / 0.06)
        )
        wave += ring * strike * tone
    return np.asarray(wave / np.abs(wave).max())


def _smooth(
    values: NDArray[np.float64], sigma_s: float, *, rate: float = RATE
) -> NDArray[np.float64]:
    """Nearly a bell curve: three running means (much faster for long ones)."""
    from scipy.ndimage import uniform_filter1d

    width = max(1, round(2 * sigma_s * rate))
    for _ in range(3):
        values = uniform_filter1d(values, width, mode="nearest")
    return values

"""How light a colour of skin is: the individual typology angle of dermatology.

It is a property of a colour. Measured in a photograph it is the photograph's (light, exposure,
fading), not the person's.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CLASSES = (
    ("very light", 55.0), ("light", 41.0), ("intermediate", 28.0), ("tan", 10.0),
    ("brown", -30.0), ("dark", -90.0),
)  # fmt: skip
"""Names, and the angle in degrees above which each begins (Del Bino and Bernerd 2013)."""

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)


def lab(rgb: NDArray[np.floating]) -> Array:
    """CIELAB (D65) of sRGB values (..., 3) in [0, 1]."""
    coded = np.asarray(rgb, np.float64)
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def typology_angle(rgb: NDArray[np.floating]) -> Array:
    """(...,) degrees of sRGB colours (..., 3) in [0, 1]: arctan((L* - 50) / b*), high is light."""
    values = lab(rgb)
    return np.asarray(np.degrees(np.arctan2(values[..., 0] - 50, np.maximum(values[..., 2], 1e-6))))


def skin_class(angle_deg: float) -> str:
    """The name of an angle's class, of the usual six."""
    return next((name for name, above in CLASSES if angle_deg > above), CLASSES[-1][0])

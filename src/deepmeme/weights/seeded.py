"""Weights that anyone can make again from a seed.

The benchmark and the parity tests need a network of the published size without the published file.
Every array depends on its name and the seed alone, so an implementation elsewhere can fill itself
with the same numbers and compare.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from deepmeme.models.motion.config import MotionConfig
from deepmeme.nn.kernels import gaussian_kernel, shrink_sigma
from deepmeme.weights.shapes import expected_shapes

GAIN = {"jacobian.weight": 0.1, "kp.weight": 0.5, "final.weight": 0.3}
"""Heads that start smaller than He initialisation, so that seeded motions stay small."""


def seeded_array(module: str, key: str, shape: tuple[int, ...], seed: int) -> NDArray[np.generic]:
    """One state-dict entry; ``module`` is 'generator' or 'kp_detector'."""
    name = f"{module}.{key}"
    random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if key.endswith("running_mean"):
        array = random.normal(0, 0.1, shape)
    elif key.endswith("running_var"):
        array = random.uniform(0.5, 1.5, shape)
    elif len(shape) == 4:
        he = np.sqrt(2 / np.prod(shape[1:]))
        array = random.normal(0, he * GAIN.get(key, 1.0), shape)
    elif key == "jacobian.bias":
        array = np.tile([1, 0, 0, 1], shape[0] // 4) + random.normal(0, 0.05, shape)
    elif ".norm" in key and key.endswith("weight"):
        array = random.uniform(0.8, 1.2, shape)
    else:
        array = random.normal(0, 0.05, shape)
    return array.astype(np.float32)


def seeded_weights(config: MotionConfig, seed: int) -> dict[str, dict[str, NDArray[np.generic]]]:
    """Both networks' arrays under the published names: ``generator`` and ``kp_detector``."""
    shapes = expected_shapes(config)
    scales = {
        "generator": config.generator.dense_motion.scale_factor,
        "kp_detector": config.keypoints.scale_factor,
    }
    networks: dict[str, dict[str, NDArray[np.generic]]] = {}
    for module, scale in scales.items():
        arrays: dict[str, NDArray[np.generic]] = {}
        for key, shape in shapes[module].items():
            if key.endswith("down.weight"):
                kernel = gaussian_kernel(config.antialias_sigma or shrink_sigma(scale))
                arrays[key] = np.broadcast_to(kernel, shape).astype(np.float32)
            else:
                arrays[key] = seeded_array(module, key, shape, seed)
        networks[module] = arrays
    return networks

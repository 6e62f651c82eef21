"""What ``align_corners`` does to a published model, in pixels and grey levels.

    python benchmarks/align_corners.py

The published weights were trained under PyTorch 1.0, whose warps aligned corners; today's reference
runs without. This prints how far the two read apart on the feature map, and what that changes in a
frame, with seeded weights of vox-256 (no trained weights are needed for the geometry).
"""

from dataclasses import replace

import numpy as np

from deepmeme.models.motion.config import presets
from deepmeme.runtime.bench import drawn_frames, psnr_db
from deepmeme.runtime.load import build_engine, checkpoint_from_arrays
from deepmeme.weights.seeded import seeded_weights


def reading_places(size: int, align_corners: bool) -> np.ndarray:
    """Which pixel a warp by the identity grid reads, for each of ``size`` pixels."""
    grid = np.linspace(-1, 1, size)
    return (grid + 1) / 2 * (size - 1) if align_corners else ((grid + 1) * size - 1) / 2


def main() -> None:
    shift = reading_places(64, False) - np.arange(64)
    print("identity warp of the 64 x 64 feature map (4 picture pixels each):")
    print("  align_corners=True   reads every pixel where it is")
    print(
        f"  align_corners=False  reads {shift[0]:+.3f} px at the left rim, {shift[32]:+.3f} in the "
        f"middle, {shift[-1]:+.3f} at the right rim: a zoom by {64 / 63:.4f}"
    )
    config = presets()["vox-256"]
    weights = seeded_weights(config, seed=1)
    source, driving = drawn_frames(256, 1, seed=7)[0], drawn_frames(256, 4)
    frames = {}
    for align_corners in (False, True):
        checkpoint = checkpoint_from_arrays(replace(config, align_corners=align_corners), weights)
        engine = build_engine(checkpoint, precision="fp32")
        handle = engine.encode(source)
        frames[align_corners] = engine.render(handle, engine.detect(np.stack(driving)))
    difference = np.abs(frames[True].astype(float) - frames[False])
    print("vox-256, seeded weights, 4 frames, True against False:")
    print(
        f"  mean difference {difference.mean():.2f} grey levels, PSNR {psnr_db(difference):.1f} dB"
    )
    rim = np.ones((256, 256), bool)
    rim[8:-8, 8:-8] = False
    print(f"  8-pixel rim {difference[:, rim].mean():.2f}, inside {difference[:, ~rim].mean():.2f}")


if __name__ == "__main__":
    main()

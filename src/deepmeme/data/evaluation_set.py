"""Pairs for measuring a portrait model that its training never sees.

Clips give frames of a person who speaks (source: the first frame; driving: later ones). Portraits
that the bank of portraits leaves out give re-rendered pairs (source: the photograph).

    python -m deepmeme.data.evaluation_set -o FILE.npz --pictures DIR --landmarks NPZ [--mattes NPZ]
        [--clip-mattes NPZ] [--facekit PATH] [--models DIR] CLIP...

The file holds source, driving (n, 256, 256, 3) uint8; source_xy, driving_xy (n, k, 2) float32 in
[-1, 1]; visible (n, k) bool, of the driving frame; kind (n,), "clip" or "portrait"; name (n,).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import KEYPOINT_NAMES, load_face_kit
from deepmeme.data.portraits import (
    HELD_OUT_EACH,
    PortraitFolder,
    open_model,
    open_portraits,
    render_group,
    sites_from,
    usable,
)
from deepmeme.data.portraits_carrier import Carrier, build_carrier
from deepmeme.data.speaking_clips import open_speaking_clip, read_mattes
from deepmeme.data.teacher import Teacher

FRAMES_PER_CLIP = 12
FRAMES_PER_PORTRAIT = 3

Labelled = tuple[str, str, HeadFrame, HeadFrame]  # kind, name, source, driving


def clip_pairs(
    path: Path, carrier: Carrier, teacher: Teacher, mattes: Path | None
) -> Iterator[Labelled]:
    """The first frame with each of ``FRAMES_PER_CLIP`` others, spread over the clip."""
    clip = open_speaking_clip(path, carrier, teacher, read_mattes(mattes, [path]).get(path.stem))
    window = clip.window(np.random.default_rng(0), spread=0.0)
    source = clip.show(0, window)
    for index in np.linspace(0, len(clip.frames) - 1, FRAMES_PER_CLIP + 1)[1:]:
        yield "clip", path.stem, source, clip.show(round(float(index)), window)


def portrait_pairs(
    portraits: PortraitFolder, carrier: Carrier, teacher: Teacher
) -> Iterator[Labelled]:
    """The held-out portraits, each with re-rendered frames."""
    chosen = usable(carrier, portraits.landmarks)
    for index in chosen[chosen % HELD_OUT_EACH == 0].tolist():
        model = open_model(carrier, portraits, index, teacher)
        rng = np.random.default_rng((2, index))
        source, *others = render_group(model, rng, frames=FRAMES_PER_PORTRAIT)
        for driving in others:
            yield "portrait", portraits.names[index], source, driving


def save_pairs(path: Path, pairs: list[Labelled]) -> None:
    """Write the file that the module's text describes."""

    def xy(frames: list[HeadFrame]) -> NDArray[np.float32]:
        places = np.stack([frame.keypoints_px for frame in frames])
        return np.asarray(places * (2 / (frames[0].image.shape[0] - 1)) - 1, np.float32)

    sources, drivings = [p[2] for p in pairs], [p[3] for p in pairs]
    np.savez_compressed(
        path,
        source=np.stack([f.image for f in sources]),
        driving=np.stack([f.image for f in drivings]),
        source_xy=xy(sources),
        driving_xy=xy(drivings),
        visible=np.stack([f.visible for f in drivings]),
        kind=np.array([p[0] for p in pairs]),
        name=np.array([p[1] for p in pairs]),
        keypoint_names=np.array(KEYPOINT_NAMES),
    )


def main(arguments: list[str] | None = None) -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--landmarks", type=Path, required=True)
    parser.add_argument("--mattes", type=Path)
    parser.add_argument("--clip-mattes", type=Path)
    parser.add_argument("--facekit", type=Path)
    parser.add_argument("--models", type=Path, help="folder of the teacher's models")
    options = parser.parse_args(arguments)
    portraits = open_portraits(options.pictures, options.landmarks, options.mattes)
    kit = load_face_kit(options.facekit)
    carrier = build_carrier(kit, sites_from(kit, portraits.landmarks))
    teacher = Teacher(options.models)
    pairs = [
        pair
        for path in options.clips
        for pair in clip_pairs(path, carrier, teacher, options.clip_mattes)
    ]
    save_pairs(options.out, [*pairs, *portrait_pairs(portraits, carrier, teacher)])


if __name__ == "__main__":
    main()

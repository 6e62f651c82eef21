"""A bank of real frames of people who speak, labelled by the teacher.

Each frame's head is fitted to the teacher's landmarks with one identity for the whole clip; hair
and neck follow the head's pose, shoulders stay.

    python -m deepmeme.data.speaking_clips -o DIR [--groups 20] [--facekit PATH] [--models DIR]
        --landmarks NPZ [--mattes NPZ] CLIP...

``--landmarks`` is the table of portraits that says where the 468 landmarks lie on the face kit;
``--mattes`` holds one (n, h, w) uint8 array for each clip, by its name without ending.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import BankWriter
from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import KEYPOINT_NAMES, load_face_kit
from deepmeme.data.portraits import FRAMES_PER_GROUP, SIZE, sites_from
from deepmeme.data.portraits_carrier import Carrier, build_carrier
from deepmeme.data.portraits_fit import FitOptions, Floats, HeadFit, fit_head
from deepmeme.data.portraits_model import Lifted, PortraitModel, fit_portrait, lift
from deepmeme.data.portraits_render import Window, cut_out, labelled
from deepmeme.data.portraits_sites import landmark_weights
from deepmeme.data.portraits_texture import enlarge, enlarged_px, person_matte
from deepmeme.data.teacher import Teacher
from deepmeme.errors import InputError
from deepmeme.media.video import open_clip

Image = NDArray[np.uint8]

_IDENTITY_FROM = 12  # frames that decide the identity
_SHOULDERS_TAKE = 0.5


@dataclass(frozen=True)
class SpeakingClip:
    """Frames of one person with a head fitted to each."""

    frames: tuple[Image, ...]
    mattes: tuple[Image, ...]
    fits: tuple[HeadFit, ...]  # in px of the enlarged frames
    heads: tuple[Lifted, ...]
    model: PortraitModel  # of the first frame

    def window(self, rng: np.random.Generator, spread: float = 0.15) -> Window:
        """A square about twice as high as the face, the same for all frames."""
        sites = self.model.carrier.sites
        faces = np.stack([sites.read(head.places)[:, :2] for head in self.heads])
        low, high = np.median(faces.min(1), 0), np.median(faces.max(1), 0)
        side = 1.95 * float(high[1] - low[1]) * rng.uniform(1 - spread, 1 + spread)
        shift = np.array([0.0, -0.04]) + rng.normal(0, 0.2 * spread, 2)
        x, y = (low + high) / 2 + shift * side - side / 2
        return Window(float(x), float(y), side)

    def show(self, index: int, window: Window, size: int = SIZE) -> HeadFrame:
        """One frame cut out, with its labels."""
        moved = _followed(self.model, self.heads[index], self.fits[index])
        matte = np.repeat(self.mattes[index][..., None], 3, axis=2)
        return labelled(
            self.model,
            moved,
            window,
            cut_out(enlarge(self.frames[index]), window, size),
            cut_out(enlarge(matte), window, size)[..., 0],
        )


def open_speaking_clip(
    path: Path, carrier: Carrier, teacher: Teacher, mattes: NDArray[np.uint8] | None = None
) -> SpeakingClip:
    """Read a clip and fit the head to every frame; persons are cut out by colour if need be.

    Raises:
        InputError: not a video, or a frame shows no face.
    """
    frames = tuple(np.ascontiguousarray(frame) for frame in open_clip(path))
    places, irises = [], []
    near: Floats | None = None
    for index, frame in enumerate(frames):
        near = teacher.landmarks468(frame, near)
        if near is None:
            raise InputError(f"{path}: no face in frame {index}; choose a clip that shows one.")
        places.append(near)
        irises.append(teacher.irises(frame, near))
    seen = enlarged_px(_calm(np.stack(places)))
    fits = fit_clip(carrier, seen)
    looked = enlarged_px(_calm(np.stack(irises)))
    heads = tuple(lift(carrier, *each) for each in zip(fits, seen, looked, strict=True))
    if mattes is None:
        mattes = np.stack([person_matte(f, p) for f, p in zip(frames, places, strict=True)])
    model = fit_portrait(carrier, frames[0], mattes[0], places[0], irises[0], fits[0])
    return SpeakingClip(frames, tuple(mattes), fits, heads, model)


def read_mattes(table: Path | None, clips: Sequence[Path]) -> dict[str, Image]:
    """(n, h, w) for each clip that the table knows, by its name without ending."""
    if table is None:
        return {}
    with np.load(table, allow_pickle=False) as known:
        return {path.stem: known[path.stem] for path in clips if path.stem in known.files}


def fit_clip(carrier: Carrier, seen: Floats) -> tuple[HeadFit, ...]:
    """Fits of all frames (n, 468, 3) with the identity that several of them agree on."""
    basis, weight = carrier.head.basis(carrier.sites), landmark_weights()
    some = seen[:: max(1, len(seen) // _IDENTITY_FROM)]
    identity = np.mean([fit_head(face, basis, weight).identity for face in some], axis=0)
    options = FitOptions(rounds=5)
    return tuple(fit_head(face, basis, weight, options, identity) for face in seen)


def draw_groups(
    clip: SpeakingClip, number: int, rng: np.random.Generator
) -> list[tuple[Window, NDArray[np.intp]]]:
    """Windows and frame numbers: each group is spread over the whole clip."""
    bounds = np.linspace(0, len(clip.frames), FRAMES_PER_GROUP + 1)
    groups = []
    for _ in range(number):
        chosen = np.array([rng.integers(int(a), int(b)) for a, b in pairwise(bounds)])
        groups.append((clip.window(rng), rng.permutation(chosen).astype(np.intp)))
    return groups


def _calm(track: Floats) -> Floats:
    """Average every frame a little with its neighbours: (1, 2, 1) / 4 along the first axis."""
    before = np.concatenate([track[:1], track[:-1]])
    after = np.concatenate([track[1:], track[-1:]])
    return np.asarray((before + 2 * track + after) / 4, np.float32)


def _followed(model: PortraitModel, head: Lifted, fit: HeadFit) -> Floats:
    """(v + s, 3): the head as it is in a frame, and the first frame's sheet taken along."""
    pivot = model.carrier.kit.pivot
    start = model.fit.scale * model.fit.rotation @ pivot + model.fit.translation
    now = fit.scale * fit.rotation @ pivot + fit.translation
    turn = fit.scale / model.fit.scale * fit.rotation @ model.fit.rotation.T
    back = ((head.places - now) @ np.linalg.inv(turn).T + start).astype(np.float32)
    changed = model.sheet_site.read(back - model.source_px)
    still = np.concatenate([back, model.sheet_px + model.sheet_follow[:, None] * changed])
    turned = (still - start) @ turn.T + now
    share = model.head_share[:, None]
    moved = share * turned + (1 - share) * (still + _SHOULDERS_TAKE * (now - start))
    return np.asarray(moved, np.float32)


def write_bank(out: Path, clips: Sequence[SpeakingClip], number: int, seed: int) -> None:
    """``number`` groups of each clip, in turn, going on where an earlier run stopped."""
    writer = BankWriter(
        out,
        len(clips) * number,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=FRAMES_PER_GROUP,
        size=SIZE,
        origin=f"speaking clips seed {seed}",
    )
    plans = [
        draw_groups(clip, number, np.random.default_rng((seed, k))) for k, clip in enumerate(clips)
    ]
    while writer.groups < writer.shape.capacity:
        turn, which = divmod(writer.groups, len(clips))
        window, chosen = plans[which][turn]
        writer.add_group([clips[which].show(int(index), window) for index in chosen])


def main(arguments: list[str] | None = None) -> None:
    """Write the bank."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--landmarks", type=Path, required=True)
    parser.add_argument("--mattes", type=Path)
    parser.add_argument("--facekit", type=Path)
    parser.add_argument("--models", type=Path, help="folder of the teacher's models")
    parser.add_argument("--groups", type=int, default=20, help="of each clip")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    kit = load_face_kit(options.facekit)
    with np.load(options.landmarks, allow_pickle=False) as table:
        carrier = build_carrier(kit, sites_from(kit, table["landmarks"].astype(np.float32)))
    teacher = Teacher(options.models)
    cut = read_mattes(options.mattes, options.clips)
    clips = [
        open_speaking_clip(path, carrier, teacher, cut.get(path.stem)) for path in options.clips
    ]
    write_bank(options.out, clips, options.groups, options.seed)


if __name__ == "__main__":
    main()

"""Frames of a clip get the keypoints of the head that was fitted to them."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepmeme.data.bank import open_bank
from deepmeme.data.evaluation_set import clip_pairs, save_pairs
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.portraits_fit import Floats
from deepmeme.data.speaking_clips import (
    SpeakingClip,
    draw_groups,
    open_speaking_clip,
    read_mattes,
    write_bank,
)
from deepmeme.data.teacher import Teacher
from deepmeme.errors import InputError
from tests.data.small_face import drawn_portrait, small_carrier

YAWS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)


class KnowingTeacher(Teacher):
    """Says what the drawn frames were made from; the corner pixel numbers the frame."""

    def __init__(self) -> None:
        """Needs no models."""

    def landmarks468(
        self, image: NDArray[np.uint8], near: Floats | None = None, refinements: int = 2
    ) -> Floats | None:
        """Landmarks of the drawing, none on a black frame."""
        return None if not image.any() else drawn_portrait(_yaw_of(image)).landmarks

    def irises(self, image: NDArray[np.uint8], landmarks: Floats) -> Floats:
        """Irises of the drawing."""
        return drawn_portrait(_yaw_of(image)).irises


def _yaw_of(image: NDArray[np.uint8]) -> float:
    return YAWS[int(image[0, 0, 0]) // 10]


def _write_frames(folder: Path) -> tuple[Path, NDArray[np.uint8]]:
    folder.mkdir(parents=True)
    mattes = []
    for index, yaw in enumerate(YAWS):
        drawn = drawn_portrait(yaw)
        image = drawn.image.copy()
        image[:2, :2] = index * 10
        cv2.imwrite(str(folder / f"{index:03d}.png"), image[..., ::-1])
        mattes.append(drawn.matte)
    return folder, np.stack(mattes)


@cache
def _read(folder: Path) -> SpeakingClip:
    path, mattes = _write_frames(folder)
    return open_speaking_clip(path, small_carrier(), KnowingTeacher(), mattes)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> SpeakingClip:
    return _read(tmp_path_factory.mktemp("clip") / "frames")


def test_one_person_has_one_identity(clip: SpeakingClip) -> None:
    assert len(clip.fits) == len(YAWS)
    for fit in clip.fits[1:]:
        assert np.allclose(fit.identity, clip.fits[0].identity)


def test_keypoints_follow_the_turning_head(clip: SpeakingClip) -> None:
    window = clip.window(np.random.default_rng(0), spread=0.0)
    nose = KEYPOINT_NAMES.index("nose_3")
    across = [clip.show(i, window, 128).keypoints_px[nose, 0] for i in (0, 3, 6)]
    assert across[0] + 3 < across[1] < across[2] - 3


def test_a_frame_is_the_clip_s_own_picture(clip: SpeakingClip) -> None:
    window = clip.window(np.random.default_rng(0), spread=0.0)
    first, last = clip.show(0, window, 128), clip.show(6, window, 128)
    assert not np.array_equal(first.image, last.image)
    assert np.array_equal(first.triangles, last.triangles)
    assert 0.2 < (first.mask > 128).mean() < 0.95


def test_groups_are_spread_over_the_clip(clip: SpeakingClip) -> None:
    for _, chosen in draw_groups(clip, 5, np.random.default_rng(1)):
        assert sorted(chosen.tolist()) == sorted(set(chosen.tolist()))
        assert np.ptp(chosen) >= len(YAWS) // 2


def test_bank_goes_on_where_it_stopped(clip: SpeakingClip, tmp_path: Path) -> None:
    write_bank(tmp_path, [clip], 1, seed=3)
    frames = np.array(open_bank(tmp_path).frames)
    write_bank(tmp_path, [clip], 1, seed=3)
    assert np.array_equal(open_bank(tmp_path).frames, frames)


def test_evaluation_pairs_share_the_first_frame(tmp_path: Path) -> None:
    path, mattes = _write_frames(tmp_path / "speaker")
    np.savez(tmp_path / "mattes.npz", speaker=mattes)
    pairs = list(clip_pairs(path, small_carrier(), KnowingTeacher(), tmp_path / "mattes.npz"))[:3]

    save_pairs(tmp_path / "set.npz", pairs)

    with np.load(tmp_path / "set.npz", allow_pickle=False) as found:
        assert found["source"].shape == found["driving"].shape == (3, 256, 256, 3)
        assert np.array_equal(found["source"][0], found["source"][2])
        assert np.abs(found["driving_xy"][:, KEYPOINT_NAMES.index("nose_3")]).max() < 1
        assert found["kind"].tolist() == ["clip"] * 3


def test_a_frame_without_a_face_is_named(tmp_path: Path) -> None:
    (tmp_path / "dark").mkdir()
    for index in range(2):
        cv2.imwrite(str(tmp_path / "dark" / f"{index}.png"), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(InputError, match="frame 0"):
        open_speaking_clip(tmp_path / "dark", small_carrier(), KnowingTeacher())


def test_clips_without_a_matte_are_left_to_colour(tmp_path: Path) -> None:
    np.savez(tmp_path / "mattes.npz", other=np.zeros((1, 2, 2), np.uint8))
    assert read_mattes(tmp_path / "mattes.npz", [Path("speaker.mp4")]) == {}
    assert read_mattes(None, [Path("speaker.mp4")]) == {}

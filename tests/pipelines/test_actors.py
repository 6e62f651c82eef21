"""What happens to a source's keypoints where they are named parts of a face."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.shape import average_face
from deepmeme.pipelines.actors import motions, struck_pose
from deepmeme.pipelines.animate import prepare
from deepmeme.runtime.engine import KeypointArrays
from tests.pipelines.drawn import dots_picture, write_picture
from tests.pipelines.stub_engine import StubEngine, StubModel, dots
from tests.pipelines.studio import Studio

FACE = average_face()
NAMES = tuple(FACE)
MOUTH = [i for i, name in enumerate(NAMES) if name.startswith("lip_inner")]
LOWER = [NAMES.index(f"lip_inner_{i}") for i in (5, 6, 7)]
NOSE = NAMES.index("nose_3")


class FaceEngine(StubEngine):
    """Sees an average face that goes right with the dots, and whose mouth opens as it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.pretend(keypoint_names=NAMES, num_keypoints=len(NAMES))

    def detect(self, frames: NDArray[Any]) -> KeypointArrays:
        still = np.array([FACE[name][:2] for name in NAMES], np.float32) * 0.3
        faces = []
        for frame in frames:
            right = dots(frame)[:, 0].mean()
            face = still + np.float32((right, 0))
            face[LOWER, 1] += 0.2 * right
            faces.append(face)
        return KeypointArrays(np.asarray(faces, np.float32))


def moved(studio: Studio, **changes: object) -> NDArray[np.float32]:
    """Keypoints of the last frame less those of the first, (k, 2)."""
    model = StubModel(FaceEngine())
    animation = prepare(studio.source, studio.driving, model=model, anchor=0, smooth=0, **changes)
    actor = animation.subjects[0].actors[0]
    rows = range(len(animation.playing.order))
    found = list(motions(actor, animation.playing, animation.options, NAMES, rows))
    assert len(found) == 12 and all(k.xy.shape == (1, len(NAMES), 2) for k in found)
    return np.asarray(found[-1].xy[0] - found[0].xy[0])


def opening(change: NDArray[np.float32]) -> float:
    return float((change[LOWER] - change[NOSE])[:, 1].mean())


def test_whole(studio: Studio) -> None:
    change = moved(studio)
    assert change[NOSE, 0] == pytest.approx(0.4, abs=0.03)
    assert opening(change) == pytest.approx(0.08, abs=0.02)


def test_pose_alone(studio: Studio) -> None:
    change = moved(studio, part="pose")
    assert change[NOSE, 0] == pytest.approx(0.4, abs=0.03)
    assert abs(opening(change)) < 0.01


def test_expression_alone(studio: Studio) -> None:
    change = moved(studio, part="expression")
    assert abs(change[NOSE, 0]) < 0.03
    assert opening(change) == pytest.approx(0.08, abs=0.02)


def test_the_mouth_kept(studio: Studio) -> None:
    change = moved(studio, mouth=False)
    assert change[NOSE, 0] == pytest.approx(0.4, abs=0.03)
    assert abs(opening(change)) < 0.01


def test_half(studio: Studio) -> None:
    change = moved(studio, multiplier=0.5)
    assert change[NOSE, 0] == pytest.approx(0.2, abs=0.03)


def test_eyes_need_names(studio: Studio) -> None:
    with pytest.raises(InputError, match="--no-eyes needs a model"):
        prepare(studio.source, studio.driving, eyes=False)


@pytest.mark.parametrize(
    ("changes", "opens"),
    [({}, 0.08), ({"part": "pose"}, 0.0), ({"mouth": False}, 0.0), ({"multiplier": 0.5}, 0.04)],
)
def test_a_picture_as_driver(studio: Studio, changes: dict[str, object], opens: float) -> None:
    pose = write_picture(studio.folder / "pose.png", dots_picture(64, 64, x=0.4))
    animation = prepare(studio.source, pose, model=StubModel(FaceEngine()), **changes)
    actor = animation.subjects[0].actors[0]
    struck = struck_pose(actor, animation.options, NAMES)
    assert opening(struck.xy[0] - actor.keypoints.xy[0]) == pytest.approx(opens, abs=0.02)
    assert abs((struck.xy - actor.keypoints.xy)[..., 0].mean()) < 0.03  # stays at its place

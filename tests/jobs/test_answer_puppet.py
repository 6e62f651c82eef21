"""What the desk answers about a picture whose points are pulled."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.jobs.answer_puppet import puppet
from deepmeme.jobs.folder import on_shelf
from deepmeme.jobs.hands import answered
from deepmeme.jobs.wire import Message, packed
from deepmeme.provenance.watermark_read import read_watermark

PAINTING = str(on_shelf("shelf:painting"))
VIEWS = ("picture", "grid", "occlusion", "heatmap")


def shown(url: str) -> tuple[bytes, np.ndarray]:
    head, encoded = url.split(",")
    assert head == "data:image/jpeg;base64"
    jpeg = b64decode(encoded)
    return jpeg, np.asarray(Image.open(BytesIO(jpeg)).convert("RGB"))


def test_a_pulled_chin() -> None:
    rest = answered(Message({"ask": "puppet", "path": PAINTING, "points": None})).said
    names, home = rest["names"], rest["home"]
    assert rest["points"] == home and len(names) == len(home) == 79
    points = [list(point) for point in home]
    for name in ("jaw_7", "jaw_8", "jaw_9"):
        points[names.index(name)][1] += 0.15
    pulled = puppet({"path": PAINTING, "points": points}, b"").said
    np.testing.assert_allclose(pulled["points"], points, atol=1e-5)
    assert pulled["home"] == home
    for view in VIEWS:
        before, after = (shown(said[view])[1].astype(int) for said in (rest, pulled))
        assert before.shape == (256, 256, 3)
        below, above = np.abs(before - after)[150:], np.abs(before - after)[:80]
        assert below.max() > 20
        assert below.mean() > 3 * above.mean(), view
    assert len(packed(Message(pulled))) < 200_000


def test_only_the_made_picture_is_marked() -> None:
    said = puppet({"path": PAINTING, "points": None}, b"").said
    jpeg, pixels = shown(said["picture"])
    assert read_watermark([pixels], search=False) is not None
    assert b"trainedAlgorithmicMedia" in jpeg or b"compositeWithTrained" in jpeg
    jpeg, pixels = shown(said["grid"])
    assert read_watermark([pixels], search=False) is None


def test_another_models_points_are_refused() -> None:
    with pytest.raises(InputError, match="79 keypoints"):
        puppet({"path": PAINTING, "points": [[0.0, 0.0]] * 10}, b"")

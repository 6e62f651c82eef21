"""What the tests of results share."""

import pytest
from PIL import Image

from deepmeme.media.audio import open_sound
from deepmeme.provenance.record import Record, read_inputs
from deepmeme.provenance.seal import save_picture
from tests.media.drawn import scenes, tone, write_video
from tests.provenance.results import EVERY_NAME, rendered, smooth_scene


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    """A picture and a video of two frames and a beep, and the record of a work made of them."""
    folder = tmp_path_factory.mktemp("anns-secret-folder")
    Image.fromarray(smooth_scene(0, 320, 240)).save(folder / "ann.jpg", quality=90)
    write_video(folder / "dance.mp4", scenes(2), sound=tone(0.1, [0.0]))
    return Record(
        task="animate",
        model="portrait",
        model_sha256="ab" * 32,
        inputs=read_inputs(source=folder / "ann.jpg", driving=folder / "dance.mp4"),
        options={"smooth": 0.5, "model": str(folder / "my.safetensors"), "caption_top": "a/b"},
        version="1.2.3",
    )


@pytest.fixture(scope="session")
def signed(config_dir, inputs, tmp_path_factory):
    """One signed result of every format, by its name: what ``save`` told."""
    folder = tmp_path_factory.mktemp("signed")
    frames = [smooth_scene(i) for i in range(6)]
    sound = inputs.inputs[1].path
    made = {
        name: rendered(frames, record=inputs, audio=open_sound(sound)).save(folder / name)
        for name in EVERY_NAME
    }
    for name in ("s.png", "s.jpg", "s.webp"):
        made[name] = save_picture(frames[0], folder / name, inputs)
    return made

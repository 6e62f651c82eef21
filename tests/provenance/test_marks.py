"""Made by AI: on every format, readable by us and by others, and not to be lost by accident."""

import subprocess
import sys
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepmeme.errors import DeepmemeError, InputError
from deepmeme.media.clip import Clip
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.provenance.found import Marks, read_marks
from deepmeme.provenance.marks import mark_file, overhead_bytes, statement
from deepmeme.provenance.record import COMPOSITE, WHOLLY_DREAMT, Record
from deepmeme.provenance.seal import save_picture
from tests.media.drawn import scenes, write_video
from tests.media.properties import examples
from tests.provenance.results import EVERY_NAME, RECORD, VIDEOS, rendered, smooth_scene

STILLS = ("s.png", "s.jpg", "s.webp")


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_moving_format_is_marked(tmp_path, name):
    path = rendered(scenes(5)).save(tmp_path / name).path
    assert read_marks(path) == Marks("Made by AI with deepmeme 1.2.3", COMPOSITE)


@pytest.mark.parametrize("name", STILLS)
def test_every_still_format_is_marked(tmp_path, name):
    path = save_picture(scenes(1)[0], tmp_path / name, RECORD).path
    assert read_marks(path) == Marks("Made by AI with deepmeme 1.2.3", COMPOSITE)


@pytest.mark.parametrize("name", VIDEOS)
def test_players_show_the_mark_of_a_video(tmp_path, name):
    with av.open(str(rendered(scenes(5)).save(tmp_path / name).path)) as container:
        found = {key.lower(): text for key, text in container.metadata.items()}
    assert found["title"] == "Made by AI with deepmeme 1.2.3"
    assert COMPOSITE in found["comment"]


@pytest.mark.parametrize("name", ["s.png", "s.jpg", "s.webp", "a.gif", "a.apng", "a.webp"])
def test_other_programs_find_the_mark_of_a_picture(tmp_path, name):
    if name.startswith("s"):
        save_picture(smooth_scene(0), tmp_path / name, RECORD)
    else:
        rendered(scenes(5)).save(tmp_path / name)
    with Image.open(tmp_path / name) as image:
        image.load()
        told = {str(key).lower(): text for key, text in image.info.items()}
    if name != "s.webp" and name != "a.webp":  # a WebP holds no comment beside its XMP
        assert "Made by AI with deepmeme 1.2.3" in str(told["comment"])
    if name != "a.gif":  # Pillow reads a GIF's comments only
        packet = told.get("xmp") or told["xml:com.adobe.xmp"]
        packet = packet.decode() if isinstance(packet, bytes) else packet
        tree = ElementTree.fromstring(packet.partition("?>")[2].rpartition("<?xpacket")[0])
        assert "Made by AI with deepmeme 1.2.3" in "".join(tree.itertext())
        assert any(COMPOSITE in str(e.attrib) for e in tree.iter())


def test_marks_do_not_touch_the_pictures(tmp_path):
    rng = np.random.default_rng(3)
    for form, suffix, options in (
        ("JPEG", ".jpg", {"quality": 90}),
        ("WEBP", ".webp", {"lossless": True}),
        ("WEBP", ".webp", {"quality": 50}),
        ("PNG", ".png", {}),
        ("GIF", ".gif", {}),
    ):
        path = tmp_path / f"p{suffix}"
        for side in (33, 64):
            noise = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
            Image.fromarray(noise).save(path, format=form, **options)
            before, length = read_image(path), path.stat().st_size
            assert read_marks(path) is None
            mark_file(path, sniff(path).name, RECORD)
            assert np.array_equal(read_image(path), before)
            assert read_marks(path) is not None
            assert path.stat().st_size - length <= overhead_bytes(RECORD)


def test_what_is_wholly_dreamt_says_so(tmp_path):
    record = Record(task="sample", version="1.2.3")
    for name in STILLS:
        found = read_marks(save_picture(scenes(1)[0], tmp_path / name, record).path)
        assert found is not None
        assert found.digital_source_type == WHOLLY_DREAMT


def test_files_of_others_carry_no_mark(tmp_path):
    path = write_video(tmp_path / "a.mp4", scenes(3))
    assert read_marks(path) is None
    folder = rendered(scenes(3)).save(tmp_path / "frames").path
    Image.fromarray(scenes(1)[0]).save(folder / "000001.png")
    assert read_marks(folder) is None, "one unmarked picture among them"
    (tmp_path / "t.png").write_text("no picture")
    with pytest.raises(InputError):
        read_marks(tmp_path / "t.png")


def test_any_version_can_be_read_back(tmp_path):
    for version in ("1.0", "2.3.4rc1", "0.1.0.dev3+g1a2b3c", "(uninstalled)"):
        record = Record(task="animate", version=version)
        for name in ("a.mp4", "a.gif", "a.png"):
            path = rendered(scenes(2), record=record).save(tmp_path / name).path
            found = read_marks(path)
            assert found is not None
            assert found.statement == statement(record) == f"Made by AI with deepmeme {version}"


def test_a_clip_cannot_be_saved():
    assert not [name for name in dir(Clip) if "save" in name or "write" in name]


@pytest.mark.parametrize("name", ["r.mp4", "r.gif", "r.webp", "r", "s.png"])
def test_a_result_that_lost_its_mark_does_not_leave(tmp_path, monkeypatch, name):
    monkeypatch.setattr("deepmeme.provenance.finish.mark_file", lambda *_: None)
    monkeypatch.setattr("deepmeme.provenance.seal.tags", lambda _: {})
    with pytest.raises(RuntimeError, match="without its mark"):
        if name == "s.png":
            save_picture(scenes(1)[0], tmp_path / name, RECORD)
        else:
            rendered(scenes(3)).save(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_the_writer_is_imported_by_the_door_alone():
    """In the product: data and train write what never leaves the machine."""
    program = (
        "import ast, pathlib, deepmeme\n"
        "root = pathlib.Path(deepmeme.__file__).parent\n"
        "for path in root.rglob('*.py'):\n"
        "    place = path.relative_to(root).parts\n"
        "    if place[0] in ('data', 'train') or place[:2] == ('media', 'encode'): continue\n"
        "    if 'media.encode' in path.read_text(): print('/'.join(place))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.split() == ["provenance/seal.py"]


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    paths = [
        rendered(scenes(3, 32, 32)).save(folder / n).path for n in ("a.gif", "a.webp", "a.mp4")
    ]
    paths += [save_picture(scenes(1, 32, 32)[0], folder / n, RECORD).path for n in STILLS]
    return folder, [path.read_bytes() for path in paths]


@examples(150)
@given(
    choice=st.integers(0, 5),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    cut=st.floats(0, 1),
)
def test_damaged_files_are_read_without_harm(marked, choice, edits, cut):
    folder, encoded = marked
    damaged = bytearray(encoded[choice])
    for at, value in edits:
        damaged[int(at * (len(damaged) - 1))] = value
    path = folder / "damaged"
    path.write_bytes(damaged[: max(1, int((0.5 + cut) * len(damaged)))])
    try:
        found = read_marks(path)
    except DeepmemeError as error:
        assert str(path) in str(error)
    else:
        assert found is None or isinstance(found, Marks)

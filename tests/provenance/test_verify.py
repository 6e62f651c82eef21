"""``deepmeme.verify``: what it says of files as they left, and after somebody was at them."""

import io
import json
import os
import shutil
import struct
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import deepmeme
from deepmeme.errors import InputError
from deepmeme.media.audio import open_sound
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.provenance import verify as verify_module
from deepmeme.provenance.credentials import library_settings
from deepmeme.provenance.identity import _new_identity
from deepmeme.provenance.marks import statement
from deepmeme.provenance.record import InputFile, Record
from deepmeme.provenance.seal import save_picture
from deepmeme.provenance.watermark import Watermark
from tests.media.drawn import scenes, tone, write_sound, write_video
from tests.media.properties import examples
from tests.provenance.results import EVERY_NAME, RECORD, rendered, smooth_scene
from tests.provenance.test_tampering import EVIL, chunk, remux, said_by, sign_as

SIDE = 192
STILLS = ("s.png", "s.jpg", "s.webp")
C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def scene(index=0, side=SIDE, grain=2):
    """Waves with some grain, which stays where it is."""
    grain = np.random.default_rng(1).normal(0, grain, (side, side, 1))
    return np.clip(smooth_scene(index, side, side) + grain, 0, 255).astype(np.uint8)


def look(path):
    return deepmeme.verify(path, search=False)


@pytest.fixture(scope="session")
def made(config_dir, inputs, tmp_path_factory):
    """A result of every format, large enough for its watermark: what ``save`` told."""
    folder = tmp_path_factory.mktemp("made")
    frames = [scene(i) for i in range(6)]
    sound = open_sound(inputs.inputs[1].path)
    saved = {}
    for number, name in enumerate((*EVERY_NAME, *STILLS)):
        record = replace(inputs, work_id=f"a{number:010x}")
        saved[name] = (
            save_picture(frames[0], folder / name, record)
            if name in STILLS
            else rendered(frames, record=record, audio=sound).save(folder / name)
        )
    return saved


@pytest.fixture(scope="session")
def dance(made, tmp_path_factory):
    """A second of video of the size that models make, with some detail in it."""
    frames = [scene(i, 256, 4) for i in range(24)]
    record = replace(RECORD, work_id="da5ce012345")
    return rendered(frames, record=record).save(tmp_path_factory.mktemp("dance") / "dance.mp4")


@pytest.fixture
def elsewhere(made, tmp_path_factory, monkeypatch):
    """A computer that never signed anything."""
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path_factory.mktemp("elsewhere")))


@pytest.fixture
def photo(tmp_path):
    """A picture that nobody marked."""
    path = tmp_path / "photo.png"
    Image.fromarray(scene(90)).save(path)
    return path


def copy(saved, folder, name=None):
    """The result, without what lies beside it."""
    return shutil.copy(saved.path, folder / (name or saved.path.name))


def credentials_chunk(path):
    """The credentials of a PNG."""
    encoded = path.read_bytes()
    at = encoded.index(b"caBX") - 4
    return encoded[at : at + 12 + int.from_bytes(encoded[at : at + 4], "big")]


def with_chunk(path, extra):
    encoded = path.read_bytes()
    path.write_bytes(encoded[:33] + extra + encoded[33:])
    return path


def work_assertion(work_id):
    return {"label": "org.deepmeme.work", "data": {"work_id": work_id, "task": "animate"}}


def no_promises(verdict):
    """What may never be said without reserve of something that anybody can make."""
    assert "Sure:" not in verdict.sureness
    return verdict


# as they left the house


@pytest.mark.parametrize("name", (*EVERY_NAME, *STILLS))
def test_every_format_is_intact(made, name):
    verdict = deepmeme.verify(made[name].path)
    assert (verdict.state, verdict.exit_code) == ("intact", 0)
    assert "by AI with deepmeme, and unchanged since" in verdict.summary
    assert verdict.sureness.startswith("Sure: all that is seen and heard fits the signature")
    assert "this computer" in verdict.sureness
    assert verdict.work_id == made[name].work_id == verdict.watermark.work_id
    assert [part.title for part in verdict.credentials.ingredients] == ["ann.jpg", "dance.mp4"]
    assert ("missing or in their order" in verdict.sureness) == (name == "a")


@pytest.mark.parametrize("name", ["a.mp4", "s.jpg", "a.mkv", "a"])
def test_another_computer_does_not_know_who_signed(made, elsewhere, name):
    verdict = no_promises(look(made[name].path))
    assert (verdict.state, verdict.exit_code) == ("intact", 0)
    assert "as its signer says, and unchanged since it was signed" in verdict.summary
    assert "Not sure by whom" in verdict.sureness and "imitate" in verdict.sureness
    assert "The watermark names the same work." in verdict.sureness


def test_signed_by_an_organisation(tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.mkdir()
    for name, pem in zip(("chain.pem", "key.pem"), _new_identity(), strict=True):
        (config / name).write_bytes(pem)
    lines = '[signing]\ncertificate = "chain.pem"\nkey = "key.pem"\n'
    (config / "config.toml").write_text(lines)
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path / "config"))
    saved = save_picture(scene(), tmp_path / "r.png", RECORD)
    assert "made by a key of this computer or its organisation" in look(saved.path).sureness
    (config / "config.toml").unlink()
    assert "Not sure by whom" in no_promises(look(saved.path)).sureness


def test_json_is_plain(made):
    told = json.loads(json.dumps(look(made["a.mkv"].path).as_dict()))
    assert told["state"] == "intact" and told["exit_code"] == 0
    assert told["work_id"] == told["credentials"]["work_id"] == told["watermark"]["work_id"]
    assert told["credentials"]["sidecar"].endswith("a.mkv.c2pa")
    assert told["credentials"]["time_vouched"] is False
    assert told["statement"] == "Made by AI with deepmeme 1.2.3"


@pytest.mark.parametrize("name", ["small.png", "small.gif"])
def test_too_small_for_a_watermark(tmp_path, name, request):
    frames = [scene(i, 32) for i in range(3)]
    saved = (
        save_picture(frames[0], tmp_path / name, RECORD)
        if name == "small.png"
        else rendered(frames).save(tmp_path / name)
    )
    verdict = look(saved.path)
    assert (verdict.state, verdict.watermark) == ("intact", None)
    request.getfixturevalue("elsewhere")
    assert "No watermark could be read" in no_promises(look(saved.path)).sureness


# after somebody was at them


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.gif", "a.webp", "s.jpg", "s.png", "a.mkv"])
def test_one_flipped_bit_in_the_pictures(tmp_path, made, name):
    path = copy(made[name], tmp_path)
    if made[name].sidecar:
        shutil.copy(made[name].sidecar, tmp_path)
    encoded = bytearray(path.read_bytes())
    at = encoded.rindex(b"mdat") + 4500 if name in ("a.mp4", "a.mov") else len(encoded) - 60
    at = encoded.rindex(b"ANMF") + 900 if name == "a.webp" else at
    encoded[at] ^= 1
    path.write_bytes(encoded)
    verdict = no_promises(look(path))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "do not hold" in verdict.summary and "It was changed since" in verdict.summary
    assert verdict.work_id == made[name].work_id
    if name != "s.png":  # of which a flipped bit leaves nothing to see
        assert "It names the same work as the credentials." in verdict.sureness


@pytest.mark.parametrize("name", ["a.mp4", "s.png", "a.gif"])
def test_one_changed_word_in_the_manifest(tmp_path, made, name):
    path = copy(made[name], tmp_path)
    path.write_bytes(path.read_bytes().replace(b"dance.mp4", b"other.mp4"))
    verdict = no_promises(look(path))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "credentials" in verdict.summary and "do not hold" in verdict.summary
    assert "A statement in the credentials was changed" in verdict.summary


def test_damaged_beyond_reading(tmp_path, made, photo):
    """The manifest's head is gone: nobody can tell whose it was."""
    path = copy(made["s.jpg"], tmp_path)
    encoded = path.read_bytes()
    at = encoded.index(b"c2pa.claim.v2") - 60
    path.write_bytes(encoded[:at] + bytes(60) + encoded[at + 60 :])
    verdict = look(path)
    assert (verdict.state, verdict.work_id) == ("altered", made["s.jpg"].work_id)
    assert "as its invisible watermark says" in verdict.summary
    verdict = look(with_chunk(photo, chunk(b"caBX", b"garbage" * 9)))
    assert (verdict.state, verdict.exit_code) == ("others", 1)
    assert "damaged beyond reading" in verdict.summary
    assert "another program" not in verdict.summary


def recoded(source, target, *, first=0):
    """Decode and encode again, as sites and messengers do."""
    with av.open(str(source)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return write_video(target, frames[first:], options={"crf": "23"})


@pytest.mark.parametrize("treat", ["trimmed", "cut again", "encoded again", "other sound"])
def test_videos_without_their_credentials(tmp_path, dance, treat):
    path, source = tmp_path / "v.mp4", dance.path
    if treat == "trimmed":
        remux(source, path, limit=9)
    elif treat == "other sound":
        remux(source, path, sound=tone(0.2, [0.05]).astype(np.float32))
    else:
        recoded(source, path, first=7 * (treat == "cut again"))
    verdict = no_promises(look(path))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert verdict.work_id == dance.work_id
    assert "as its invisible watermark says. Its credentials are gone" in verdict.summary
    assert "On purpose, anybody" in verdict.sureness


def test_another_sound_under_the_old_credentials(tmp_path, made):
    encoded = made["a.mp4"].path.read_bytes()
    at = encoded.index(C2PA_BOX) - 8
    box = encoded[at : at + struct.unpack(">I", encoded[at : at + 4])[0]]
    path = tmp_path / "v.mp4"
    remux(made["a.mp4"].path, path, sound=tone(0.2, [0.05]).astype(np.float32))
    path.write_bytes(path.read_bytes() + box)
    verdict = look(path)
    assert (verdict.state, verdict.work_id) == ("altered", made["a.mp4"].work_id)
    assert "It was changed since it was signed" in verdict.summary


@pytest.mark.parametrize("name", ["again.png", "again.jpg", "again.gif", "again.webp"])
def test_stills_and_gifs_without_their_credentials(tmp_path, made, name):
    with Image.open(made["a.gif" if name == "again.gif" else "s.png"].path) as image:
        whole = image.convert("RGB")
        more = []
        if name == "again.gif":
            image.seek(1)
            more = [image.convert("RGB")]
        whole.save(tmp_path / name, save_all=bool(more), append_images=more)
    verdict = no_promises(look(tmp_path / name))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    expected = made["a.gif" if name == "again.gif" else "s.png"].work_id
    assert verdict.work_id == expected and verdict.credentials is None


def test_a_smaller_picture_takes_a_search(tmp_path, made):
    path = tmp_path / "small.png"
    with Image.open(made["s.png"].path) as image:
        image.convert("RGB").resize((176, 176)).save(path)
    verdict = look(path)
    assert verdict.state == "unmarked" and "Only a quick look was taken" in verdict.sureness
    verdict = deepmeme.verify(path)
    assert (verdict.state, verdict.work_id) == ("altered", made["s.png"].work_id)


def test_a_frame_of_a_large_video(tmp_path):
    """1080p, as a face is put back into it, then saved by somebody's phone."""
    large = cv2.resize(scene(3), (1920, 1080), interpolation=cv2.INTER_CUBIC)
    record = replace(RECORD, work_id="1080a1080b0")
    saved = save_picture(large, tmp_path / "large.jpg", record)
    assert look(saved.path).state == "intact"
    with Image.open(saved.path) as image:
        image.save(tmp_path / "sent.jpg", quality=60)
    verdict = look(tmp_path / "sent.jpg")
    assert (verdict.state, verdict.work_id) == ("altered", saved.work_id)


@pytest.mark.parametrize("name", ["a.mkv", "a.webm"])
def test_parted_from_its_sidecar_or_beside_another_one(tmp_path, made, photo, name):
    path = copy(made[name], tmp_path)
    verdict = look(path)
    assert verdict.state == "altered" and "parted from its .c2pa file" in verdict.summary
    shutil.copy(made[name].sidecar, tmp_path / "photo.png.c2pa")
    verdict = no_promises(look(photo))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "copied from another file" in verdict.summary
    assert not verdict.summary.startswith("Made by AI")
    assert "Not sure that deepmeme made this very picture" in verdict.sureness


def test_credentials_moved_onto_a_photograph(made, photo):
    verdict = no_promises(look(with_chunk(photo, credentials_chunk(made["s.png"].path))))
    assert (verdict.state, verdict.exit_code, verdict.watermark) == ("altered", 3, None)
    assert "copied from another file" in verdict.summary
    assert not verdict.summary.startswith("Made by AI")


def test_credentials_moved_onto_another_work(tmp_path, made):
    with Image.open(made["s.png"].path) as image:
        image.save(tmp_path / "s.png")
    other = save_picture(scene(40), tmp_path / "other.png", RECORD)
    verdict = look(with_chunk(tmp_path / "s.png", credentials_chunk(other.path)))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert made["s.png"].work_id in verdict.summary and other.work_id in verdict.summary
    assert verdict.work_id == made["s.png"].work_id, "the picture's own"


@pytest.mark.parametrize("name", ["a.mp4", "s.png", "s.jpg", "a.gif", "a.mkv"])
@pytest.mark.parametrize("share", [0.97, 0.5, 0.05])
def test_a_truncated_file(tmp_path, made, name, share):
    path = copy(made[name], tmp_path)
    encoded = path.read_bytes()
    path.write_bytes(encoded[: int(share * len(encoded))])
    try:
        verdict = look(path)
    except InputError as error:
        assert str(path) in str(error)
        return
    assert no_promises(verdict).exit_code in (1, 3)
    assert verdict.exit_code == 3 or share < 0.9


# strangers


def test_signed_anew_by_a_stranger_who_says_he_is_deepmeme(tmp_path, made, photo):
    plain = tmp_path / "p.png"
    with Image.open(made["s.png"].path) as image:
        image.save(plain)
    same, other = made["s.png"].work_id, "0" * 11

    def signed(source, work_id):
        said = said_by("deepmeme", extra=[work_assertion(work_id)])
        return no_promises(look(sign_as(source, tmp_path / "s.png", said)))

    verdict = signed(plain, same)
    assert (verdict.state, verdict.credentials.by_this_machine) == ("intact", False)
    assert "as its signer says" in verdict.summary and "Not sure by whom" in verdict.sureness
    verdict = signed(plain, other)
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "belong to different works" in verdict.summary and same in verdict.summary
    verdict = signed(photo, other)
    assert verdict.state == "intact", "that is all that a reader can tell"
    assert "as its signer says" in verdict.summary and "imitation" in verdict.sureness


def test_another_program_signs_over_the_watermark(tmp_path, made):
    plain = tmp_path / "p.png"
    with Image.open(made["s.png"].path) as image:
        image.save(plain)
    verdict = no_promises(look(sign_as(plain, tmp_path / "s.png", said_by("camera"))))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "of camera 1, do not tell of deepmeme" in verdict.summary
    assert verdict.work_id == made["s.png"].work_id


@pytest.mark.parametrize("relationship", ["parentOf", "componentOf"])
def test_another_program_keeps_the_credentials(tmp_path, made, photo, relationship):
    import c2pa

    info = c2pa.C2paSignerInfo(b"es256", *_new_identity(), None)
    part = {"title": "s.png", "relationship": relationship, "label": "part"}
    opened = "c2pa.opened" if relationship == "parentOf" else "c2pa.placed"
    done = [{"action": opened, "parameters": {"ingredientIds": ["part"]}}]
    if relationship == "componentOf":
        made_up = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"
        done.insert(0, {"action": "c2pa.created", "digitalSourceType": made_up})
    said = said_by("editor")
    said["assertions"] = [{"label": "c2pa.actions.v2", "data": {"actions": done}}]
    with (
        c2pa.Context.from_dict(library_settings()) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(said), context=context) as builder,
        photo.open("rb") as source,
        (tmp_path / "e.png").open("w+b") as target,
    ):
        kept = io.BytesIO(made["s.png"].path.read_bytes())
        builder.add_ingredient(json.dumps(part), "image/png", kept)
        builder.sign(signer, "image/png", source, target)
    verdict = no_promises(look(tmp_path / "e.png"))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "editor 1, which signed the result and keeps deepmeme's credentials" in verdict.summary
    assert verdict.summary.startswith("Partly") == (relationship == "componentOf")
    assert "As sure as you are of who signed" in verdict.sureness
    Image.fromarray(scene(33)).save(photo)
    verdict = no_promises(look(with_chunk(photo, credentials_chunk(tmp_path / "e.png"))))
    assert verdict.exit_code == 3 and "copied from another file" in verdict.summary
    assert "Not sure that deepmeme had a part" in verdict.sureness


def test_of_another_program(tmp_path, photo):
    path = sign_as(photo, tmp_path / "c.png", said_by("camera"))
    verdict = no_promises(look(path))
    assert (verdict.state, verdict.exit_code) == ("others", 1)
    assert "Credentials of camera 1 say that a camera took it. It is unchanged" in verdict.summary
    assert "who signed" in verdict.sureness and not verdict.work_id
    encoded = bytearray(path.read_bytes())
    encoded[-40] ^= 1
    path.write_bytes(encoded)
    verdict = look(path)
    assert (verdict.state, verdict.exit_code) == ("others", 1)
    assert "do not hold" in verdict.summary and "believe nothing" in verdict.sureness


def test_a_hostile_manifest(tmp_path, photo):
    evil = EVIL.replace("\x00", "")
    work = {"label": "org.deepmeme.work", "data": {"work_id": evil, "task": evil, "model": [1]}}
    parts = [{"title": evil, "relationship": "inputTo", "label": f"i{i}"} for i in range(80)]
    for name in ("deepmeme", evil):
        said = said_by(name, title=evil, ingredients=parts, extra=[work])
        verdict = no_promises(look(sign_as(photo, tmp_path / "s.png", said)))
        assert verdict.exit_code in (0, 1)
        assert (verdict.summary + verdict.sureness).isprintable()
        json.dumps(verdict.as_dict())
    huge = with_chunk(photo, chunk(b"caBX", bytes(40 << 20)))
    verdict = look(huge)
    assert verdict.exit_code == 1 and "damaged beyond reading" in verdict.summary


def seen(path):
    if path.name in STILLS:
        return [read_image(path).tobytes()]
    return [frame.tobytes() for frame in open_clip(path)]


@examples(80)
@given(
    name=st.sampled_from(["a.mp4", "a.mkv", "a.gif", "a.webp", "a.apng", *STILLS]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    cut=st.floats(0.02, 1.5),
)
def test_damaged_files_get_a_verdict_or_a_plain_refusal(tmp_path, signed, name, edits, cut):
    encoded = bytearray(signed[name].path.read_bytes())
    for at, value in edits:
        encoded[int(at * (len(encoded) - 1))] = value
    path = tmp_path / name
    path.write_bytes(encoded[: int(cut * len(encoded)) + 1])
    try:
        verdict = look(path)
    except InputError as error:
        assert str(path) in str(error)
        return
    if verdict.exit_code == 0:  # padding and the like are not signed, but all that is seen is
        assert seen(path) == seen(signed[name].path)
    assert (verdict.summary + verdict.sureness).isprintable()
    json.dumps(verdict.as_dict())


# only words, or nothing


@pytest.mark.parametrize("name", ["r.mp4", "r.png", "r.gif", "r"])
def test_made_for_research(tmp_path, research, name):
    frames = [scene(i, 64) for i in range(3)]
    if name == "r.png":
        save_picture(frames[0], tmp_path / name, RECORD)
    else:
        rendered(frames).save(tmp_path / name)
    verdict = no_promises(look(tmp_path / name))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert 'provenance = "off"' in verdict.summary and "metadata says" in verdict.summary
    assert verdict.sureness.startswith("Not sure: anybody can write such a line.")
    assert verdict.statement.statement == statement(RECORD)


def test_a_forged_line_beside_a_cameras_credentials(tmp_path, research, photo):
    saved = save_picture(scene(7, 64), tmp_path / "r.png", RECORD)
    path = sign_as(saved.path, tmp_path / "c.png", said_by("camera"))
    verdict = no_promises(look(path))
    assert verdict.exit_code == 3 and "its credentials are of camera 1" in verdict.summary


@pytest.mark.parametrize("name", ["p.png", "p.jpg", "one.gif", "v.mp4", "folder"])
def test_without_marks(tmp_path, name):
    path = tmp_path / name
    if name == "v.mp4":
        write_video(path, scenes(3))
    elif name == "folder":
        path.mkdir()
        Image.fromarray(scene()).save(path / "a.png")
        Image.fromarray(scene(9, 100)).save(path / "of another size.jpg")
        (path / "text.txt").write_text("of the holidays")
        (path / "more").mkdir()
    else:
        Image.fromarray(scene()).save(path)
    verdict = look(path)
    assert (verdict.state, verdict.exit_code, verdict.work_id) == ("unmarked", 1, "")
    assert verdict.summary == "No mark of deepmeme, and no content credentials."
    assert "This proves nothing" in verdict.sureness


def test_the_whole_search_ends_empty(tmp_path):
    Image.fromarray(scene(0, 40)).save(tmp_path / "p.png")
    verdict = deepmeme.verify(tmp_path / "p.png")
    assert verdict.state == "unmarked" and "quick" not in verdict.sureness


@pytest.mark.parametrize("name", ["gone.png", "empty.png", "text.mp4", "sound.m4a", "no-pictures"])
def test_what_cannot_be_read(tmp_path, name):
    path = tmp_path / name
    if name == "empty.png":
        path.touch()
    elif name == "text.mp4":
        path.write_text("no video")
    elif name == "sound.m4a":
        write_sound(path, tone(0.1))
    elif name == "no-pictures":
        path.mkdir()
        (path / "text.txt").write_text("no picture")
    with pytest.raises(InputError, match=name):
        deepmeme.verify(path)


# folders and long videos


def test_a_folder_of_frames_with_something_else(tmp_path, made):
    folder = shutil.copytree(made["a"].path, tmp_path / "a")
    (folder / "notes.txt").write_text("mine")
    verdict = no_promises(look(folder))
    assert (verdict.state, verdict.work_id) == ("altered", made["a"].work_id)
    assert "notes.txt has no credentials" in verdict.summary
    (folder / "notes.txt").unlink()
    assert look(folder).state == "intact"
    other = save_picture(scene(50), tmp_path / "other.png", RECORD)
    last = sorted(folder.iterdir())[-1]
    shutil.copy(other.path, last)
    verdict = no_promises(look(folder))
    assert verdict.exit_code == 3 and f"{last.name} belongs to another work" in verdict.summary


def test_one_result_among_the_pictures_of_a_camera(tmp_path, made, photo):
    folder = tmp_path / "holidays"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        sign_as(photo, folder / name, said_by("camera"))
    assert look(folder).state == "others"
    copy(made["s.png"], folder, "b.png")
    verdict = no_promises(look(folder))
    assert (verdict.state, verdict.exit_code) == ("altered", 3)
    assert "not all of it" in verdict.summary and "one by one" in verdict.sureness


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_nobody_may_look_into(tmp_path, made):
    folder = shutil.copytree(made["a"].path, tmp_path / "a")
    folder.chmod(0)
    try:
        with pytest.raises(InputError, match="cannot be read"):
            look(folder)
    finally:
        folder.chmod(0o700)


def test_a_folder_stripped_and_scattered(tmp_path, made):
    """Frames saved anew among others of many sizes: the mark is in some of them."""
    for number, path in enumerate(sorted(made["a"].path.iterdir())):
        with Image.open(path) as image:
            image.convert("RGB").save(tmp_path / f"{number}b.png")
        Image.fromarray(scene(5, 60 + number)).save(tmp_path / f"{number}a.png")
    verdict = look(tmp_path)
    assert (verdict.state, verdict.work_id) == ("altered", made["a"].work_id)


def test_a_long_video_is_not_read_to_its_end(tmp_path, monkeypatch):
    """The mark comes late: a short way in it is found, further on it is said what was seen."""
    monkeypatch.setattr(verify_module, "LOOKED_FRAMES", 300)
    mark = Watermark("1a7e1a7e1a7").mark
    plain, fine = [scene(0, 128)] * 150, {"crf": "12", "preset": "veryfast"}
    late = [*plain, *[mark(plain[0])] * 150]
    assert look(write_video(tmp_path / "a.mp4", late, fps=50, options=fine)).state == "altered"
    verdict = look(write_video(tmp_path / "b.mp4", plain * 3, fps=50, options=fine))
    assert verdict.state == "unmarked"
    assert "Only its first 6 seconds were looked at." in verdict.sureness


def test_a_result_made_of_a_result_is_the_new_work(tmp_path, made):
    source = made["s.png"].path
    with Image.open(source) as image:
        frame = np.asarray(image.convert("RGB"))
    record = replace(RECORD, inputs=(InputFile.read("source", source),))
    saved = save_picture(frame, tmp_path / "again.png", record)
    verdict = look(saved.path)
    assert verdict.state == "intact"
    assert verdict.work_id == verdict.watermark.work_id == saved.work_id != made["s.png"].work_id
    assert verdict.credentials.ingredients[0].credentials.work_id == made["s.png"].work_id


def test_credentials_without_inputs(tmp_path):
    saved = save_picture(scene(2), tmp_path / "dream.png", Record("sample", version="1"))
    assert look(saved.path).state == "intact"

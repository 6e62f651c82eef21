"""What the credentials say after somebody was at the file."""

import io
import json
import shutil
import struct
import time
from dataclasses import replace

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepmeme.errors import DeepmemeError, InputError
from deepmeme.media.sniff import sniff
from deepmeme.provenance.credentials import library_settings
from deepmeme.provenance.credentials_found import Credentials, read_credentials
from deepmeme.provenance.credentials_problems import clean, problem
from deepmeme.provenance.embedded import embedded_bytes
from deepmeme.provenance.identity import _new_identity
from deepmeme.provenance.seal import save_picture
from tests.media.drawn import scenes, tone, write_video
from tests.media.properties import examples
from tests.provenance.results import RECORD, rendered, smooth_scene

EMBEDDED = ("a.mp4", "a.mov", "a.gif", "a.webp", "a.apng", "s.png", "s.jpg", "s.webp")
BESIDE = ("a.mkv", "a.webm")


def copy(signed, name, folder):
    """The result and what lies beside it."""
    saved = signed[name]
    if saved.sidecar:
        shutil.copy(saved.sidecar, folder)
    return shutil.copy(saved.path, folder / name)


@pytest.mark.parametrize("name", (*EMBEDDED, *BESIDE))
def test_one_flipped_bit_in_the_pictures(tmp_path, signed, name):
    path = copy(signed, name, tmp_path)
    encoded = bytearray(path.read_bytes())
    at = encoded.rindex(b"mdat") + 2000 if name[2:] in ("mp4", "mov") else len(encoded) - 30
    if name.endswith("webp"):
        at = encoded.index(b"VP8") + 400
    encoded[at] ^= 1
    path.write_bytes(encoded)
    found = read_credentials(path)
    assert found.state == "invalid"
    assert any("changed after it was signed" in p for p in found.problems), found.problems
    assert found.work_id == signed[name].work_id, "what they say is still told"
    assert not found.by_this_machine


@pytest.mark.parametrize("name", EMBEDDED)
def test_one_changed_word_in_the_statements(tmp_path, signed, name):
    path = copy(signed, name, tmp_path)
    encoded = path.read_bytes()
    path.write_bytes(encoded.replace(b"dance.mp4", b"other.mp4"))
    found = read_credentials(path)
    assert found.state == "invalid"
    assert found.problems


def test_a_changed_folder_of_frames(tmp_path, signed):
    folder = shutil.copytree(signed["a"].path, tmp_path / "a")
    pictures = sorted(folder.iterdir())
    encoded = bytearray(pictures[2].read_bytes())
    encoded[-30] ^= 1
    pictures[2].write_bytes(encoded)
    Image.fromarray(smooth_scene(0)).save(pictures[4])
    found = read_credentials(folder)
    assert found.state == "invalid"
    assert [p.partition(" ")[0] for p in found.problems] == [
        f"{pictures[2].name}:", pictures[4].name,
    ]  # fmt: skip
    for picture in pictures:
        Image.fromarray(smooth_scene(0)).save(picture)
    assert read_credentials(folder) is None


def remux(source, target, *, limit=None, sound=None):
    """Copy the packets with FFmpeg, as video editors do."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {0: new.add_stream_from_template(old.streams.video[0])}
        if sound is not None:
            streams[1] = new.add_stream("aac", rate=48_000)
        for count, packet in enumerate(old.demux(video=0)):
            if packet.dts is None or (limit is not None and count >= limit):
                continue
            packet.stream = streams[0]
            new.mux(packet)
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
            frame.sample_rate = 48_000
            new.mux([*streams[1].encode(frame), *streams[1].encode(None)])


def test_a_trimmed_or_remuxed_video_has_lost_them(tmp_path, signed):
    for limit in (3, None):
        remux(signed["a.mp4"].path, tmp_path / "t.mp4", limit=limit)
        assert read_credentials(tmp_path / "t.mp4") is None


def test_credentials_put_on_another_video_do_not_fit(tmp_path, signed):
    """Trimmed, or with another sound, and the old box put back in."""
    encoded = signed["a.mp4"].path.read_bytes()
    at = encoded.index(bytes.fromhex("d8fec3d61b0e483c92975828877ec481")) - 8
    box = encoded[at : at + struct.unpack(">I", encoded[at : at + 4])[0]]
    other = tmp_path / "o.mp4"
    sound = tone(0.2, [0.05]).astype(np.float32)
    for limit, audio in ((3, None), (None, sound)):
        remux(signed["a.mp4"].path, other, limit=limit, sound=audio)
        other.write_bytes(other.read_bytes() + box)
        found = read_credentials(other)
        assert found.state == "invalid"
        assert "The video or its sound was changed" in " ".join(found.problems)


@pytest.mark.parametrize("name", (*EMBEDDED, *BESIDE))
@pytest.mark.parametrize("share", [0.999, 0.7, 0.3])
def test_a_truncated_file(tmp_path, signed, name, share):
    path = copy(signed, name, tmp_path)
    encoded = path.read_bytes()
    path.write_bytes(encoded[: int(share * len(encoded))])
    found = read_credentials(path)
    assert found is None or found.state == "invalid"
    assert found is None or found.problems


def test_stripped_by_others_means_none(tmp_path, signed):
    with Image.open(signed["s.jpg"].path) as image:
        image.save(tmp_path / "again.jpg")
    assert read_credentials(tmp_path / "again.jpg") is None
    write_video(tmp_path / "v.mp4", scenes(2))
    assert read_credentials(tmp_path / "v.mp4") is None
    shutil.copy(signed["a.mkv"].path, tmp_path / "alone.mkv")
    assert read_credentials(tmp_path / "alone.mkv") is None
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InputError):
        read_credentials(tmp_path / "text.png")


def sign_as(source, target, said, *, chain=None, mime="image/png"):
    """With c2pa directly, as anybody can."""
    import c2pa

    chain = chain or _new_identity()
    info = c2pa.C2paSignerInfo(b"es256", *chain, None)
    with (
        c2pa.Context.from_dict(library_settings()) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(said), context=context) as builder,
        source.open("rb") as old,
        target.open("w+b") as new,
    ):
        builder.sign(signer, mime, old, new)
    return target


def said_by(name, *, title="x", ingredients=(), extra=()):
    made = {"action": "c2pa.created", "digitalSourceType": "http://example.org/digitalCapture"}
    return {
        "claim_version": 2,
        "title": title,
        "claim_generator_info": [{"name": name, "version": "1"}],
        "ingredients": list(ingredients),
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}, *extra],
    }


def test_signed_anew_by_a_stranger_who_says_he_is_deepmeme(tmp_path, signed):
    work = {"label": "org.deepmeme.work", "data": {"work_id": "00000000000", "task": "animate"}}
    plain = tmp_path / "p.png"
    with Image.open(signed["s.png"].path) as image:
        image.save(plain)
    path = sign_as(plain, tmp_path / "s.png", said_by("deepmeme", extra=[work]))
    found = read_credentials(path)
    assert (found.state, found.ours, found.by_this_machine) == ("valid", True, False)
    assert found.signer == "deepmeme on this computer", "names prove nothing"


def test_of_another_program(tmp_path, signed):
    plain = tmp_path / "p.png"
    Image.fromarray(smooth_scene(0)).save(plain)
    found = read_credentials(sign_as(plain, tmp_path / "s.png", said_by("camera")))
    assert (found.state, found.ours, found.generator) == ("valid", False, "camera 1")
    assert (found.work_id, found.model, found.options) == ("", "", {})


def test_the_sidecar_of_another_file(tmp_path, signed):
    path = copy(signed, "a.mkv", tmp_path)
    shutil.copy(signed["a.webm"].sidecar, tmp_path / "a.mkv.c2pa")
    found = read_credentials(path)
    assert found.state == "invalid"
    assert "changed after it was signed" in found.problems[0]
    (tmp_path / "a.mkv.c2pa").write_bytes(b"garbage")
    assert read_credentials(path).state == "invalid"
    (tmp_path / "a.mkv.c2pa").unlink()
    shutil.copy(signed["a.mkv"].sidecar, tmp_path / "a.c2pa")
    assert read_credentials(path).state == "trusted", "as other programs name it"
    shutil.copy(signed["a.webm"].sidecar, tmp_path / "a.c2pa")
    assert read_credentials(path) is None, "that is of some other a.*"


def chunk(name, body):
    import zlib

    crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def test_a_hundred_megabytes_of_credentials_are_not_read(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(smooth_scene(0)).save(stream, format="PNG")
    encoded = stream.getvalue()
    path = tmp_path / "huge.png"
    path.write_bytes(encoded[:33] + chunk(b"caBX", bytes(100 << 20)) + encoded[33:])
    started = time.perf_counter()
    found = read_credentials(path)
    assert time.perf_counter() - started < 2
    assert found.state == "invalid"
    assert "100 MB" in found.problems[0]
    record = replace(RECORD, inputs=())
    assert embedded_bytes(path, "png") == 100 << 20
    from deepmeme.provenance.record import InputFile

    record = replace(record, inputs=(InputFile.read("source", path),))
    assert read_credentials(save_picture(scenes(1)[0], tmp_path / "r.png", record).path).ours
    with (tmp_path / "r.mkv.c2pa").open("wb") as stream:
        stream.truncate(100 << 20)
    rendered(scenes(2)).save(tmp_path / "q.mkv")
    (tmp_path / "q.mkv").rename(tmp_path / "r.mkv")
    assert "100 MB" in read_credentials(tmp_path / "r.mkv").problems[0]


EVIL = "\x1b[2J\x1b]0;gone\x07evil\u202egpj\nnext\r\tline\x00\u200b" + "A" * 5000


def test_a_strangers_texts_are_safe_to_print(tmp_path):
    Image.fromarray(smooth_scene(0)).save(tmp_path / "p.png")
    evil = EVIL.replace("\x00", "")
    work = {
        "label": "org.deepmeme.work",
        "data": {
            "task": evil, "work_id": evil, "model": {"name": evil, "sha256": [1]},
            "options": {evil: evil, "deep": {"x": 1}}, "version": {"a": 1}, "inputs": 3,
        },
    }  # fmt: skip
    inputs = [{"title": evil, "relationship": "inputTo", "label": f"i{i}"} for i in range(100)]
    said = said_by("deepmeme", title=evil, ingredients=inputs, extra=[work])
    found = read_credentials(sign_as(tmp_path / "p.png", tmp_path / "s.png", said))
    assert found.ours
    assert len(found.ingredients) <= 64
    told = replace(found, manifest={})
    texts = [str(value) for value in vars(told).values()]
    for text in texts:
        assert not any(letter in text for letter in "\x1b\x07\u202e\u200b\n\r")
    assert found.title.startswith("[2J]0;goneevilgpj next line")
    assert max(len(i.title) for i in found.ingredients) <= 200


def test_a_long_line_of_descent_is_cut(tmp_path):
    from deepmeme.provenance.record import InputFile

    path = tmp_path / "0.png"
    Image.fromarray(smooth_scene(0, 32, 32)).save(path)
    for number in range(1, 10):
        record = replace(RECORD, inputs=(InputFile.read("source", path),))
        path = save_picture(scenes(1, 32, 32)[0], tmp_path / f"{number}.png", record).path
    found, depth = read_credentials(path), 0
    assert found.state == "trusted"
    while found is not None and found.ingredients:
        found, depth = found.ingredients[0].credentials, depth + 1
    assert 3 <= depth <= 8


def test_every_code_has_a_plain_sentence():
    for code in (
        "assertion.dataHash.mismatch", "assertion.bmffHash.mismatch",
        "assertion.hashedURI.mismatch", "claimSignature.mismatch", "signingCredential.expired",
        "signingCredential.invalid", "timeStamp.mismatch", "something.new",
    ):  # fmt: skip
        assert problem(code).endswith(f"({code})")
        assert problem(code)[0].isupper()
    assert clean(None) == clean(3) == ""


@examples(150)
@given(
    name=st.sampled_from((*EMBEDDED, *BESIDE)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    near=st.booleans(),
    cut=st.floats(0, 1),
)
def test_damaged_files_are_read_without_harm(tmp_path, signed, name, edits, near, cut):
    saved = signed[name]
    path = tmp_path / name
    damaged = bytearray((saved.sidecar or saved.path).read_bytes())
    first = max(0, damaged.find(b"jumb")) if near else 0
    last = min(len(damaged), first + 9000) if near else len(damaged)
    for at, value in edits:
        damaged[first + int(at * (last - first - 1))] = value
    damaged = damaged[: max(1, int((0.5 + cut) * len(damaged)))]
    if saved.sidecar:
        shutil.copy(saved.path, path)
        path.with_name(path.name + ".c2pa").write_bytes(damaged)
    else:
        path.write_bytes(damaged)
    try:
        found = read_credentials(path)
    except DeepmemeError as error:
        assert str(path) in str(error)
        return
    assert found is None or isinstance(found, Credentials)
    untouched = bytes(damaged) == (saved.sidecar or saved.path).read_bytes()
    assert found is None or untouched or found.state in ("invalid", "trusted")
    assert sniff(path)

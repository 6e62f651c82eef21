"""Content credentials: on every format, true, and telling nothing that is nobody's business."""

import io
import json
import logging
import re
import signal
import socket
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError, Interrupted
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.provenance import ingredients as ingredients_module
from deepmeme.provenance.credentials import undisturbed
from deepmeme.provenance.credentials_found import read_credentials
from deepmeme.provenance.embedded import embedded_bytes
from deepmeme.provenance.found import read_marks
from deepmeme.provenance.identity import _new_identity
from deepmeme.provenance.ingredients import THUMBNAIL_BYTES, ingredients_of
from deepmeme.provenance.record import COMPOSITE, WHOLLY_DREAMT, InputFile, Record
from deepmeme.provenance.seal import save_picture
from tests.media.drawn import scenes, tone, write_sound
from tests.provenance.results import (
    EVERY_NAME,
    RECORD,
    interrupted_at,
    left_in,
    rendered,
    smooth_scene,
)
from tests.provenance.test_identity import organisation

STILLS = ("s.png", "s.jpg", "s.webp")
ALL = (*EVERY_NAME, *STILLS)
FRAMES = [smooth_scene(i) for i in range(3)]


@pytest.mark.parametrize("name", ALL)
def test_every_format_is_signed_and_says_the_truth(signed, inputs, name):
    saved = signed[name]
    found = read_credentials(saved.path)
    assert found is not None
    assert (found.state, found.problems) == ("trusted", ())
    assert (found.ours, found.by_this_machine) == (True, True)
    assert (found.signer, found.issuer) == ("deepmeme on this computer", "deepmeme")
    assert found.generator == "deepmeme 1.2.3"
    assert found.actions == ("c2pa.opened", "c2pa.edited", "c2pa.watermarked.bound")
    assert found.digital_source_type == COMPOSITE == read_marks(saved.path).digital_source_type
    told = [(i.title, i.relationship, i.sha256) for i in found.ingredients]
    assert told == [
        ("ann.jpg", "parentOf", inputs.inputs[0].sha256),
        ("dance.mp4", "inputTo", inputs.inputs[1].sha256),
    ]
    assert (found.task, found.model, found.model_sha256) == ("animate", "portrait", "ab" * 32)
    assert found.options == {"smooth": 0.5, "model": "my.safetensors", "caption_top": "a/b"}
    assert found.version == "1.2.3"
    assert found.work_id == saved.work_id
    assert re.fullmatch("[0-9a-f]{11}", saved.work_id)
    assert found.signed_at is None, "no timestamp authority vouches for a time"
    assert found.sidecar == saved.sidecar
    assert (saved.sidecar is not None) == name.endswith(("mkv", "webm"))


@pytest.mark.parametrize("name", ALL)
def test_no_path_and_no_name_of_the_computer_gets_out(signed, inputs, name):
    saved = signed[name]
    files = list(saved.path.iterdir()) if saved.path.is_dir() else [saved.path]
    files += [saved.sidecar] if saved.sidecar else []
    for file in files:
        encoded = file.read_bytes()
        computer = socket.gethostname()  # a short one is found anywhere by chance
        for secret in (
            "anns-secret-folder",
            str(saved.path.parent),
            computer * (len(computer) > 5),
        ):
            assert not secret or secret.encode() not in encoded
            assert not secret or secret.encode("utf-16-le") not in encoded
        assert b"PRIVATE KEY" not in encoded


@pytest.mark.parametrize("name", ALL)
def test_credentials_do_not_touch_the_pictures(signed, name):
    path = signed[name].path
    if name in STILLS:
        assert read_image(path).shape == (48, 64, 3)
        assert sniff(path).family == "picture"
    else:
        assert len(list(open_clip(path))) == 6, "an animation stays one"


def test_the_length_of_credentials_is_known_before_they_are_read(signed):
    for saved in signed.values():
        if saved.path.is_file():
            length = embedded_bytes(saved.path, sniff(saved.path).name)
            assert length is None if saved.sidecar else 5_000 < length < 40_000


def test_thumbnails_are_small_and_without_metadata(signed):
    found = read_credentials(signed["a.mp4"].path)
    c2pa = pytest.importorskip("c2pa")
    with signed["a.mp4"].path.open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        for told in found.manifest["manifests"][reader.get_active_manifest()["label"]][
            "ingredients"
        ]:
            stream = io.BytesIO()
            reader.resource_to_stream(told["thumbnail"]["identifier"], stream)
            assert stream.tell() <= THUMBNAIL_BYTES
            with Image.open(stream) as image:
                assert image.format == "JPEG"
                assert max(image.size) <= 256
                assert not image.getexif()
                assert "comment" not in image.info


def test_a_picture_that_compresses_badly_still_gives_a_small_thumbnail(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (600, 600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    record = Record("animate", inputs=(InputFile.read("source", tmp_path / "noise.png"),))
    (told,) = ingredients_of(record, private=False, lean=False)
    assert len(told.thumbnail) <= THUMBNAIL_BYTES
    assert ingredients_of(record, private=False, lean=True)[0].thumbnail == b""


@pytest.mark.parametrize("name", ["r.mp4", "r.mkv", "r.png"])
def test_private_leaves_out_names_and_thumbnails(tmp_path, inputs, signed, name):
    path = (
        save_picture(FRAMES[0], tmp_path / name, replace(inputs, private=True)).path
        if name == "r.png"
        else rendered(FRAMES, record=inputs).kept_private().save(tmp_path / name).path
    )
    found = read_credentials(path)
    assert found.state == "trusted"
    assert [i.title for i in found.ingredients] == ["picture", "driving video"]
    assert [i.sha256 for i in found.ingredients] == [i.sha256 for i in inputs.inputs]
    assert "model" not in found.options
    assert found.claimed_at is None
    told = json.dumps(found.manifest)
    assert not re.search(r"thumbnail|ann\.jpg|dance|safetensors", told)
    for file in tmp_path.iterdir():
        assert b"\xff\xd8\xff" not in file.read_bytes().replace(b"\xff\xd8\xff\xe0", b"", 0)


def test_private_can_be_set_for_good(tmp_path, inputs, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("private = true")
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path / "config"))
    found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.jpg", inputs).path)
    assert found.ingredients[0].title == "picture"


def test_private_is_no_part_of_the_fingerprint(inputs):
    assert replace(inputs, private=True, work_id="1" * 11).fingerprint() == inputs.fingerprint()


def test_what_is_wholly_dreamt_is_created(tmp_path):
    record = Record("sample", "portrait-gan", version="1.2.3")
    found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.png", record).path)
    assert found.actions == ("c2pa.created", "c2pa.watermarked.bound")
    assert found.digital_source_type == WHOLLY_DREAMT
    assert found.title == "Dreamt-up picture"
    assert found.ingredients == ()


def test_several_pictures_and_a_sound_are_components(tmp_path, inputs):
    sound = InputFile.read("audio", write_sound(tmp_path / "s.wav", tone(0.1)))
    picture, driving = inputs.inputs
    record = replace(inputs, inputs=(picture, picture, driving, sound))
    found = read_credentials(rendered(FRAMES, record=record).save(tmp_path / "r.mp4").path)
    assert found.state == "trusted"
    assert [i.relationship for i in found.ingredients] == [
        "componentOf", "componentOf", "inputTo", "componentOf",
    ]  # fmt: skip
    placed = ("c2pa.placed",) * 3
    assert found.actions == ("c2pa.created", *placed, "c2pa.watermarked.bound")


def test_an_input_that_has_gone_is_told_by_its_hash(tmp_path, inputs):
    gone = replace(inputs.inputs[0], path=tmp_path / "gone.jpg", sha256="cd" * 32)
    record = replace(inputs, inputs=(gone,))
    found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.png", record).path)
    assert (found.state, found.ingredients[0].sha256) == ("trusted", "cd" * 32)


@pytest.mark.parametrize("name", ["s.jpg", "s.png", "a.mp4", "a.gif", "a.webp"])
def test_credentials_of_an_input_are_kept(tmp_path, signed, name):
    before = signed[name]
    record = Record("animate", inputs=(InputFile.read("source", before.path),))
    found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.png", record).path)
    assert found.state == "trusted"
    (told,) = found.ingredients
    assert told.credentials.work_id == before.work_id != found.work_id
    assert (told.credentials.state, told.credentials.problems) == ("valid", ())
    assert [i.title for i in told.credentials.ingredients] == ["ann.jpg", "dance.mp4"]
    hidden = save_picture(FRAMES[0], tmp_path / "p.png", replace(record, private=True)).path
    found = read_credentials(hidden)
    assert found.ingredients[0].credentials is None, "they tell names and thumbnails"
    assert "ann.jpg" not in json.dumps(found.manifest)


def test_broken_credentials_of_an_input_are_kept_with_what_is_wrong(tmp_path, signed):
    encoded = bytearray(signed["s.jpg"].path.read_bytes())
    encoded[-40] ^= 1
    (tmp_path / "b.jpg").write_bytes(encoded)
    record = Record("animate", inputs=(InputFile.read("source", tmp_path / "b.jpg"),))
    found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.png", record).path)
    assert found.state == "trusted", "ours hold"
    past = found.ingredients[0].credentials
    assert past.state == "invalid"
    assert "changed after it was signed" in past.problems[0]


def test_garbage_in_place_of_an_inputs_credentials_does_no_harm(tmp_path, signed):
    encoded = signed["s.png"].path.read_bytes()
    at = encoded.index(b"caBX")
    rng = np.random.default_rng(1)
    for number, (first, last) in enumerate([(4, 60), (40, 2000), (3000, 3001), (100, 5000)]):
        noise = rng.bytes(last - first)
        path = tmp_path / f"g{number}.png"
        path.write_bytes(encoded[: at + first] + noise + encoded[at + last :])
        record = Record("animate", inputs=(InputFile.read("source", path),))
        found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.png", record).path)
        assert (found.state, len(found.ingredients)) == ("trusted", 1)


def test_huge_credentials_of_an_input_are_left_behind(tmp_path, signed, monkeypatch):
    monkeypatch.setattr(ingredients_module, "MAX_PAST_BYTES", 1000)
    record = Record("animate", inputs=(InputFile.read("source", signed["s.jpg"].path),))
    found = read_credentials(save_picture(FRAMES[0], tmp_path / "r.png", record).path)
    assert found.ingredients[0].credentials is None
    work = next(
        a["data"]
        for a in found.manifest["manifests"][found.manifest["active_manifest"]]["assertions"]
        if a["label"] == "org.deepmeme.work"
    )
    assert work["inputs"][0]["had_credentials"] is True
    assert work["inputs"][0]["credentials_kept"] is False


@pytest.mark.parametrize("name", ["r.gif", "r.webp"])
@pytest.mark.parametrize("budget", [40_000, 400_000])
def test_a_size_budget_counts_the_credentials(tmp_path, inputs, name, budget):
    noise = np.random.default_rng(0).integers(0, 255, (5, 128, 128, 3), dtype=np.uint8)
    saved = rendered(list(noise), record=inputs).save(tmp_path / name, max_bytes=budget)
    assert saved.bytes <= budget
    found = read_credentials(saved.path)
    assert found.state == "trusted"
    told = json.dumps(found.manifest)
    assert ("thumbnail" in told) == (budget == 400_000), "lean where space is dear"


def test_a_given_work_id_is_kept_and_a_new_one_is_drawn_each_time(tmp_path):
    record = replace(RECORD, work_id="0123456789a")
    assert save_picture(FRAMES[0], tmp_path / "a.png", record).work_id == "0123456789a"
    drawn = {save_picture(FRAMES[0], tmp_path / "a.png", RECORD).work_id for _ in range(3)}
    assert len(drawn) == 3


def test_resumed_work_keeps_its_id(tmp_path):
    frames = scenes(30, 32, 32)
    with pytest.raises(Interrupted):
        interrupted_at(frames, 25, KeyboardInterrupt(), fps=4).save(tmp_path / "r.mp4")
    state = json.loads((tmp_path / ".r.mp4.deepmeme" / "state.json").read_text())
    saved = rendered(frames, fps=4).save(tmp_path / "r.mp4", resume=True)
    assert saved.resumed_at > 0
    assert saved.work_id == state["work_id"] == read_credentials(saved.path).work_id


def test_no_sidecar_of_an_older_result_remains(tmp_path, research, monkeypatch, config_dir):
    """Here the new result has none, since it is not signed."""
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(config_dir))
    rendered(FRAMES).save(tmp_path / "r.mkv")
    assert left_in(tmp_path) == ["r.mkv", "r.mkv.c2pa"]
    older = (tmp_path / "r.mkv.c2pa").read_bytes()
    rendered(FRAMES).save(tmp_path / "r.mkv")
    assert (tmp_path / "r.mkv.c2pa").read_bytes() != older
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(research))
    rendered(FRAMES).save(tmp_path / "r.mkv")
    assert left_in(tmp_path) == ["r.mkv"]
    (tmp_path / "s.png.c2pa").write_bytes(older)
    save_picture(FRAMES[0], tmp_path / "s.png", RECORD)
    assert left_in(tmp_path) == ["r.mkv", "s.png"]


def test_if_the_result_cannot_be_placed_the_older_pair_stays(tmp_path, monkeypatch):
    import os

    rendered(FRAMES).save(tmp_path / "r.mkv")
    before = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    move = os.replace

    def fail(old, new):
        if str(new).endswith("r.mkv"):
            raise OSError(5, "Input/output error")
        move(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="cannot be written"):
        rendered(FRAMES).save(tmp_path / "r.mkv")
    monkeypatch.undo()
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == before


@pytest.mark.parametrize("name", ["r.mp4", "r.mkv", "r", "r.png", "r.gif"])
def test_off_leaves_the_plain_statement_alone(tmp_path, research, name):
    saved = rendered(FRAMES).save(tmp_path / name)
    assert (saved.marked, saved.sidecar) == (False, None)
    assert read_credentials(saved.path) is None
    assert read_marks(saved.path) is not None
    frame = read_image(save_picture(FRAMES[0], tmp_path / "s.png", RECORD).path)
    assert np.array_equal(frame, FRAMES[0])
    assert not (research / "signing").exists()


def test_a_result_that_lost_its_credentials_does_not_leave(tmp_path, monkeypatch):
    monkeypatch.setattr("deepmeme.provenance.finish.sign_file", lambda *_, **__: None)
    for name in ("r.mp4", "r.mkv", "r"):
        with pytest.raises(RuntimeError, match="without its credentials"):
            rendered(FRAMES).save(tmp_path / name)
    with pytest.raises(RuntimeError, match="without its credentials"):
        save_picture(FRAMES[0], tmp_path / "s.png", RECORD)
    assert not [name for name in left_in(tmp_path) if not name.startswith(".")]


def test_wrong_settings_are_said_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("provenance = 'of'")
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path))
    with pytest.raises(InputError, match="provenance is 'of'"):
        rendered(FRAMES, on_open=pytest.fail).save(tmp_path / "r.mp4")
    with pytest.raises(InputError, match="provenance is 'of'"):
        save_picture(FRAMES[0], tmp_path / "r.png", RECORD)
    assert left_in(tmp_path) == ["config.toml"]


def test_an_organisations_certificate_that_is_no_good_for_credentials_is_said(
    tmp_path, monkeypatch
):
    organisation(tmp_path / "config")  # no extended key usage, no basic constraints
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path / "config"))
    with pytest.raises(InputError, match="certificate"):
        save_picture(FRAMES[0], tmp_path / "r.png", RECORD)
    assert left_in(tmp_path) == ["config"]


def test_an_organisation_signs_and_is_known_again(tmp_path, monkeypatch):
    config = tmp_path / "config"
    organisation(config)
    chain, key = _new_identity()
    (config / "chain.pem").write_bytes(chain)
    (config / "key.pem").write_bytes(key)
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(config))
    path = save_picture(FRAMES[0], tmp_path / "r.png", RECORD).path
    found = read_credentials(path)
    assert (found.state, found.by_this_machine) == ("trusted", True)
    assert not (config / "signing").exists()
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path / "elsewhere"))
    found = read_credentials(path)
    assert (found.state, found.by_this_machine, found.ours) == ("valid", False, True)


def test_ctrl_c_while_it_is_signed_is_heard_afterwards(tmp_path, monkeypatch):
    def press(*_: object, **__: object) -> None:
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
        time.sleep(0.3)
        done.append(True)

    done: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        undisturbed(press)
    assert done


def test_without_its_timestamp_authority_it_is_signed_without(tmp_path, monkeypatch, caplog):
    config = tmp_path / "config"
    config.mkdir()
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        (config / "config.toml").write_text(f'[signing]\ntimestamp_authority = "{address}"\n')
        monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(config))
        with caplog.at_level(logging.WARNING):
            saved = save_picture(FRAMES[0], tmp_path / "r.png", RECORD)
    assert "gave no timestamp" in caplog.text
    found = read_credentials(saved.path)
    assert (found.state, found.signed_at) == ("trusted", None)

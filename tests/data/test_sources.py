"""Data sets from a loopback registry and from local copies: resumed, verified, laid out."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.data import sources, sources_banks, sources_facekit
from deepmeme.data.bank import open_bank
from deepmeme.data.sources import (
    DATA_SETS,
    FLUENT_EMOJI,
    GRID,
    ICT_FACEKIT,
    PORTRAITS,
    TOONS,
    DataSet,
    Remote,
    find_data_set,
    npm_registry,
)
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.data.sources_prepare import MAKERS, prepare
from deepmeme.errors import DownloadError, InputError, ModelNotFound
from deepmeme.weights import download
from tests.data.small_emoji import moving_square, packed, tarball, webp
from tests.media.drawn import scenes, write_video
from tests.weights.file_server import FileServer, file_server

PACKAGE = packed("1f609", "1f600", "1f436", "1fa70")
ADDRESS = "/@lobehub/small/-/small-1.0.0.tgz"


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMEME_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DEEPMEME_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    with file_server() as running:
        monkeypatch.setenv("DEEPMEME_NPM_REGISTRY", running.base + "/")
        yield running


def emoji_set(content: bytes = PACKAGE, **facts: object) -> DataSet:
    remote = Remote(
        "small-1.0.0.tgz",
        "{npm}" + ADDRESS,
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    return replace(FLUENT_EMOJI, files=(replace(remote, **facts),))  # type: ignore[arg-type]


def made(data_set: DataSet, folder: Path, local: Path | None = None, **wishes: int) -> Made:
    return prepare(data_set, folder, local=local, wishes=Wishes(**wishes))


def test_every_entry_says_what_it_must() -> None:
    assert {data_set.name for data_set in DATA_SETS} == set(MAKERS)
    for data_set in DATA_SETS:
        assert data_set.licence and data_set.credit and data_set.used_for and data_set.time
        assert data_set.command.startswith(f"deepmeme data prepare {data_set.name}")
        for remote in data_set.files:
            assert remote.sha256 is None or re.fullmatch("[0-9a-f]{64}", remote.sha256)
            assert re.match(r"https?://|\{npm\}/", remote.url)
    for remote in FLUENT_EMOJI.files:
        assert remote.sha256 and remote.num_bytes and remote.url.startswith("{npm}/@lobehub/")
    assert find_data_set("Fluent-Emoji") is FLUENT_EMOJI
    with pytest.raises(ModelNotFound, match="There are: fluent-emoji, ict-facekit"):
        find_data_set("imagenet")


def test_the_registry_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEEPMEME_NPM_REGISTRY", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sources, "_npm_setting", lambda: None)
    remote = FLUENT_EMOJI.files[0]
    assert remote.address().startswith("https://registry.npmjs.org/@lobehub/fluent-emoji-anim-1/-/")
    monkeypatch.setattr(sources, "_npm_setting", lambda: "https://mirror.example/npm/")
    assert remote.address().startswith("https://mirror.example/npm/@lobehub/")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://other.example/")
    assert npm_registry() == "https://other.example"
    monkeypatch.setenv("DEEPMEME_NPM_REGISTRY", "http://mine.example")
    assert npm_registry() == "http://mine.example"
    monkeypatch.setenv("DEEPMEME_NPM_REGISTRY", "file:///etc")
    with pytest.raises(InputError, match=r"no http\(s\) address.*DEEPMEME_NPM_REGISTRY="):
        npm_registry()


def test_emoji_from_a_registry(server: FileServer, tmp_path: Path) -> None:
    server.add(ADDRESS, PACKAGE)
    done = made(emoji_set(), tmp_path / "emoji", size=16)
    assert done.num_items == 3 and done.sums["small-1.0.0.tgz"] == emoji_set().files[0].sha256
    manifest = json.loads((tmp_path / "emoji" / "manifest.json").read_text("utf-8"))
    found = {row["name"]: row["source"] for row in manifest["videos"]}
    assert found == {
        name: f"small-1.0.0.tgz: package/assets/{name}.webp" for name in ("1f436", "1f600", "1f609")
    }
    assert made(emoji_set(), tmp_path / "emoji", size=16).num_items == 3
    assert len(server.requests) == 1  # nothing is asked for twice


def test_a_cut_download_goes_on_and_is_verified(server: FileServer, tmp_path: Path) -> None:
    server.add(ADDRESS, PACKAGE, cut_after=1500, cuts=1)
    assert made(emoji_set(), tmp_path / "emoji", size=16).num_items == 3
    assert [asked for _, asked in server.requests] == [None, "bytes=1500-"]


def test_another_file_than_expected_is_refused(server: FileServer, tmp_path: Path) -> None:
    other = bytearray(PACKAGE)
    other[-1] ^= 1
    server.add(ADDRESS, bytes(other))
    with pytest.raises(DownloadError, match=f"expected {emoji_set().files[0].sha256}"):
        made(emoji_set(), tmp_path / "emoji")
    assert not (tmp_path / "emoji").exists()
    (tmp_path / "small-1.0.0.tgz").write_bytes(other)
    with pytest.raises(InputError, match=r"small-1\.0\.0\.tgz has sha256 .* expected"):
        made(emoji_set(), tmp_path / "emoji", tmp_path)
    (tmp_path / "small-1.0.0.tgz").write_bytes(PACKAGE[:-5])
    with pytest.raises(InputError, match=f"{len(PACKAGE) - 5} bytes, expected {len(PACKAGE)}"):
        made(emoji_set(), tmp_path / "emoji", tmp_path)


def test_a_hostile_package_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    evil = tarball(
        {
            "package/assets/1f609.webp": webp(moving_square(2)),
            "package/assets/../../../1f600.webp": webp(moving_square(2)),
        }
    )
    (tmp_path / "npm").mkdir()
    (tmp_path / "npm" / "small-1.0.0.tgz").write_bytes(evil)
    with pytest.raises(InputError, match="leads out"):
        made(emoji_set(evil), tmp_path / "emoji", tmp_path / "npm")
    assert not list(tmp_path.rglob("*.webp")) and not (tmp_path / "emoji").exists()


def test_emoji_from_loose_files(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    for name in ("1f609", "1f600"):
        (tmp_path / "assets" / f"{name}.webp").write_bytes(webp(moving_square(2)))
    assert made(FLUENT_EMOJI, tmp_path / "emoji", tmp_path / "assets", size=16).num_items == 2
    only = made(FLUENT_EMOJI, tmp_path / "one", tmp_path / "assets", size=16, limit=1)
    assert only.num_items == 1


def test_local_copies_that_are_not_there(tmp_path: Path) -> None:
    for data_set in (FLUENT_EMOJI, PORTRAITS, GRID, ICT_FACEKIT):
        with pytest.raises(InputError, match="no such file or folder"):
            made(data_set, tmp_path / "out", tmp_path / "missing")
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=r"has no|holds no"):
            made(data_set, tmp_path / "out", tmp_path / "empty")


def jpeg(width: int = 225, height: int = 275) -> bytes:
    encoded: bytes = cv2.imencode(".jpg", np.full((height, width, 3), 128, np.uint8))[1].tobytes()
    return encoded


def test_portraits_from_a_folder(tmp_path: Path) -> None:
    local = tmp_path / "shared" / "portraits"
    local.mkdir(parents=True)
    for name, content in {
        "A000001.jpg": jpeg(), "A000002.jpg": jpeg(), "B000001.jpg": jpeg(100, 100),
        "C000001.jpg": b"<html>", "notes.txt": b"no picture",
    }.items():  # fmt: skip
        (local / name).write_bytes(content)
    np.savez(local.parent / "portraits_landmarks468.npz", names=np.array(["A000001.jpg"]))
    done = made(PORTRAITS, tmp_path / "out", local)
    assert done.num_items == 2
    assert sorted(p.name for p in (tmp_path / "out" / "pictures").iterdir()) == [
        "A000001.jpg",
        "A000002.jpg",
    ]
    assert (tmp_path / "out" / "portraits_landmarks468.npz").is_file()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert len(manifest["left_out"]) == 2 and manifest["licence"].startswith("public domain")
    assert made(PORTRAITS, tmp_path / "one", local, limit=1).num_items == 1


def test_portraits_from_the_repository(server: FileServer, tmp_path: Path) -> None:
    content = tarball(
        {
            "images-gh-pages/congress/original/A000001.jpg": jpeg(675, 825),
            "images-gh-pages/congress/225x275/A000001.jpg": jpeg(),
            "images-gh-pages/README.md": b"words",
        }
    )
    url = server.add("/images.tar.gz", content)
    data_set = replace(PORTRAITS, files=(Remote("images.tar.gz", url),))
    done = made(data_set, tmp_path / "out")
    assert done.num_items == 1
    assert done.sums == {"images.tar.gz": hashlib.sha256(content).hexdigest()}


def clip_bytes(folder: Path) -> bytes:
    path = write_video(folder / "clip.mp4", scenes(3))
    return path.read_bytes()


def test_grid_from_a_speakers_archive(tmp_path: Path) -> None:
    clip = clip_bytes(tmp_path)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("s1/bbaf2n.mpg", "s1/bbaf3s.mpg", "s1/bbaf4p.mpg"):
            archive.writestr(name, clip)
        archive.writestr("s1/readme.txt", "words")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "s1.mpg_vcd.zip").write_bytes(stream.getvalue())
    done = made(GRID, tmp_path / "out", tmp_path / "local", limit=2)
    assert done.num_items == 2
    found = sorted(p.name for p in (tmp_path / "out").glob("*/*.mpg"))
    assert found == ["s1#bbaf2n.mpg", "s1#bbaf3s.mpg"]
    assert "CC BY 4.0" in (tmp_path / "out" / "ATTRIBUTION").read_text("utf-8")


def test_grid_from_loose_clips(tmp_path: Path) -> None:
    clip = clip_bytes(tmp_path)
    for folder, name, content in (
        ("local/s4", "a.mpg", clip),
        ("local/s4", "b.mpg", b"broken"),
        ("local", "grid_x.mpg", clip),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / name).write_bytes(content)
    assert made(GRID, tmp_path / "out", tmp_path / "local").num_items == 2
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert {row["speaker"] for row in manifest["clips"]} == {"s4", "grid_x"}
    assert len(manifest["left_out"]) == 1


MESH = """mtllib no.mtl
v 0 0 0
v 1 0 0
v 1 1 0.1234567
v 0 1 0
v 9 9 9
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
f 1/1 2/2 4/4
f 1/1 2/2 5/4
"""


@pytest.fixture
def small_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one square with a fifth vertex that is left out."""
    triangles = np.array([[0, 1, 2], [0, 2, 3], [0, 1, 3]], "<i4")
    monkeypatch.setattr(sources_facekit, "NUM_VERTICES", 4)
    monkeypatch.setattr(sources_facekit, "NUM_IDENTITIES", 1)
    monkeypatch.setattr(sources_facekit, "IDENTITIES", ("identity000",))
    monkeypatch.setattr(sources_facekit, "EXPRESSIONS", ("jawOpen",))
    monkeypatch.setattr(
        sources_facekit, "TRIANGLES_SHA256", hashlib.sha256(triangles.tobytes()).hexdigest()
    )
    folder = tmp_path / "repository" / "FaceXModel"
    folder.mkdir(parents=True)
    (folder / "generic_neutral_mesh.obj").write_text(MESH)
    (folder / "identity000.obj").write_text(MESH.replace("v 1 0 0", "v 1.5 0 0"))
    (folder / "jawOpen.obj").write_text(MESH.replace("v 0 1 0", "v 0 -1 0"))
    return folder.parent


def test_a_face_kit_from_the_repository(small_mesh: Path, tmp_path: Path) -> None:
    made(ICT_FACEKIT, tmp_path / "out", small_mesh)
    with np.load(tmp_path / "out" / "ict_facekit.npz", allow_pickle=False) as kit:
        assert kit["neutral"].dtype == np.float32 and kit["neutral"].shape == (4, 3)
        assert kit["neutral"][2, 2] == np.float32(0.12346)
        assert kit["triangles"].tolist() == kit["uv_triangles"].tolist()
        assert kit["triangles"].tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 3]]
        assert kit["uv"].tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
        assert kit["identity"][0].tolist() == [[0, 0, 0], [0.5, 0, 0], [0, 0, 0], [0, 0, 0]]
        assert kit["expression"][0, 3].tolist() == [0, -2, 0]
        assert kit["expression_names"].tolist() == ["jawOpen"]
    copied = made(ICT_FACEKIT, tmp_path / "copy", tmp_path / "out")
    assert copied.num_items == 1
    again = (tmp_path / "copy" / "ict_facekit.npz").read_bytes()
    assert again == (tmp_path / "out" / "ict_facekit.npz").read_bytes()


def test_another_mesh_is_no_face_kit(small_mesh: Path, tmp_path: Path) -> None:
    neutral = small_mesh / "FaceXModel" / "generic_neutral_mesh.obj"
    neutral.write_text(MESH.replace("f 1/1 2/2 4/4", "f 2/2 1/1 4/4"))
    with pytest.raises(InputError, match="vertices in another order"):
        made(ICT_FACEKIT, tmp_path / "out", small_mesh)
    neutral.write_text(MESH.replace("v 1 0 0", "v 1 zero 0"))
    with pytest.raises(InputError, match="no three numbers"):
        made(ICT_FACEKIT, tmp_path / "out", small_mesh)
    neutral.write_text("v 0 0 0\n")
    with pytest.raises(InputError, match="1 vertices, expected 4"):
        made(ICT_FACEKIT, tmp_path / "out", small_mesh)
    np.savez(tmp_path / "ict_facekit.npz", neutral=np.zeros((4, 3)))
    with pytest.raises(InputError, match="it lacks expression"):
        made(ICT_FACEKIT, tmp_path / "out", tmp_path / "ict_facekit.npz")
    (tmp_path / "ict_facekit.npz").write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="no face kit"):
        made(ICT_FACEKIT, tmp_path / "out", tmp_path / "ict_facekit.npz")


def test_the_published_expressions_are_ours() -> None:
    assert len(sources_facekit.EXPRESSIONS) == 57 and len(sources_facekit.IDENTITIES) == 100
    assert {"PupilDilate_L", "eyeBlink_R", "jawOpen", "noseSneer_R"} < set(
        sources_facekit.EXPRESSIONS
    )


def test_toons_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_banks, "FRAMES", 1)
    heard: list[tuple[str, int, int | None]] = []
    prepare(
        TOONS,
        tmp_path / "toons",
        wishes=Wishes(limit=1),
        tell=lambda what, done, total: heard.append((what, done, total)),
    )
    assert heard == [("people", 1, 1)]
    assert open_bank(tmp_path / "toons").frames.shape == (1, 256, 256, 3)

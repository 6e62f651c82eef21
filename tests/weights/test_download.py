"""Downloads from loopback: cut, resumed, verified, from several places, whole or not at all."""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import DownloadError, OutputError
from deepmeme.weights import download
from deepmeme.weights.catalogue import Entry
from deepmeme.weights.download import Expected, download_entry, fetch
from tests.weights.file_server import FileServer, file_server

CONTENT = np.random.default_rng(0).bytes(700_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
WHOLE = Expected(len(CONTENT), SHA256)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    monkeypatch.delenv("DEEPMEME_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    with file_server() as running:
        yield running


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_whole_file_with_progress(server: FileServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    url = server.add("/a", CONTENT)
    target = tmp_path / "new" / "a.pth.tar"
    path = fetch(
        (url,), target, expected=WHOLE, progress=lambda done, total: seen.append((done, total))
    )
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert names(target.parent) == {"a.pth.tar"}


def test_second_call_asks_nobody(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT)
    fetch((url,), tmp_path / "a", expected=WHOLE)
    fetch((url,), tmp_path / "a", expected=WHOLE)
    assert len(server.requests) == 1


def test_a_cut_connection_is_resumed_where_it_broke(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT, cut_after=300_000)
    assert fetch((url,), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == [None, "bytes=300000-", "bytes=600000-"]


def test_a_later_call_goes_on(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT)

    def stop(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch((url,), tmp_path / "a", expected=WHOLE, progress=stop)
    assert not (tmp_path / "a").exists()
    begun = (tmp_path / "a.part").stat().st_size
    assert 0 < begun < len(CONTENT)
    assert fetch((url,), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    assert server.requests[-1] == ("/a", f"bytes={begun}-")
    assert names(tmp_path) == {"a"}


def test_a_server_without_ranges_starts_again(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT, ranges=False, cut_after=400_000, cuts=1)
    assert fetch((url,), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_a_file_that_changed_meanwhile_starts_again(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"old" * 100)
    url = server.add("/a", CONTENT, etag='"two"')
    note = {"url": url, "validator": '"one"'}
    (tmp_path / "a.part.json").write_text(json.dumps(note))
    assert fetch((url,), tmp_path / "a").read_bytes() == CONTENT


def test_a_complete_part_is_not_loaded_again(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT)
    (tmp_path / "a.part").write_bytes(CONTENT)
    (tmp_path / "a.part.json").write_text(json.dumps({"url": url, "validator": '"one"'}))
    assert fetch((url,), tmp_path / "a", expected=Expected(sha256=SHA256)).read_bytes() == CONTENT
    assert server.requests == [("/a", f"bytes={len(CONTENT)}-")]


def test_a_part_longer_than_the_file_starts_again(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT)
    (tmp_path / "a.part").write_bytes(CONTENT + b"more")
    assert fetch((url,), tmp_path / "a", expected=Expected(sha256=SHA256)).read_bytes() == CONTENT


def test_a_spoilt_part_does_not_spoil_a_good_mirror(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"junk" * 1000)
    url = server.add("/a", CONTENT)
    assert fetch((url,), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == ["bytes=4000-", None]


def test_mirrors_in_turn(server: FileServer, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/a"
    missing = server.base + "/missing"
    busy = server.add("/busy", b"try later", status=503)
    wrong = server.add("/wrong", CONTENT[::-1])
    short = server.add("/short", CONTENT[:1000])
    good = server.add("/good", CONTENT)
    urls = (dead, missing, busy, wrong, short, good)
    assert fetch(urls, tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT


def test_a_mirror_goes_on_where_the_first_broke_off(server: FileServer, tmp_path: Path) -> None:
    first = server.add("/first", CONTENT, ranges=False, cut_after=200_000)
    second = server.add("/second", CONTENT)
    assert fetch((first, second), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    assert server.requests[-1] == ("/second", "bytes=200000-")


def test_without_a_checksum_halves_are_not_joined(server: FileServer, tmp_path: Path) -> None:
    first = server.add("/first", CONTENT[::-1], ranges=False, cut_after=200_000)
    second = server.add("/second", CONTENT)
    assert fetch((first, second), tmp_path / "a").read_bytes() == CONTENT
    assert server.requests[-1] == ("/second", None)


def test_all_dead_says_what_to_do(server: FileServer, tmp_path: Path) -> None:
    urls = (server.base + "/gone", server.add("/wrong", CONTENT[::-1]))
    pages = ("https://example.org/by-hand",)
    with pytest.raises(DownloadError) as error:
        fetch(urls, tmp_path / "a.tar", expected=WHOLE, by_hand=pages)
    said = str(error.value)
    for part in (*urls, *pages, str(tmp_path / "a.tar"), "404", SHA256, "repeat the command"):
        assert part in said
    assert "its sha256 is " in said
    assert not {"a.tar", "a.tar.part"} & names(tmp_path)


def test_a_wrong_file_is_deleted(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT[::-1])
    for expected in (Expected(sha256=SHA256), Expected(md5=MD5)):
        with pytest.raises(DownloadError, match="expected"):
            fetch((url,), tmp_path / "a", expected=expected)
        assert names(tmp_path) == set()
    assert fetch((server.add("/b", CONTENT),), tmp_path / "b", expected=Expected(md5=MD5))


def test_truncated_for_ever(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT, ranges=False, cut_after=1000)
    with pytest.raises(DownloadError, match="1000"):
        fetch((url,), tmp_path / "a", expected=WHOLE)
    assert not (tmp_path / "a").exists()


def test_an_answer_without_length_is_verified(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT, announce=False)
    assert fetch((url,), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    short = server.add("/b", CONTENT[:5000], announce=False)
    with pytest.raises(DownloadError, match="5000 bytes"):
        fetch((short,), tmp_path / "b", expected=WHOLE)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b"<!DOCTYPE html><title>Virus scan warning</title>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
        (b"", "sent nothing"),
    ],
)
def test_a_notice_in_place_of_the_file(
    server: FileServer, tmp_path: Path, page: bytes, says: str
) -> None:
    with pytest.raises(DownloadError, match=says):
        fetch((server.add("/a", page),), tmp_path / "a")
    assert names(tmp_path) == set()


def test_redirects_and_shares(server: FileServer, tmp_path: Path) -> None:
    good = server.add("/good", CONTENT)
    moved = server.add("/moved", status=302, headers={"Location": good})
    share = server.add("/share", json.dumps({"href": good}).encode()) + "#href"
    assert fetch((moved,), tmp_path / "a", expected=WHOLE).read_bytes() == CONTENT
    assert fetch((share,), tmp_path / "b", expected=WHOLE).read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["file:///etc/hostname", "ftp://127.0.0.1/a"])
def test_only_the_web_is_opened(server: FileServer, tmp_path: Path, place: str) -> None:
    moved = server.add("/moved", status=302, headers={"Location": place})
    share = server.add("/share", json.dumps({"href": place}).encode()) + "#href"
    odd = server.add("/odd", b"[]") + "#href"
    for url in (place, moved, share, odd):
        with pytest.raises(DownloadError):
            fetch((url,), tmp_path / "a")
    assert names(tmp_path) == set()


def test_a_redirect_loop_ends(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", status=302)
    server.files["/a"].headers["Location"] = url
    with pytest.raises(DownloadError):
        fetch((url,), tmp_path / "a")


def test_more_than_announced_is_refused(server: FileServer, tmp_path: Path) -> None:
    url = server.add("/a", CONTENT)
    with pytest.raises(DownloadError, match="offers 700000 bytes, expected 10"):
        fetch((url,), tmp_path / "a", expected=Expected(num_bytes=10))


def test_offline_switch(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.add("/a", CONTENT)
    monkeypatch.setenv("DEEPMEME_OFFLINE", "1")
    with pytest.raises(DownloadError, match="DEEPMEME_OFFLINE"):
        fetch((url,), tmp_path / "a")
    assert server.requests == []
    monkeypatch.setenv("DEEPMEME_OFFLINE", "0")
    assert fetch((url,), tmp_path / "a").is_file()


def test_no_space_is_told_before_the_first_byte(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.add("/a", CONTENT)
    with pytest.raises(OutputError, match="DEEPMEME_CACHE"):
        fetch((url,), tmp_path / "a", expected=Expected(num_bytes=2**60))
    assert server.requests == []


def test_a_folder_that_cannot_be(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch((server.add("/a", CONTENT),), tmp_path / "file" / "a")


def test_entries_go_to_the_cache(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPMEME_CACHE", str(tmp_path))
    entry = Entry(
        name="fomm.x", title="x", family="fomm", expects="", licence="", filename="x-cpk.pth.tar",
        urls=(server.add("/x", CONTENT),), sha256=SHA256,
    )  # fmt: skip
    path = download_entry(entry)
    assert path == tmp_path / "models" / "x-cpk.pth.tar" and path.read_bytes() == CONTENT
    nowhere = Entry(name="n", title="", family="fomm", expects="", licence="", filename="n.tar")
    with pytest.raises(DownloadError, match="No direct address"):
        download_entry(nowhere)

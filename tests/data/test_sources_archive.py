"""Archives of strangers: what is wanted comes out, what is hostile is refused with a reason."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deepmeme.data.sources_archive import Bounds, member_names, read_members
from deepmeme.errors import InputError
from tests.data.small_emoji import tarball

Pack = Callable[[dict[str, bytes]], bytes]
FILES = {"package/a.txt": b"one", "package/b.txt": b"two", "package/c.bin": b"three"}


def everything(name: str) -> bool:
    return True


def contents(path: Path, bounds: Bounds | None = None) -> dict[str, bytes]:
    return dict(read_members(path, everything, bounds=bounds))


def written(folder: Path, content: bytes, name: str = "some.tgz") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def tar_of(*headers: tarfile.TarInfo, content: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for header in headers:
            archive.addfile(header, io.BytesIO(content) if header.size else None)
    return stream.getvalue()


def header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, "/etc/passwd"
    return made


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [tarball, zipped])
def test_wanted_members_come_in_order(pack: Pack, tmp_path: Path) -> None:
    path = written(tmp_path, pack(FILES), "named-like-nothing")
    assert contents(path) == FILES
    assert list(read_members(path, lambda name: name.endswith("b.txt"))) == [
        ("package/b.txt", b"two")
    ]
    assert member_names(path) == list(FILES)


def test_a_plain_tar_too(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.decompress(tarball(FILES)), "some.tar")
    assert contents(path) == FILES


@pytest.mark.parametrize(
    "name", ["../out", "package/../../out", "/etc/out", "C:/out", "a\\..\\out", "\\\\host\\out"]
)
@pytest.mark.parametrize("pack", [tarball, zipped])
def test_a_path_that_leads_out_is_refused(pack: Pack, name: str, tmp_path: Path) -> None:
    path = written(tmp_path, pack({"package/a": b"fine", name: b"evil"}))
    with pytest.raises(InputError, match=r"some\.tgz is refused.*leads out"):
        list(read_members(path, lambda wanted: False))
    assert [entry.name for entry in tmp_path.iterdir()] == ["some.tgz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_is_refused_where_a_file_is_wanted(kind: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, tar_of(header("package/a.webp", kind)))
    with pytest.raises(InputError, match="is a link"):
        contents(path)
    assert list(read_members(path, lambda name: name.endswith(".png"))) == []


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_a_device_is_no_file(kind: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no plain file"):
        contents(written(tmp_path, tar_of(header("package/a.webp", kind))))


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("package/a.webp")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        contents(written(tmp_path, stream.getvalue()))


@pytest.mark.parametrize("pack", [tarball, zipped])
def test_too_much_is_refused(pack: Pack, tmp_path: Path) -> None:
    path = written(tmp_path, pack({"a": b"0" * 1000, "b": b"0" * 1000, "c": b"0" * 1000}))
    for bounds, why in (
        (Bounds(member_bytes=999), "at most 999"),
        (Bounds(total_bytes=2500), "more than 2500"),
        (Bounds(members=2), "more than 2"),
    ):
        with pytest.raises(InputError, match=why):
            contents(path, bounds)
        with pytest.raises(InputError, match=why):  # unwanted ones count
            member_names(path, bounds=bounds)
    assert len(contents(path, Bounds(3, 1000, 3000))) == 3


def test_a_huge_member_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    huge = header("package/a.webp", size=2**40).tobuf(tarfile.GNU_FORMAT)
    path = written(tmp_path, gzip.compress(huge + b"\0" * 1024))
    with pytest.raises(InputError, match=str(2**40)):
        contents(path)


def test_a_size_in_an_extended_header_counts(tmp_path: Path) -> None:
    member = header("package/a.webp")
    member.pax_headers = {"size": str(2**40)}
    path = written(tmp_path, gzip.compress(member.tobuf(tarfile.PAX_FORMAT) + b"\0" * 1024))
    with pytest.raises(InputError, match="more than announced"):
        contents(path)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_huge_name_is_refused(kind: bytes, tmp_path: Path) -> None:
    long = header("long", kind, 2**30).tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(InputError, match="has a header of"):
        contents(written(tmp_path, gzip.compress(long + b"\0" * 4096)))


@pytest.mark.parametrize("pack", [tarball, zipped])
def test_a_cut_archive_says_so(pack: Pack, tmp_path: Path) -> None:
    whole = pack({"package/a": bytes(range(256)) * 40, "package/b": b"two"})
    path = written(tmp_path, whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match="cut off"):
        contents(path)


def test_no_archive_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no archive"):
        contents(written(tmp_path, b"<html>not found</html>" * 100))
    with pytest.raises(InputError, match="no archive"):
        contents(tmp_path / "missing.tgz")

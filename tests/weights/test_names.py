"""Names become files: the catalogue and what a user may type."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deepmeme.errors import DownloadError, ModelNotFound, WeightsError
from deepmeme.models.motion.config import presets
from deepmeme.weights.catalogue import BUNDLED, PUBLISHED, by_sha256, entries, find, read_folder
from deepmeme.weights.resolve import resolve, resolve_entry


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEEPMEME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DEEPMEME_OFFLINE", "1")
    return tmp_path / "cache"


def test_the_published_models_are_all_there() -> None:
    names = {entry.name for entry in PUBLISHED}
    assert {f"fomm.{name.removesuffix('-256')}" for name in presets()} <= names
    assert len(names) == len(PUBLISHED)
    for entry in PUBLISHED:
        assert entry.preset in presets()
        assert entry.title and entry.expects and entry.licence and entry.filename
        assert entry.urls or entry.by_hand
        assert all(urlsplit(url).scheme == "https" for url in (*entry.urls, *entry.by_hand))
        for digest, length in ((entry.sha256, 64), (entry.md5, 32)):
            assert digest is None or re.fullmatch(rf"[0-9a-f]{{{length}}}", digest)
        json.dumps(entry.as_dict())


def test_files_do_not_collide_in_the_cache() -> None:
    files = [entry.filename for entry in PUBLISHED]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("typed", ["fomm.vox", "vox", "VOX", "vox-cpk.pth.tar"])
def test_ways_to_type_a_name(typed: str) -> None:
    entry = find(typed)
    assert entry is not None and entry.name == "fomm.vox"


def test_a_name_that_is_not_here_yet(cache: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"deepmeme models pull fomm\.vox"):
        resolve("fomm.vox")
    with pytest.raises(DownloadError, match="DEEPMEME_OFFLINE"):
        resolve("fomm.vox", download=True)
    (cache / "models").mkdir(parents=True, exist_ok=True)
    (cache / "models" / "vox-cpk.pth.tar").write_bytes(b"here")
    found = resolve("vox")
    assert found.path == cache / "models" / "vox-cpk.pth.tar"
    assert found.preset == "vox-256"


def test_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.pth.tar"
    file.write_bytes(b"x")
    assert resolve(file).path == file and resolve(str(file)).preset is None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vox-cpk.pth.tar").write_bytes(b"x")
    assert resolve("vox-cpk.pth.tar").path == Path("vox-cpk.pth.tar")
    (tmp_path / "vox").mkdir()
    with pytest.raises(ModelNotFound):
        resolve("vox")
    (tmp_path / "vox/model.json").write_text("{}")
    assert resolve("vox").path == Path("vox")  # as `deepmeme models convert ... -o vox` makes it


@pytest.mark.parametrize("typed", ["vax", "fomm.vxo", "taichy", "fashon"])
def test_a_slip_of_the_pen(typed: str) -> None:
    for find_it in (resolve, resolve_entry):
        with pytest.raises(ModelNotFound, match="Did you mean fomm") as error:
            find_it(typed)
        assert "deepmeme models list" in str(error.value)


def test_nothing_like_it() -> None:
    with pytest.raises(ModelNotFound, match="There is no model and no file called"):
        resolve("zzzzzzzz")


def test_shipped_models_come_first() -> None:
    shipped = [entry for entry in entries() if entry.shipped]
    assert [entry.name for entry in entries()][: len(shipped)] == [e.name for e in shipped]
    for entry in shipped:
        assert entry.folder is not None and entry.folder.parent == BUNDLED
        assert resolve(entry.name).path == entry.folder


def test_a_model_folder_describes_itself(tmp_path: Path) -> None:
    card = {"name": "mine", "family": "portrait", "resolution": 128, "licence": "CC0"}
    (tmp_path / "model.json").write_text(json.dumps(card))
    entry = read_folder(tmp_path)
    assert (entry.name, entry.family, entry.licence) == ("mine", "portrait", "CC0")
    assert entry.shipped and "128 x 128" in entry.expects
    (tmp_path / "model.json").write_text('{"name": "mine"}')
    with pytest.raises(WeightsError, match="name, family and resolution"):
        read_folder(tmp_path)


def test_sums_that_nobody_published_are_not_guessed() -> None:
    assert by_sha256("0" * 64) is None
    verified = {entry.name for entry in PUBLISHED if "not verified" not in entry.verification}
    assert verified == {"fomm.vox", "fomm.vox-adv-slim"}

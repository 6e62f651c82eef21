"""Which videos a folder holds, by the published conventions."""

from pathlib import Path

import pytest

from deepmeme.data.videos import VideoFolder, identity_of, open_videos, read_pairs
from deepmeme.errors import InputError


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def names(folder: VideoFolder) -> tuple[list[str], list[str]]:
    train, test = ([s.name for s in part] for part in (folder.train, folder.test))
    return train, test


def test_train_and_test_are_taken_as_they_are(tmp_path: Path) -> None:
    touch(tmp_path / "train", "b.mp4", "a.gif")
    (tmp_path / "train" / "c.mp4").mkdir()
    touch(tmp_path / "test", "x.mov")
    assert names(open_videos(tmp_path)) == (["a.gif", "b.mp4", "c.mp4"], ["x.mov"])


def test_without_them_a_fifth_is_held_back_by_the_seed(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{i:02d}.mp4" for i in range(10)), "readme.txt", ".hidden.mp4", "list.csv")
    first, second = open_videos(tmp_path, seed=1), open_videos(tmp_path, seed=1)
    train, test = names(first)
    assert (len(train), len(test)) == (8, 2)
    assert sorted(train + test) == [f"{i:02d}.mp4" for i in range(10)]
    assert first == second
    assert len({tuple(names(open_videos(tmp_path, seed=s))[1]) for s in range(8)}) > 1


def test_one_video_serves_as_both_parts(tmp_path: Path) -> None:
    touch(tmp_path, "only.mp4")
    assert names(open_videos(tmp_path)) == (["only.mp4"], ["only.mp4"])
    assert names(open_videos(tmp_path / "only.mp4")) == (["only"], ["only"])


def test_id_sampling_joins_the_videos_of_a_person(tmp_path: Path) -> None:
    touch(tmp_path / "train", "id1#a#01.mp4", "id1#b#02.mp4", "id2#a#01.mp4", "lonely.mp4")
    touch(tmp_path / "test", "id3#z.mp4")
    folder = open_videos(tmp_path, id_sampling=True)
    assert names(folder)[0] == ["id1", "id2", "lonely"]
    assert [len(subject.videos) for subject in folder.train] == [2, 1, 1]
    assert folder.num_videos == 4


def test_a_person_is_never_in_both_parts(tmp_path: Path) -> None:
    touch(tmp_path, *(f"id{i}#{j}.mp4" for i in range(5) for j in range(3)))
    folder = open_videos(tmp_path, id_sampling=True)
    train, test = names(folder)
    assert not set(train) & set(test)
    assert len(test) == 1


def test_identity() -> None:
    assert identity_of("id00012#qwXs6QWr#001.mp4") == "id00012"
    assert identity_of("dance.mp4") == "dance"


@pytest.mark.parametrize("kind", ["nothing", "empty", "text"])
def test_a_folder_without_videos_is_refused(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "data"
    if kind != "nothing":
        root.mkdir()
    if kind == "text":
        (root / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match=str(root)):
        open_videos(root)


def test_pairs_list(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("distance,source,driving,frame\n0.1,a.mp4,b.mp4,0\n0.2,gone.mp4,a.mp4,0\n")
    assert read_pairs(path, ["a.mp4", "b.mp4"]) == (("a.mp4", "b.mp4"),)
    path.write_text("distance,source,driving,frame\n0.1,a,b,0\n")
    assert read_pairs(path, ["a.gif", "b.mp4"]) == (("a.gif", "b.mp4"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source,target\na,b\n", "found source, target"),
        ("", "found no rows"),
        ("source,driving\nx.mp4,y.mp4\n", "none of their videos"),
    ],
)
def test_another_list_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_pairs(path, ["a.mp4"])

"""Emoji become videos: which, how they are judged, what is written, and going on after a stop."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.data.emoji import (
    Clip,
    EmojiVideos,
    backdrop,
    decode,
    flat,
    judged_names,
    measure,
    write_videos,
)
from deepmeme.data.emoji_choice import Bar, Emoji, Motion, choose, read_name
from deepmeme.data.videos import identity_of, open_videos
from deepmeme.errors import InputError
from tests.data.small_emoji import moving_square, webp

WINK, GRIN, FROWN = "1f609", "1f600", "1f641"
COOK = "1f468-1f3fb-200d-1f373"


def emoji(name: str) -> Emoji:
    found = read_name(name)
    assert found is not None
    return found


def clips(*names: str, step_px: int = 2) -> list[Clip]:
    return [Clip(emoji(n), f"test: {n}", webp(moving_square(step_px))) for n in names]


def test_a_name_says_who_it_is() -> None:
    cook = emoji(COOK)
    assert (cook.kind, cook.tone, cook.base) == ("person", "1f3fb", "1f468-1f373")
    assert cook.video == "1f9d1-1f373#1f468-1f3fb-200d-1f373"
    assert identity_of(cook.video) == cook.family
    assert emoji(WINK).kind == "face" and emoji("1f436").kind == "animal"
    assert emoji("1f47b").kind == "creature"


@pytest.mark.parametrize(
    "name",
    ["1f1e6-1f1e8", "1fa70", "0023-fe0f-20e3", "1f43e", "1f4a9x", "readme", "", "1f469-200d-1f467"],
)
def test_flags_things_families_and_other_files_are_passed_over(name: str) -> None:
    assert read_name(name) is None


def test_drawings_of_one_motion_stay_on_one_side() -> None:
    cooks = [
        emoji("-".join((who, *tone, "200d", "1f373")))
        for who in ("1f468", "1f469", "1f9d1")
        for tone in ((), ("1f3fb",), ("1f3ff",))
    ]
    assert len({cook.family for cook in cooks}) == 1
    assert len({cook.tests(0.5) for cook in cooks}) == 1
    runners = [emoji(n) for n in ("1f3c3", "1f3c3-200d-2640-fe0f", "1f3c3-1f3fe-200d-2642-fe0f")]
    assert {runner.family for runner in runners} == {"1f3c3"}
    many = [emoji(f"{point:x}") for point in range(0x1F400, 0x1F43E)]
    share = np.mean([animal.tests(0.3) for animal in many])
    assert 0.15 < share < 0.45
    assert not any(animal.tests(0) for animal in many) and all(a.tests(1) for a in many)


def test_each_emoji_is_taken_plain_and_in_one_tone() -> None:
    tones = ["1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"]
    bases = ["1f474", "1f475", "1f478", "1f481", "1f934", "1f9b8", "1f9d9", "1f9da"]
    names = [f"{base}-{tone}" for base in bases for tone in tones] + bases + ["1f1e6-1f1e8"]
    chosen = choose(names)
    assert chosen == choose(names[::-1])
    for base in bases:
        assert sorted(e.tone is None for e in chosen if e.base == base) == [False, True]
    assert len({e.tone for e in chosen}) >= 4  # not the same tone for all


def test_motion_is_measured_as_said() -> None:
    frames = np.zeros((4, 64, 64, 4), np.uint8)
    frames[..., 3] = 255
    frames[1:3, ..., :3] = 255  # black, white, white, black
    assert measure(frames) == Motion(spread=0.5, jump=1.0, steady=1.0)
    frames[...] = 0
    frames[:, :32, :, 3] = 255
    frames[0, :16, :, 3] = 0  # a quarter of the picture comes after the first frame
    found = measure(frames)
    assert found.steady == pytest.approx(0.5)
    assert found.jump == pytest.approx(0.25 * 0.6)  # black where grey was
    assert found.spread == pytest.approx(0.25 * 0.6 / 4)


def test_the_bar_says_why() -> None:
    bar = Bar(least_spread=0.01, most_jump=0.08, least_steady=0.6)
    assert bar.objection(Motion(0.02, 0.05, 0.9)) is None
    assert bar.objection(Motion(0.005, 0.05, 0.9)) == "hardly moves"
    assert bar.objection(Motion(0.02, 0.09, 0.9)) == "jumps"
    assert bar.objection(Motion(0.02, 0.05, 0.5)) == "comes and goes"


def test_decoding_keeps_alpha_and_time() -> None:
    frames, milliseconds = decode(webp(moving_square(3), milliseconds=50))
    assert np.array_equal(frames, moving_square(3))
    assert milliseconds == 50


def test_what_is_no_animation_is_refused() -> None:
    whole = webp(moving_square(2))
    with pytest.raises(InputError, match="1 frames of 32 x 32"):
        decode(webp(moving_square(2, count=1)))
    large = np.zeros((2, 16, 1040, 4), np.uint8)
    large[1, 0, 0] = 255
    with pytest.raises(InputError, match="2 frames of 1040 x 16"):
        decode(webp(large))
    for broken in (b"", b"RIFF", whole[:60], b"GIF89a" + whole[6:]):
        with pytest.raises(InputError, match="damaged"):
            decode(broken)


def test_a_frame_lies_over_its_colour() -> None:
    frame = np.zeros((4, 8, 4), np.uint8)
    frame[:, :4] = (200, 100, 0, 255)
    frame[:, 4:] = (200, 100, 0, 51)  # a fifth
    made = flat(frame, (100, 200, 250), 8)
    assert made.shape == (8, 8, 3)
    assert np.array_equal(made[0], np.full((8, 3), (100, 200, 250)))  # filled to a square
    assert np.array_equal(made[3, 0], (200, 100, 0))
    assert np.array_equal(made[3, 7], (120, 180, 200))


def test_half_are_white_and_colours_stay_the_same() -> None:
    animals = [emoji(f"{point:x}") for point in range(0x1F400, 0x1F43E)]
    colours = [backdrop(animal, 0.5) for animal in animals]
    assert colours == [backdrop(animal, 0.5) for animal in animals]
    assert 0.3 < np.mean([colour == (255, 255, 255) for colour in colours]) < 0.7
    assert len(set(colours)) > 20
    assert {backdrop(animal, 1.0) for animal in animals} == {(255, 255, 255)}


def test_videos_are_written_for_the_readers(tmp_path: Path) -> None:
    found = clips(WINK, GRIN, COOK)
    barely = moving_square(0)
    barely[1::2, 0, 0] = 255
    still = Clip(emoji(FROWN), "test", webp(barely))
    broken = Clip(emoji("1f436"), "test", b"nothing")
    chosen = [clip.emoji for clip in (*found, still, broken)]
    options = EmojiVideos(size=16, every=2, white=1.0, test_share=0.5)
    heard: list[int] = []
    manifest = write_videos(
        tmp_path, chosen, [*found, still, broken], options, on_done=heard.append
    )
    assert manifest == json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert heard == [1, 2, 3, 4, 5]
    assert {row["name"] for row in manifest["videos"]} == {WINK, GRIN, COOK}
    reasons = {row["name"]: row["left_out"] for row in manifest["left_out"]}
    assert reasons[FROWN] == "hardly moves" and "damaged" in reasons["1f436"]
    assert "MIT" in (tmp_path / "LICENSE").read_text("utf-8")
    for row in manifest["videos"]:
        assert row["video"] == f"{row['split']}/{emoji(row['name']).video}"
        pictures = sorted((tmp_path / row["video"]).iterdir())
        assert [p.name for p in pictures] == ["0000.png", "0001.png", "0002.png"]
        assert (row["frames"], row["source_frames"], row["fps"]) == (3, 6, 11.9)
        frame = cv2.imread(str(pictures[1]))[..., ::-1]
        expected = flat(moving_square(2)[2], (255, 255, 255), 16)
        assert np.array_equal(frame, expected)
    cook = next(row for row in manifest["videos"] if row["name"] == COOK)
    assert cook["codepoints"] == "U+1F468 U+1F3FB U+200D U+1F373"
    assert cook["source"] == f"test: {COOK}"
    sides = {row["split"] for row in manifest["videos"]}
    if "train" in sides:
        assert open_videos(tmp_path, id_sampling=True).num_videos == manifest["num_train"]


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    all_clips = clips(WINK, GRIN, FROWN, COOK)
    chosen = [clip.emoji for clip in all_clips]
    options = EmojiVideos(size=16)
    whole = write_videos(tmp_path / "whole", chosen, all_clips, options)

    def stopped() -> Iterator[Clip]:
        yield from all_clips[:2]
        raise KeyboardInterrupt

    again = tmp_path / "again"
    with pytest.raises(KeyboardInterrupt):
        write_videos(again, chosen, stopped(), options)
    assert judged_names(again) == {WINK, GRIN}
    with (again / "judged.jsonl").open("a") as journal:
        journal.write('{"name": "cut sho')  # the crash came in the middle of a line
    decoded: list[str] = []
    rest = [clip for clip in all_clips if clip.emoji.name not in judged_names(again)]
    write_videos(again, chosen, rest, options, on_done=lambda done: decoded.append(str(done)))
    assert decoded == ["3", "4"]
    manifest = json.loads((again / "manifest.json").read_text("utf-8"))
    assert manifest == whole
    files = [
        sorted(str(p.relative_to(place)) for p in place.rglob("*"))
        for place in (tmp_path / "whole", again)
    ]
    assert files[0] == files[1]


def test_a_folder_keeps_to_one_way(tmp_path: Path) -> None:
    found = clips(WINK)
    write_videos(tmp_path, [found[0].emoji], found, EmojiVideos(size=16))
    with pytest.raises(InputError, match="in another way"):
        write_videos(tmp_path, [found[0].emoji], found, EmojiVideos(size=32))
    (tmp_path / "judged.jsonl").write_text("[1]\n")
    with pytest.raises(InputError, match="damaged"):
        write_videos(tmp_path, [found[0].emoji], found, EmojiVideos(size=16))

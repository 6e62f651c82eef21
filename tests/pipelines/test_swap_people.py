"""Whose face is replaced when there are several."""

import numpy as np
import pytest

from deepmeme.errors import InputError, NoFaceFound
from deepmeme.faces.crop import Crop
from deepmeme.pipelines.swap.people import Chosen, Impressions, choose_people
from deepmeme.pipelines.swap.tracks import Track, Tracked
from deepmeme.runtime.swap import Side, Swapped
from tests.pipelines.fake_swap import FakeSwap

RED, BLUE = (200, 40, 40), (40, 40, 200)


class KnowsRed(FakeSwap):
    """Draws every face red."""

    def swap(self, faces: np.ndarray, to: Side) -> Swapped:
        made, masks = super().swap(faces, to)
        made[...] = np.float32(RED) / 255
        return Swapped(made, masks)


def track(number: int, first: int, count: int, side: float, shot: int = 0) -> Track:
    corners = np.float32([[0, 0], [side, side]])
    return Track(number, shot, first, ("a", "b"), np.repeat(corners[None], count, 0), count)


def seen(
    colours: dict[int, tuple[int, int, int]], model: FakeSwap | None = None, embed: bool = False
) -> Impressions:
    """Impressions of tracks that show plain colours; the embedding is the colour's direction."""

    def direction(square: np.ndarray) -> np.ndarray:
        mean = square.mean((0, 1)) - 60
        return np.float32(mean / np.linalg.norm(mean))

    found = Impressions(model or FakeSwap(), "a", direction if embed else None)
    for number, colour in colours.items():
        found(number, np.full((64, 64, 3), colour, np.uint8), Crop(32, 32, 40))
    return found


def numbers(chosen: Chosen) -> list[int]:
    return sorted(t.number for t in chosen.tracks)


def test_one_is_the_largest_where_nothing_else_tells() -> None:
    tracked = Tracked((track(0, 0, 20, 40), track(1, 0, 20, 60)), 20, 1)
    chosen = choose_people(tracked, seen({0: RED, 1: RED}), "one")
    assert numbers(chosen) == [1] and chosen.people == 2 and "seen most of 2" in chosen.how


def test_one_is_whom_the_model_draws_clearly_best() -> None:
    tracked = Tracked((track(0, 0, 20, 40), track(1, 0, 20, 60)), 20, 1)
    chosen = choose_people(tracked, seen({0: RED, 1: BLUE}, KnowsRed()), "one")
    assert numbers(chosen) == [0] and "draws best" in chosen.how


def test_without_an_embedding_each_scene_has_its_one() -> None:
    tracks = (
        track(0, 0, 10, 60, shot=0), track(1, 0, 10, 40, shot=0),
        track(2, 10, 10, 30, shot=1), track(3, 10, 10, 80, shot=1),
        track(4, 20, 10, 50, shot=2),
    )  # fmt: skip
    chosen = choose_people(Tracked(tracks, 30, 3), seen(dict.fromkeys(range(5), RED)), "one")
    assert numbers(chosen) == [0, 3, 4] and chosen.people == 2


def test_who_comes_back_within_a_scene_is_the_same_one() -> None:
    tracks = (track(0, 0, 10, 60), track(1, 15, 8, 50), track(2, 15, 8, 15))
    chosen = choose_people(Tracked(tracks, 30, 1), seen(dict.fromkeys(range(3), RED)), "one")
    assert numbers(chosen) == [0, 1]


def test_with_an_embedding_people_are_known_again_in_other_scenes() -> None:
    colours = {0: RED, 1: BLUE, 2: BLUE, 3: RED}
    tracks = (
        track(0, 0, 10, 60), track(1, 0, 10, 40),
        track(2, 10, 9, 70, shot=1), track(3, 10, 10, 50, shot=1),
    )  # fmt: skip
    tracked, looks = Tracked(tracks, 20, 2), seen(colours, embed=True)
    assert numbers(choose_people(tracked, looks, 1)) == [0, 3]
    assert numbers(choose_people(tracked, looks, 2)) == [1, 2]
    blue = np.float32([-0.1, -0.1, 1])
    chosen = choose_people(tracked, looks, "one", reference=blue / np.linalg.norm(blue))
    assert numbers(chosen) == [1, 2] and "the model knows" in chosen.how
    green = np.float32([0, 1, 0])
    with pytest.raises(InputError, match=r"Nobody in v\.mp4 looks like .*--faces 1"):
        choose_people(tracked, looks, "one", reference=green, name="v.mp4")


def test_a_reference_of_another_embedding_says_nothing() -> None:
    tracked = Tracked((track(0, 0, 20, 40), track(1, 0, 20, 60)), 20, 1)
    looks = seen({0: RED, 1: BLUE}, embed=True)
    chosen = choose_people(tracked, looks, "one", reference=np.ones(7, np.float32))
    assert numbers(chosen) == [1]


def test_all_and_numbers() -> None:
    tracked = Tracked((track(0, 0, 20, 40), track(1, 0, 20, 60)), 20, 1)
    looks = seen({0: RED, 1: RED})
    assert numbers(choose_people(tracked, looks, "all")) == [0, 1]
    assert numbers(choose_people(tracked, looks, 1)) == [1]
    assert numbers(choose_people(tracked, looks, 2)) == [0]
    with pytest.raises(InputError, match=r"no person number 3 in v\.mp4: 2 people were found"):
        choose_people(tracked, looks, 3, name="v.mp4")


def test_nobody_at_all() -> None:
    with pytest.raises(NoFaceFound, match=r"No face was found in v\.mp4"):
        choose_people(Tracked((), 20, 1), seen({}), "one", name="v.mp4")

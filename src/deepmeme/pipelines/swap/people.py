"""Who of a video's people gets the other face: tracks become people, and one of them is chosen.

With an embedding of faces, tracks of all scenes that look alike are one person. Without, the people
of each scene are told apart by their tracks alone, and the model helps: a decoder draws its own
person's face best.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, NoFaceFound
from deepmeme.faces.crop import Crop
from deepmeme.faces.identity import unit_length
from deepmeme.pipelines.swap.tracks import Track, Tracked
from deepmeme.runtime.swap import Side, SwapModel

Frame = NDArray[np.uint8]
Vector = NDArray[np.float32]
Embed = Callable[[Frame], Vector]
"""An aligned square (n, n, 3) to a unit vector: near for pictures of one person."""

ALIKE = 0.5
"""Cosine of two vectors from which they are one person's, unless the embedding says otherwise."""
_ABOUT = 0.2
"""How much less than the most alike face the same person may be in another scene."""
_SQUARE_PX = 128
_CLEARLY = 0.8
"""A face that the model draws with less than this share of another's error is the one it knows."""
_LIKE_SIZED = 2.0


class Impressions:
    """What is remembered of each track's looks: called by a ``Tracker`` now and then."""

    def __init__(self, model: SwapModel, shown: Side, embed: Embed | None = None) -> None:
        """``shown`` is the side of the model that should be in the video."""
        self._model, self._shown, self._embed = model, shown, embed
        self._vectors: dict[int, list[Vector]] = defaultdict(list)
        self._errors: dict[int, list[float]] = defaultdict(list)

    def __call__(self, number: int, frame: Frame, crop: Crop) -> None:
        """Look at the face of track ``number``."""
        face = crop.cut(frame, self._model.info.resolution)
        drawn, masks = self._model.swap(face[None], self._shown)
        weight = masks[0] + 1e-6
        gap = np.abs(drawn[0] - face.astype(np.float32) / 255).mean(axis=2)
        self._errors[number].append(float((gap * weight).sum() / weight.sum()))
        if self._embed is not None:
            self._vectors[number].append(self._embed(crop.cut(frame, _SQUARE_PX)))

    def error(self, track: Track) -> float:
        """How badly the model draws this person as the one it should know, 0 being best."""
        seen = self._errors.get(track.number)
        return float(np.median(seen)) if seen else np.inf

    def vector(self, track: Track) -> Vector | None:
        """The mean of its embeddings, of length 1; None without an embedding."""
        seen = self._vectors.get(track.number)
        if not seen:
            return None
        return unit_length(np.mean(seen, axis=0))


@dataclass
class Person:
    """Tracks that show one and the same person."""

    tracks: list[Track]

    @property
    def weight(self) -> float:
        """How much of the video the person fills."""
        return sum(track.weight for track in self.tracks)

    def free_for(self, track: Track) -> bool:
        """Whether the person is nowhere else at the time."""
        return not any(track.overlaps(other) for other in self.tracks)


class Chosen(NamedTuple):
    """The faces to replace."""

    tracks: tuple[Track, ...]
    people: int
    """How many people there are; the most in one scene, where nothing tells them apart."""
    how: str
    """In words: who was chosen and why."""


def choose_people(
    tracked: Tracked,
    impressions: Impressions,
    which: Literal["one", "all"] | int,
    *,
    reference: Vector | None = None,
    alike: float = ALIKE,
    name: str = "the video",
) -> Chosen:
    """The tracks to swap.

    Args:
        tracked: all faces of the video.
        impressions: what they look like.
        which: as the option ``faces``.
        reference: embedding of the person that the model knows; one of another length, from
            another embedding, says nothing.
        alike: cosine from which two embeddings are one person's.
        name: of the video, for messages.

    Raises:
        NoFaceFound: there are none.
        InputError: no person of that number.
    """
    tracks = sorted(tracked.tracks, key=lambda track: (-track.weight, track.number))
    if not tracks:
        raise NoFaceFound(
            f"No face was found in {name}, so there is nothing to swap. Faces need to be about 30 "
            "pixels wide, and seen from the front more than from the side."
        )
    vectors = {track.number: impressions.vector(track) for track in tracks}
    told_apart = all(vector is not None for vector in vectors.values())
    people = _by_looks(tracks, vectors, alike) if told_apart else None
    scenes = [people] if people is not None else _by_scene(tracks)
    count = max(len(scene) for scene in scenes)
    if which == "all":
        return Chosen(tuple(tracks), count, "all faces")
    if isinstance(which, int):
        picked = [scene[which - 1] for scene in scenes if len(scene) >= which]
        if not picked:
            raise InputError(
                f"There is no person number {which} in {name}: {_counted(count)} found. Choose "
                f"--faces 1 (the one seen most) to {count}, or all."
            )
        return Chosen(_tracks(picked), count, f"person {which} of {count}")
    if people is not None and reference is not None and _fits(reference, vectors):
        return _like_reference(tracks, count, vectors, reference, alike, name)
    best = [_best(scene, impressions) for scene in scenes]
    if count == 1:
        how = "the only person"
    else:
        by_model = any(sure for _, sure in best)
        how = f"{'the one the model draws best' if by_model else 'the one seen most'} of {count}"
    return Chosen(_tracks([person for person, _ in best]), count, how)


def _fits(reference: Vector, vectors: dict[int, Vector | None]) -> bool:
    return all(
        vector is not None and vector.shape == reference.shape for vector in vectors.values()
    )


def _by_looks(
    tracks: Sequence[Track], vectors: dict[int, Vector | None], alike: float
) -> list[Person]:
    """People of the whole video, the one seen most first."""
    people: list[Person] = []
    means: list[Vector] = []
    for track in tracks:
        vector = vectors[track.number]
        assert vector is not None
        near = [float(unit_length(mean) @ vector) for mean in means]
        fits = [
            (-near[i], i)
            for i, person in enumerate(people)
            if near[i] >= alike and person.free_for(track)
        ]
        if fits:
            _, place = min(fits)
            people[place].tracks.append(track)
            means[place] = means[place] + vector
        else:
            people.append(Person([track]))
            means.append(vector)
    return sorted(people, key=lambda person: -person.weight)


def _by_scene(tracks: Sequence[Track]) -> list[list[Person]]:
    """People of each scene, the one seen most first; who comes back in another scene is unknown."""
    scenes: dict[int, list[Person]] = defaultdict(list)
    for track in tracks:  # the heaviest first
        people = scenes[track.shot]
        same = next((p for p in people if p.free_for(track) and _like_sized(p, track)), None)
        if same is None:
            people.append(Person([track]))
        else:
            same.tracks.append(track)
    return [sorted(people, key=lambda p: -p.weight) for _, people in sorted(scenes.items())]


def _like_sized(person: Person, track: Track) -> bool:
    first = person.tracks[0]
    sizes = [entry.weight / len(entry.points) for entry in (first, track)]
    return max(sizes) <= _LIKE_SIZED * min(sizes)


def _like_reference(
    tracks: Sequence[Track], people: int, vectors: dict[int, Vector | None], reference: Vector,
    alike: float, name: str,
) -> Chosen:  # fmt: skip
    """The tracks nearest to the reference, and those about as near elsewhere in the video."""
    near = {t.number: float(v @ reference) for t in tracks if (v := vectors[t.number]) is not None}
    best = max(near.values())
    if best < alike and people > 1:
        raise InputError(
            f"Nobody in {name} looks like the person that the model was trained on (nearest "
            f"{best:.2f}, {alike:.2f} is alike). --faces 1 takes the person seen most, "
            "--faces all everybody."
        )
    person = Person([])
    for track in sorted(tracks, key=lambda track: -near[track.number]):
        if near[track.number] >= best - _ABOUT and person.free_for(track):
            person.tracks.append(track)
    how = f"the one the model knows, of {people}" if people > 1 else "the only person"
    return Chosen(tuple(person.tracks), people, how)


def _best(people: Sequence[Person], impressions: Impressions) -> tuple[Person, bool]:
    """The person whom the model draws clearly best, if anybody, else the one seen most."""
    errors = [min(impressions.error(track) for track in person.tracks) for person in people]
    found = int(np.argmin(errors))
    if len(people) > 1 and errors[found] < _CLEARLY * sorted(errors)[1]:
        return people[found], True
    return people[0], False


def _tracks(people: Sequence[Person]) -> tuple[Track, ...]:
    return tuple(track for person in people for track in person.tracks)


def _counted(count: int) -> str:
    return "1 person was" if count == 1 else f"{count} people were"

"""Faces of people who do not exist: drawn, edited, walked between, looked up.

>>> import deepmeme
>>> dream = deepmeme.load_dream()
>>> faces = dream.sample(9, seed=7)
>>> dream.save(faces, "faces.png")
>>> dream.save(dream.edit(faces, smile=2), "smiling.png")
>>> dream.interpolate(faces).save("walk.mp4")
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from deepmeme.errors import InputError
from deepmeme.faces.align import portrait_crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.landmarks import find_landmarks
from deepmeme.media.clip import Frame
from deepmeme.media.image import read_image
from deepmeme.media.montage import tiled
from deepmeme.pipelines.codes import Codes, joined
from deepmeme.pipelines.consent import Ask, people_in
from deepmeme.pipelines.guard import open_guard
from deepmeme.provenance.record import InputFile, Record
from deepmeme.provenance.seal import Rendered, Saved, save_picture
from deepmeme.runtime.dream import DreamInfo, DreamModel, between, open_dream
from deepmeme.weights.resolve import resolve

DEFAULT = "gan"
"""The shipped model whose faces look truest; the other one, "vae", also looks faces up."""
FPS = 25
_MOST_FACES = 4096
_MOST_SECONDS = 600


class Dream:
    """One model of faces; what it does has the names of the commands of ``deepmeme faces``."""

    def __init__(self, model: DreamModel) -> None:
        """See :func:`load_dream`."""
        self.model = model

    @property
    def info(self) -> DreamInfo:
        """Facts about the model."""
        return self.model.info

    @property
    def traits(self) -> tuple[str, ...]:
        """What :meth:`edit` can change."""
        return self.model.traits.names if self.model.traits else ()

    def sample(self, count: int = 1, *, seed: int = 0, variety: float = 1.0) -> Codes:
        """Codes of people who do not exist; the n-th of a seed is always the same.

        Args:
            count: how many.
            seed: of the first; equal seeds give equal faces.
            variety: below 1 calmer faces, nearer to the middle of all; above 1 stranger ones.

        Raises:
            InputError: none, more than fit into memory, or a variety beyond 0 to 2.
        """
        if not 1 <= count <= _MOST_FACES:
            raise InputError(f"Ask for 1 to {_MOST_FACES} faces at once, not {count}.")
        return self._codes(self.model.codes(count, seed, variety=variety))

    def paint(self, codes: Codes) -> Frame:
        """(n, r, r, 3) what the faces look like.

        Raises:
            InputError: codes of another model.
        """
        return self.model.paint(self._own(codes).values)

    def edit(self, codes: Codes, steps: Mapping[str, float] | None = None, **more: float) -> Codes:
        """The same faces with some traits changed, in standard deviations of all faces.

        Raises:
            InputError: a trait that the model doesn't know, or one pushed beyond all faces.
        """
        wanted = dict(steps or {}) | more
        return replace(self._own(codes), values=self.model.edited(codes.values, wanted))

    def attributes(self, codes: Codes) -> dict[str, "np.ndarray[Any, np.dtype[np.float32]]"]:
        """How far each face (n,) is along each trait, in standard deviations of all faces."""
        return self.model.read(self._own(codes).values)

    def encode(self, picture: str | Path, *, ask: Ask | None = None) -> Codes:
        """The code whose face is most like the largest one in a picture.

        Args:
            picture: its file.
            ask: called with the file if it may show a real person, see ``pipelines.consent``.

        Raises:
            InputError: no face in the picture, one that the guard refuses, or a model that has no
                encoder.
        """
        path = Path(picture)
        face = face_in(path, self.info.resolution, ask)
        return self.looked_up(path, self.model.encode(face[None]))

    def looked_up(self, picture: str | Path, values: Any) -> Codes:
        """Codes (n, d) that somebody else looked up in a picture."""
        return replace(self._codes(values), origin=(InputFile.read("source", picture),))

    def interpolate(self, codes: Codes, *, seconds: float = 2.0, loop: bool = False) -> Rendered:
        """A film from face to face, ``seconds`` from each to the next, slow at each.

        Raises:
            InputError: fewer than two codes, or a way of no length.
        """
        return self._walk("interpolate", codes, seconds, loop=loop)

    def morph(self, *faces: Codes, seconds: float = 2.0, loop: bool = False) -> Rendered:
        """As :meth:`interpolate`, between faces that were looked up or drawn apart.

        Raises:
            InputError: they belong to different models.
        """
        return self._walk("morph", joined(faces), seconds, loop=loop)

    def save(
        self,
        codes: Codes,
        path: str | Path,
        *,
        task: str = "sample",
        facts: Mapping[str, Any] = {},
        together: int = 1,
    ) -> Saved:
        """Paint faces into one marked picture, beside and below each other; or, where the name has
        no suffix, into a folder with a picture of each.

        Args:
            codes: of the faces.
            path: where to.
            task: what the credentials call it: "sample", "edit", "encode".
            facts: what else they say.
            together: so many faces stay in one row.

        Raises:
            OutputError: the place or the suffix is impossible.
        """
        target, record = Path(path), self.record(task, codes, facts)
        pictures = self.paint(codes)
        if target.suffix:
            return save_picture(tiled(list(pictures), together=together), target, record)
        target.mkdir(parents=True, exist_ok=True)
        saved = [
            save_picture(picture, target / f"face-{number:04d}.png", record)
            for number, picture in enumerate(pictures)
        ]
        return replace(saved[-1], path=target, bytes=sum(each.bytes for each in saved))

    def record(self, task: str, codes: Codes, facts: Mapping[str, Any]) -> Record:
        """What the credentials say of a result's making."""
        return Record(task, self.info.name, self.info.sha256, codes.origin, dict(facts))

    def _codes(self, values: Any) -> Codes:
        return Codes(np.asarray(values, np.float32), self.info.name, self.info.sha256)

    def _own(self, codes: Codes) -> Codes:
        if codes.sha256 != self.info.sha256:
            raise InputError(
                f"These are codes of {codes.model}, not of {self.info.name}; a model understands "
                "only its own. Choose it with --model."
            )
        return codes

    def _walk(self, task: str, stops: Codes, seconds: float, *, loop: bool) -> Rendered:
        codes = self._own(stops).values
        if len(codes) < 2:
            raise InputError(f"A walk needs two faces at least; found {len(codes)}.")
        if not 0.1 <= seconds <= _MOST_SECONDS:
            raise InputError(
                f"From face to face take 0.1 to {_MOST_SECONDS} seconds, not {seconds:g}."
            )
        legs = [*pairwise(codes)]
        if loop:
            legs.append((codes[-1], codes[0]))
        each = max(2, round(seconds * FPS))
        eased = [0.5 - 0.5 * float(np.cos(np.pi * i / each)) for i in range(each)]
        round_ = self.info.family == "vae"

        def frames_from(first: int) -> Iterator[Frame]:
            for number in range(first, each * len(legs)):
                leg, place = divmod(number, each)
                code = between(*legs[leg], [eased[place]], round_=round_)
                yield self.model.paint(code)[0]

        side = self.info.resolution
        facts = {"stops": len(codes), "seconds": seconds, "loop": loop}
        return Rendered(
            side, side, Fraction(FPS), each * len(legs), frames_from,
            self.record(task, stops, facts),
        )  # fmt: skip


def load_dream(model: str | Path = DEFAULT) -> Dream:
    """A model of faces.

    Args:
        model: "gan" or "vae", which come with deepmeme, or a folder that ``deepmeme train export``
            wrote.

    Raises:
        ModelNotFound: no such model.
        WeightsError: its files are damaged or of another family.
    """
    return Dream(open_dream(resolve(model).path))


def face_in(path: Path, size: int, ask: Ask | None = None) -> Frame:
    """(size, size, 3) the largest face of a picture, cut as the models learnt faces.

    Raises:
        InputError: there is none, the guard refuses it, or ``ask`` did.
    """
    picture = read_image(path)
    faces = detect_faces(picture)
    if not faces:
        raise InputError(f"There is no face in {path}; choose a picture that shows one.")
    guard = open_guard()
    if guard is not None:
        guard.check(picture, str(path))
    if ask is not None and (people := people_in([path], [picture], None)):
        ask(people)
    marks = find_landmarks(picture, faces[0])
    return portrait_crop(marks.xy_px, marks.names).cut(picture, size)

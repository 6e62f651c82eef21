"""The whole of it: clips and stills in, figures out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from deepmeme.errors import InputError
from deepmeme.evaluation.bars import Bar, bars_of
from deepmeme.evaluation.clips import Flows, Frame, Moments, find_clips, read_moments
from deepmeme.evaluation.compare import Compared, compare
from deepmeme.evaluation.contenders import STILL, Model
from deepmeme.evaluation.cross import CrossPlayed, CrossResult, cross, fewer, watch
from deepmeme.evaluation.reconstruct import ClipPlayed, ClipResult, reconstruct
from deepmeme.evaluation.scoring import Judges, Scores, mean_known
from deepmeme.faces.refine import Finder
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.squares import squares_of
from deepmeme.runtime.engine import ModelInfo

MOST_CROSS_CLIPS = 3
"""Clips that move the stills: those that move most."""


@dataclass(frozen=True)
class Request:
    """What to measure on."""

    data: tuple[Path, ...]
    stills: tuple[Path, ...] = ()
    every: int = 3
    most: int = 40

    def __post_init__(self) -> None:
        """Refuse what can't be done."""
        if not (1 <= self.every <= 1000 and 2 <= self.most <= 1000):
            raise InputError(
                f"Every {self.every}th frame, at most {self.most}: expected 1 to 1000 and 2 "
                "to 1000."
            )


class Pictures(Protocol):
    """Whoever wants to see the pictures before they are let go."""

    def clip(self, played: ClipPlayed) -> None:
        """One clip's."""
        ...

    def stills(self, played: Sequence[CrossPlayed]) -> None:
        """All stills moved by one clip."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """All figures."""

    models: tuple[ModelInfo, ...]
    names: tuple[str, ...]
    """What the models are called here; the second is what the first is compared with."""
    request: Request
    judges: dict[str, Any]
    clips: tuple[ClipResult, ...]
    """Worst first."""
    crossed: tuple[CrossResult, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Demands on a portrait model."""
        return bars_of(self.clips, self.names[0])

    def compared(self) -> tuple[list[Compared], list[Compared]]:
        """On clips and on stills; empty with one model."""
        if len(self.names) < 2:
            return [], []
        first, second = self.names[:2]
        return (
            compare(self.clips, first, second, name=_name),
            compare(self.crossed, first, second, name=_name),
        )

    def groups(self) -> dict[str, list[ClipResult]]:
        """Clips by how much they move, and all where there are both kinds."""
        much = [clip for clip in self.clips if clip.moves_much]
        little = [clip for clip in self.clips if not clip.moves_much]
        found = {"much motion": much, "little motion": little, "all clips": list(self.clips)}
        if not (much and little):
            del found["all clips"]
        return {name: clips for name, clips in found.items() if clips}

    def fps(self, name: str) -> float:
        """Driving frames a second of a model, mean over the clips."""
        return mean_known([clip.fps[name] for clip in self.clips if name in clip.fps])


def _name(result: ClipResult | CrossResult) -> str:
    if isinstance(result, CrossResult):
        return f"{result.still}, {result.clip}"
    return result.name


def mean_scores(results: Sequence[ClipResult | CrossResult], contender: str) -> dict[str, float]:
    """Means over clips, each clip counting once."""
    keys = dict.fromkeys(key for result in results for key in result.rows[contender].means)
    nothing = float("nan")
    return {
        key: mean_known([result.rows[contender].means.get(key, nothing) for result in results])
        for key in keys
    }


def evaluate(
    models: Sequence[Model],
    request: Request,
    judges: Judges,
    *,
    pictures: Pictures | None = None,
    on_step: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Measure models by reconstruction and, with stills, across identities.

    One clip's frames are held at a time. A clip that can't be read is passed over and named.
    ``on_step`` hears what is next, how many steps are done and of how many.

    Raises:
        InputError: there is nothing to measure on.
    """
    paths = find_clips(request.data)
    stills = {path: still_square(path, models[0]) for path in request.stills}
    steps = len(paths) + min(MOST_CROSS_CLIPS, len(paths)) * bool(stills)
    flows, results, skipped = Flows(), [], {}
    where: dict[str, Path] = {}
    for step, path in enumerate(paths):
        _tell(on_step, path.name, step, steps)
        try:
            moments = _moments(path, models[0], request, taken=where)
        except InputError as error:
            skipped[str(path)] = str(error)
            continue
        where[moments.name] = path
        played = reconstruct(moments, models, judges, flows)
        if pictures is not None:
            pictures.clip(played)
        results.append(played.result)
    if not results:
        raise InputError("None of the clips can be used. " + " ".join(skipped.values()))
    name = models[0].name
    results.sort(key=lambda clip: badness(clip.rows[name]), reverse=True)
    crossed: list[CrossResult] = []
    if stills:
        movers = sorted(results, key=lambda clip: badness(clip.rows[STILL]), reverse=True)
        for step, clip in enumerate(movers[:MOST_CROSS_CLIPS], len(paths)):
            _tell(on_step, f"stills moved by {clip.name}", step, steps)
            whole = _moments(where[clip.name], models[0], request, name=clip.name)
            crossed += _crossed(stills, fewer(whole), models, judges, flows, pictures)
    infos = tuple(model.engine.info() for model in models)
    names = tuple(model.name for model in models)
    return Evaluation(
        infos, names, request, judges.as_dict(), tuple(results), tuple(crossed), skipped
    )


def badness(scores: Scores) -> float:
    """AKD, or L1 in 0.01 where there is none: for sorting."""
    akd = scores.means.get("akd", float("nan"))
    return akd if akd == akd else 100 * scores.means["l1"]


def _tell(on_step: Callable[[str, int, int], None] | None, what: str, done: int, of: int) -> None:
    if on_step is not None:
        on_step(what, done, of)


def _moments(
    path: Path, model: Model, request: Request, *, taken: dict[str, Path] | None = None,
    name: str = "",
) -> Moments:  # fmt: skip
    """The clip's frames under a name that no other clip has."""
    info = model.engine.info()
    found = read_moments(
        path,
        framing=info.framing,
        side=model.engine.resolution,
        every=request.every,
        most=request.most,
    )
    name = name or found.name
    number = 2
    while taken and name in taken:
        name, number = f"{found.name}-{number}", number + 1
    return replace(found, name=name)


def _crossed(
    stills: dict[Path, Frame],
    moments: Moments,
    models: Sequence[Model],
    judges: Judges,
    flows: Flows,
    pictures: Pictures | None,
) -> list[CrossResult]:
    driver = watch(moments, judges, flows)
    played = [
        cross(path.stem, source, driver, models, judges, flows) for path, source in stills.items()
    ]
    if pictures is not None:
        pictures.stills(played)
    return [one.result for one in played]


def still_square(path: Path, model: Model) -> Frame:
    """The square of a picture that the product would animate, (r, r, 3).

    Raises:
        InputError: not a picture.
    """
    if sniff(path).family not in ("picture", "animation"):
        raise InputError(f"{path} is no picture. Expected stills such as jpg or png.")
    picture = read_image(path)
    framing, finder = model.engine.info().framing, Finder.of(model.engine)
    square = squares_of(picture, AnimateOptions(), framing, path, finder)[0]
    return square.cut(picture, model.engine.resolution)


def find_stills(given: Sequence[Path]) -> tuple[Path, ...]:
    """The pictures among files and in folders, by name.

    Raises:
        InputError: a file isn't there, or pictures were asked for and there are none.
    """
    found: list[Path] = []
    for path in given:
        if sniff(path).family == "folder":
            found += [entry for entry in sorted(path.iterdir()) if is_picture(entry)]
        else:
            found.append(path)
    if given and not found:
        raise InputError(f"No picture was found in {', '.join(map(str, given))}.")
    return tuple(found)


def is_picture(path: Path) -> bool:
    """Whether a file is a still; False for what nobody can read."""
    try:
        return sniff(path).family == "picture"
    except InputError:
        return False

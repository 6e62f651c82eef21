"""Jobs of the kind "animate": pictures, moved by a driving video."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, cast

from deepmeme.jobs.consent import refuse
from deepmeme.jobs.job import Job, TooMuch
from deepmeme.jobs.requests import checked_animation, checked_options
from deepmeme.jobs.work import Place, Tell, made, result_of, save_or_resume
from deepmeme.pipelines.animate import Animation, load, prepare
from deepmeme.pipelines.inside import inside
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.progress import Progress
from deepmeme.pipelines.saving import save_result
from deepmeme.provenance.seal import Saved


def animate(job: Job, place: Place, tell: Tell) -> dict[str, Any]:
    """The result's facts; ``result.FORMAT``, and ``inside.mp4`` if it was asked for, lie there.

    Raises:
        ConsentNeeded: a real person may be in a picture, and the request has no consent.
        TooMuch: longer than this server allows.
        InputError: a file or option that cannot be used.
    """
    request = checked_animation(job.request)
    options = checked_options(request["options"])
    animation = _prepared(request, options, place, tell)
    _check_length(animation, place.most_s)
    tell.story(_told(animation))
    name = "result.png" if animation.still else f"result.{request['format']}"
    shown = tell.watched(animation.rendered)

    def save(resume: bool) -> Saved:
        return save_result(
            shown, place.folder / name, options, still=animation.still, resume=resume,
            progress=cast(Progress, tell),
        )  # fmt: skip

    result = save_or_resume(place.folder / name, save, shown)
    if request["inside"] and not animation.still:
        made(place.folder / "inside.mp4", partial(_inside, animation, place, tell))
        result |= {"inside": True}
    return result


def _prepared(
    request: dict[str, Any], options: AnimateOptions, place: Place, tell: Tell
) -> Animation:
    sources = request["sources"]
    called = ["the picture"] if len(sources) == 1 else [f"picture {n + 1}" for n in range(9)]
    paths = [place.file(ref, name) for ref, name in zip(sources, called, strict=False)]
    driving = place.file(request["driving"], "the driving video")
    tell.begin("load", None)
    kept = f"motion {options.model}"
    model = place.keep(kept, partial(load, options))
    if model.engine.needs_calibration:  # it will be calibrated to this driving video alone
        place.drop(kept)
    ask = None if request["consent"] else partial(_refuse, paths)
    return prepare(
        paths, driving, options, model=model, progress=cast(Progress, tell), ask=ask, private=True
    )


def _refuse(sources: Sequence[Path], people: Sequence[Path]) -> None:
    several = (
        "" if len(sources) == 1 else f" {', '.join(str(sources.index(p) + 1) for p in people)}"
    )
    refuse(f"Picture{several}")


def _check_length(animation: Animation, most_s: float) -> None:
    rendered = animation.rendered
    track_s = len(animation.track) / float(animation.track.fps)
    seconds = max(track_s, (rendered.num_frames or 0) / float(rendered.fps))
    if seconds > most_s:
        raise TooMuch(
            f"This would take {seconds:.0f} seconds of video; this server does {most_s:.0f} for "
            "one job. Choose a part of it (start and end), or fewer rounds (loop)."
        )


def _told(animation: Animation) -> dict[str, Any]:
    story = animation.story
    heard = story.sound.replace(story.driving.name, "the driving video")
    return asdict(story) | {"sound": heard, "still": animation.still}


def _inside(animation: Animation, place: Place, tell: Tell) -> dict[str, Any]:
    film = inside(animation)
    tell.begin("inside", film.num_frames)
    return result_of(
        film.save(place.folder / "inside.mp4", resume=True, on_frame=tell.advance), film
    )

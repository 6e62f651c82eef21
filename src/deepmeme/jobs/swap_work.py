"""Jobs of the kind "swap": two people's faces are collected and learnt, and one takes the other's
place in a clip.

    load, extract   faces of the clip, of A and of B                    jobs.swap_faces
    train           a pair of autoencoders, for so many minutes         jobs.swap_learning
    convert         the clip with the other face                        jobs.swap_film

What was collected and learnt lies in the job's folder (:mod:`deepmeme.jobs.swap_pair`): a worker
that comes after a killed one goes on there, and so does a job that is to learn more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepmeme.extras import require
from deepmeme.jobs.consent import refuse
from deepmeme.jobs.job import Job, TooMuch
from deepmeme.jobs.requests import checked_swap
from deepmeme.jobs.swap_faces import collect, key_of, look_at_clip, put_in, seconds_of
from deepmeme.jobs.swap_film import write_film
from deepmeme.jobs.swap_pair import Pair, Told, open_pair
from deepmeme.jobs.work import Place, Tell
from deepmeme.pipelines.consent import Ask


def swap(job: Job, place: Place, tell: Tell) -> dict[str, Any]:
    """The result's facts; ``result.mp4`` (of a picture ``result.png``) and ``model`` lie there.

    Raises:
        MissingExtra: PyTorch is not installed.
        ConsentNeeded: a real person may be in a file, and the request has no consent.
        TooMuch: a video is longer than this server allows.
        InputError: too few faces, a file that cannot be used, or nothing to go on from.
    """
    for module in ("torch", "lightning_fabric", "onnx"):
        require(module, extra="train")
    from deepmeme.jobs.swap_learning import learn

    request = checked_swap(job.request)
    tell.begin("load", None)
    clip = _file(request["convert"], "the clip", place)
    ask = None if request["consent"] else _refuse
    pair = open_pair(job.owner, request, place.folder)
    told = Told(tell, {"minutes": request["minutes"], "warnings": []})
    seen = look_at_clip(clip, pair.folder / "clip", tell, ask)  # a clip without faces: not an hour
    if not pair.again:
        _collect(request, pair, place, told, ask)
    side = put_in(seen, key_of(clip), pair)
    told.add(shown="B" if side == "a" else "A", put_in=side.upper())
    if not pair.learnt:
        learn(pair, told)
    told.add(resolution=pair.resolution, learnt_s=round(pair.spent_s))
    return write_film(pair.model, clip, place.folder, side, told)


def _collect(
    request: dict[str, Any], pair: Pair, place: Place, told: Told, ask: Ask | None
) -> None:
    """Both people's faces, each in a faceset."""
    paths: dict[str, list[Path]] = {}
    for side in ("a", "b"):
        numbers = range(1, len(request[side]) + 1)
        names = [f"file {n} of {side.upper()}" for n in numbers]
        names = names if len(names) > 1 else [f"the file of {side.upper()}"]
        pairs = zip(request[side], names, strict=True)
        paths[side] = [_file(ref, called, place) for ref, called in pairs]
        pair.keys[side] = [key_of(path) for path in paths[side]]
    pair.save()
    for side, files in paths.items():
        told.add(**{side: collect(files, pair.faces(side), told, ask)})


def _file(ref: str, called: str, place: Place) -> Path:
    path = place.file(ref, called)
    seconds = seconds_of(path)
    if seconds > place.most_s:
        raise TooMuch(
            f"{path} takes {seconds:.0f} seconds; this server takes {place.most_s:.0f} at a time. "
            "Send a part of it."
        )
    return path


def _refuse(people: Sequence[Path]) -> None:
    refuse(str(people[0]))

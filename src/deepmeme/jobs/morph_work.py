"""Jobs of the kind "morph": a film that walks from dreamt-up face to dreamt-up face."""

from functools import partial
from typing import Any

from deepmeme.jobs.job import Job, TooMuch
from deepmeme.jobs.requests import checked_morph
from deepmeme.jobs.work import Place, Tell, save_or_resume
from deepmeme.pipelines.dream import load_dream
from deepmeme.provenance.seal import Saved


def morph(job: Job, place: Place, tell: Tell) -> dict[str, Any]:
    """The result's facts; ``result.FORMAT`` lies there.

    Raises:
        InputError: a trait that the model doesn't know, or one pushed beyond all faces.
        TooMuch: longer than this server allows.
    """
    request = checked_morph(job.request)
    tell.begin("load", None)
    dream = place.keep(f"dream {request['model']}", partial(load_dream, request["model"]))
    faces = [
        dream.edit(dream.sample(seed=face["seed"], variety=request["variety"]), face["edits"])
        for face in request["faces"]
    ]
    rendered = dream.morph(*faces, seconds=request["seconds"], loop=request["loop"])
    seconds = (rendered.num_frames or 0) / float(rendered.fps)
    if seconds > place.most_s:
        raise TooMuch(
            f"This would be a film of {seconds:.0f} seconds; this server does {place.most_s:.0f} "
            "for one job. Take fewer faces, or fewer seconds for each."
        )
    info = dream.info
    tell.story({"model": info.name, "resolution": info.resolution, "frames": rendered.num_frames,
                "fps": float(rendered.fps), "warnings": []})  # fmt: skip
    shown = tell.watched(rendered.kept_private())
    tell.begin("render", shown.num_frames)
    target = place.folder / f"result.{request['format']}"

    def save(resume: bool) -> Saved:
        return shown.save(target, resume=resume, on_frame=tell.advance)

    return save_or_resume(target, save, shown)

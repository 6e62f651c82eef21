"""The last part of a swap: the clip with the other person's face, as a marked file."""

from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from deepmeme.jobs.swap_pair import Told
from deepmeme.jobs.work import Tell, save_or_resume
from deepmeme.pipelines.progress import Progress
from deepmeme.pipelines.saving import save_result
from deepmeme.pipelines.swap.convert import Conversion, prepare
from deepmeme.pipelines.swap.convert_options import ConvertOptions
from deepmeme.provenance.seal import Rendered, Saved

_TOLD = ("kind", "size", "fps", "frames", "swapped_frames", "filled_frames", "scenes", "face_px",
         "sound")  # fmt: skip


def write_film(
    model: Path, clip: Path, folder: Path, side: Literal["a", "b"], told: Told
) -> dict[str, Any]:
    """The result's facts; it lies in ``folder``. ``side`` is whose face is put in."""
    options = ConvertOptions(to=side)
    bar = cast(Progress, _Bar(told.tell))
    done = prepare(model, clip, options, progress=bar, private=True)
    _tell_story(done, told)
    shown = told.tell.watched(done.rendered)
    target = folder / ("result.png" if done.still else "result.mp4")
    save = partial(_save, shown, target, options, done.still, bar)
    return save_or_resume(target, save, shown)


def _save(
    shown: Rendered, target: Path, options: ConvertOptions, still: bool, bar: Progress, resume: bool
) -> Saved:
    return save_result(shown, target, options, still=still, resume=resume, progress=bar)


def _tell_story(done: Conversion, told: Told) -> None:
    facts = done.story.as_dict()
    told.warn(*(_for_pages(warning) for warning in done.story.warnings))
    told.add(film={name: facts[name] for name in _TOLD})


def _for_pages(warning: str) -> str:
    """A warning without the words of the command line."""
    sentences = warning.split(". ")
    kept = [sentence for sentence in sentences if "--" not in sentence]
    return ". ".join(kept).removesuffix(".") + "."


class _Bar:
    """Watching the clip and making its frames is one stage here, each a half."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._before, self._total = 0, 0

    def begin(self, stage: str, total: int | None) -> None:
        if stage == "track":
            self._total = total or 0
            self._tell.begin("convert", 2 * total if total else None)
        elif stage == "render":
            self._before = total or 0
            self._tell.begin("convert", 2 * self._before or None)
            self._tell.advance(self._before)

    def advance(self, frames: int) -> None:
        self._tell.advance(self._before + frames)

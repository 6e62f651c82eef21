"""A driving video becomes a motion template."""

from pathlib import Path
from typing import TYPE_CHECKING

from deepmeme.errors import InputError, OutputError
from deepmeme.media.sniff import sniff
from deepmeme.pipelines.animate import load
from deepmeme.pipelines.driving import is_template, watch_video
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.place import PathLike
from deepmeme.pipelines.progress import Progress, Silent
from deepmeme.pipelines.template import SUFFIX, MotionTemplate

if TYPE_CHECKING:
    from deepmeme.pipelines.motion_model import MotionModel


def extract_motion(
    driving: PathLike,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | None" = None,
    progress: Progress | None = None,
) -> MotionTemplate:
    """The keypoints of every frame of a driving video, unsmoothed, ready to ``save``.

    >>> extract_motion("dance.mp4").save("dance.motion.npz")

    Args:
        driving: path of a video.
        options: of these the model's and the driving video's count.
        model: loaded already; otherwise the options' model is loaded.
        progress: told how far it is.

    Raises:
        InputError: not a video with at least two frames.
    """
    path, options = Path(driving), options or AnimateOptions()
    if is_template(path):
        raise InputError(f"{path} is a motion template already. Expected a video.")
    if sniff(path).family == "picture":
        raise InputError(f"{path} is a picture and shows no movement. Expected a video.")
    progress = progress or Silent()
    progress.begin("load", None)
    engine = (model or load(options)).engine
    clip, _, keypoints = watch_video(path, engine, options, progress)
    return MotionTemplate.extracted(keypoints, clip.fps, engine.info())


def template_place(output: Path | None, driving: Path, *, overwrite: bool) -> Path:
    """Where the template goes: DRIVING.motion.npz in the current folder unless given.

    Raises:
        OutputError: something is there, or the name is not one of a template.
    """
    target = output or Path(f"{driving.stem}{SUFFIX}")
    if target.suffix != ".npz":
        target = target.with_name(target.name + SUFFIX)
    if not target.parent.is_dir():
        raise OutputError(f"{target} cannot be written: there is no folder {target.parent}.")
    if target.exists() and not overwrite:
        raise OutputError(
            f"{target} is there already. Add -y to replace it, or choose another name with -o."
        )
    return target

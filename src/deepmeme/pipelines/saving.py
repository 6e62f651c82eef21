"""From a rendered result to its file, as its options say."""

from pathlib import Path

from deepmeme.media.formats import PICTURE_SUFFIXES
from deepmeme.pipelines.output import OutputChoices
from deepmeme.pipelines.progress import Progress, Silent
from deepmeme.provenance.seal import Rendered, Saved, save_picture


def save_result(
    rendered: Rendered,
    path: Path | str,
    options: OutputChoices,
    *,
    still: bool,
    resume: bool = False,
    progress: Progress | None = None,
) -> Saved:
    """A result as a file: a video, or a single picture where it is ``still`` and named as one.

    Raises:
        OutputError: it cannot be written there.
        Interrupted: Ctrl-C; what is finished is kept for ``resume``.
    """
    tell = progress or Silent()
    if still and Path(path).suffix.lower() in PICTURE_SUFFIXES:
        return save_picture(next(iter(rendered.frames_from(0))), path, rendered.record)
    tell.begin("render", rendered.num_frames)
    return rendered.save(
        path,
        resume=resume,
        quality=options.quality_percent,
        max_bytes=options.max_bytes,
        on_frame=tell.advance,
    )

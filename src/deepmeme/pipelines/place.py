"""Where a result goes: its name, and whether it can be written there, before any work is done."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from deepmeme.errors import OutputError
from deepmeme.media.formats import PICTURE_SUFFIXES, format_of, picture_format_of
from deepmeme.media.sniff import sniff
from deepmeme.pipelines.driving import is_template
from deepmeme.provenance.target import same_place
from deepmeme.provenance.workshop import has_unfinished_work

PathLike = str | Path


def is_still(driving: Path) -> bool:
    """Whether the driver is one picture, so that the result is one too."""
    return not is_template(driving) and sniff(driving).family == "picture"


def check_place(
    path: PathLike, inputs: Sequence[PathLike], max_bytes: int | None, *, still: bool = False
) -> None:
    """Refuse a place where the result can't be written. Creates nothing.

    Args:
        path: of the result.
        inputs: must not be overwritten.
        max_bytes: the size budget, which must suit the format.
        still: the result may be a single picture.

    Raises:
        OutputError: with what to type instead.
    """
    target = Path(path)
    for entry in inputs:
        if same_place(target, Path(entry)):
            raise OutputError(
                f"{target} is both an input and the output; it would be destroyed. "
                "Choose another name with -o."
            )
    if still and target.suffix.lower() in PICTURE_SUFFIXES:
        picture_format_of(target)
    else:
        form = format_of(target)
        if max_bytes is not None and not form.budget:
            raise OutputError(
                f"--max-size keeps gif and webp small, and {target} is {form.name}. Name the "
                "result .gif or .webp, or take --quality small."
            )
    _check_folder(target)


def _check_folder(target: Path) -> None:
    try:
        if target.is_dir() and (target.suffix or any(target.iterdir())):
            raise OutputError(
                f"{target} is a folder that exists"
                + ("" if target.suffix else " and holds files")
                + ". Choose another name with -o."
            )
        folder = Path(os.path.abspath(target)).parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
    if not folder.is_dir():
        raise OutputError(f"{target} cannot be written: {folder} is a file, not a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"{target} cannot be written: no permission for the folder {folder}. "
            "Choose another place with -o."
        )


def check_free(target: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse to replace a result, or unfinished work, unless that was asked for.

    Raises:
        OutputError: with what to type instead.
    """
    if overwrite or resume:
        return
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(
            f"{target} is there already. Add -y to replace it, or choose another name with -o."
        )
    if has_unfinished_work(target):
        raise OutputError(
            f"{target} was begun and not finished. Add --resume to go on with it, or -y to start "
            "over."
        )


def next_free(target: Path) -> Path:
    """The place itself, with a number behind its name where that is taken."""
    names = (target.with_stem(f"{target.stem}-{n}") if n > 1 else target for n in count(1))
    return next(p for p in names if not p.exists() and not has_unfinished_work(p))


def default_place(
    sources: Sequence[Path], driving: Path, *, ending: str = "", suffix: str = ".mp4",
    resume: bool = False,
) -> Path:  # fmt: skip
    """SOURCE-DRIVING.mp4 in the current folder, with a number behind where that is taken.

    With ``resume`` the first of these names that has unfinished work.
    """
    first = sources[0].stem if len(sources) == 1 else f"{sources[0].stem}-and-{len(sources) - 1}"
    name = f"{first}-{driving.name.removesuffix('.motion.npz').rsplit('.', 1)[0]}{ending}"
    if not resume:
        return next_free(Path(f"{name}{suffix}"))
    places = (Path(f"{name}{f'-{n}' if n > 1 else ''}{suffix}") for n in count(1))
    tried = []
    for place in places:
        if has_unfinished_work(place):
            return place
        tried.append(place)
        if not place.exists():
            return tried[0]
    raise AssertionError("count() does not end")

"""The pictures that are animated: read, looked at by the guard, asked about, cut into squares."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.refine import Finder
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.pipelines.consent import Ask, people_in
from deepmeme.pipelines.driving import is_template
from deepmeme.pipelines.guard import Guard
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.squares import Square, squares_of
from deepmeme.runtime.engine import MotionEngine

Frame = NDArray[np.uint8]


def read_sources(paths: Sequence[Path], driving: Path, options: AnimateOptions) -> list[Frame]:
    """All pictures, after a first look at every input, so that a typo costs no time."""
    if not paths:
        raise InputError("At least one source picture is needed.")
    for path in paths:
        if sniff(path).family in ("video", "sound", "folder"):
            raise InputError(
                f"{path} is a {sniff(path).family} ({sniff(path).name}), but a source is a picture "
                "(jpg, png, webp, heic). Sources come first, the driving video last."
            )
    if not is_template(driving):
        sniff(driving)
    return [read_image(path, background=options.background_colour) for path in paths]


def choose_squares(
    engine: MotionEngine, pictures: Sequence[Frame], paths: Sequence[Path],
    options: AnimateOptions, guard: Guard | None, ask: Ask | None,
) -> list[tuple[Square, ...]]:  # fmt: skip
    """The squares to animate, unless the guard or the user says no."""
    finder, framing = Finder.of(engine), engine.info().framing
    squares = [
        squares_of(p, options, framing, q, finder) for p, q in zip(pictures, paths, strict=True)
    ]
    if guard is not None:
        for picture, chosen, path in zip(pictures, squares, paths, strict=True):
            guard.check_source(picture, chosen, path)
    if ask is not None and (people := people_in(paths, pictures, finder)):
        ask(people)
    return squares

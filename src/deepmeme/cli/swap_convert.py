"""``deepmeme swap convert MODEL VIDEO``."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.animate import Consent, Overwrite, Private, Resume
from deepmeme.cli.fields import AsJson, with_options
from deepmeme.cli.results import add_film, facts_of, heard, new_table, remark, show_made
from deepmeme.errors import InputError
from deepmeme.pipelines.swap.convert_options import ConvertOptions

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.pipelines.swap.convert import Conversion
    from deepmeme.pipelines.swap.convert_story import SwapStory
    from deepmeme.provenance.seal import Saved

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="Folder of a trained swap, as `deepmeme swap train` writes it.",
        show_default=False,
    ),
]
Video = Annotated[
    Path,
    typer.Argument(
        metavar="VIDEO|PICTURE",
        help="Of the person whose face is replaced.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Result: .mp4, .mov, .mkv, .webm, .gif, .webp, .apng, or no suffix for a folder of "
        "PNG frames; .png, .jpg or .webp for a picture. MODEL-VIDEO.mp4 unless given.",
        show_default=False,
    ),
]


@with_options(ConvertOptions, into="options")
def convert(
    model: Model,
    video: Video,
    options: ConvertOptions,
    output: Output = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
    private: Private = False,
) -> None:
    """Put the other person's face into a video or a picture.

    deepmeme swap convert me-and-you me.mp4 -o you.mp4

    deepmeme swap convert me-and-you you.jpg --to a --compare --preview 50
    """
    from deepmeme.cli.consent import asker
    from deepmeme.cli.console import bars, print_json, screen
    from deepmeme.pipelines.swap.convert import prepare

    started = perf_counter()
    target = _target(output, model, video, options, overwrite=overwrite, resume=resume)
    console = screen()
    with bars(console, quiet=as_json) as progress:
        ask = asker(console, progress, given=i_have_consent, as_json=as_json)
        done = prepare(model, video, options, progress=progress, ask=ask, private=private)
        story = _story_of(done, target)
        if not as_json:
            remark(console, story)
        saved = done.save(target, resume=resume, progress=progress)
    elapsed = perf_counter() - started
    speed = (saved.num_frames - saved.resumed_at) / max(elapsed, 1e-9)
    facts = facts_of(story, saved, elapsed, speed)
    if as_json:
        print_json(facts)
    else:
        tell(console, story, saved, facts)


def _target(
    output: Path | None, model: Path, video: Path, options: ConvertOptions, *, overwrite: bool,
    resume: bool,
) -> Path:  # fmt: skip
    """Where the result goes; refused before any work if it can't go there."""
    from deepmeme.pipelines.place import check_free, default_place, is_still
    from deepmeme.pipelines.swap.convert import check_output
    from deepmeme.runtime.swap import model_folder

    first, second = (model_folder(path) / "model.json" for path in (model, video))
    if second.is_file() and not first.is_file():
        raise InputError(
            f"{video} is the model and {model} is not: the model comes first. "
            f"deepmeme swap convert {video} {model}"
        )
    if output is None:
        still = is_still(video)
        ending = "-preview" if options.preview is not None and not still else ""
        named = Path(model.resolve().name or "swap")
        suffix = ".png" if still else ".mp4"
        output = default_place(
            [named.with_name(f"{named.name}.model")], video, ending=ending, suffix=suffix,
            resume=resume,
        )  # fmt: skip
    check_output(output, video, options)
    check_free(output, resume=resume, overwrite=overwrite)
    return output


def _story_of(done: "Conversion", target: Path) -> "SwapStory":
    """The story, with what the format of the result adds to it."""
    from deepmeme.media.formats import PICTURE_SUFFIXES

    if done.still and target.suffix.lower() in PICTURE_SUFFIXES:
        return done.story
    return heard(done.story, done.rendered, target)


def tell(console: "Console", story: "SwapStory", saved: "Saved", facts: dict[str, Any]) -> None:
    """The last message: what was done, and where the file is."""
    from rich.text import Text

    table = new_table()
    width, height = story.size
    table.add_row(
        Text(story.kind, style="#4c8dff"), Text(f"{story.video} ({width}x{height}): {story.whose}")
    )
    table.add_row(
        "model", Text(f"{story.model}, {story.resolution} pixels: {story.put_in} for {story.shown}")
    )
    table.add_row("swapped", Text(swapped_line(story)))
    add_film(
        table, story, saved, facts,
        result="a preview, the first " if story.preview else "",
        speed=f"{facts['frames_per_second']:.1f} frames a second, from file to file",
    )  # fmt: skip
    show_made(console, table, saved)
    if story.preview:
        console.print("That is a preview; leave out --preview for the whole video.", style="dim")


def swapped_line(story: "SwapStory") -> str:
    """In how many frames, and how surely."""
    if story.frames == 1:
        return "the face" if story.people == 1 else f"{story.people} faces are there"
    parts = [f"in {story.swapped_frames} of {story.frames} frames"]
    if story.filled_frames:
        parts.append(f"{story.filled_frames} of them between two sightings")
    if story.scenes > 1:
        parts.append(f"{story.scenes} scenes")
    return ", ".join(parts)

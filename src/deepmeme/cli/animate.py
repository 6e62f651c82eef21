"""``deepmeme animate SOURCE... DRIVING``."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson, with_options
from deepmeme.cli.pipe import piped
from deepmeme.cli.results import add_film, facts_of, heard, new_table, remark, show_made
from deepmeme.errors import InputError
from deepmeme.pipelines.options import AnimateOptions

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.pipelines.animate import Animation
    from deepmeme.pipelines.story import SourceStory, Story
    from deepmeme.provenance.seal import Saved

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE... DRIVING",
        help="One or more pictures (- for one through a pipe), then what moves them: a video, a "
        ".motion.npz, or a picture whose pose is taken over.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Result: .mp4, .mov, .mkv, .webm, .gif, .webp, .apng, or no suffix for a folder of "
        "PNG frames. SOURCE-DRIVING.mp4 unless given.",
        show_default=False,
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", "-y", help="Replace the result if it is there.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what Ctrl-C or a crash left.")]
Preview = Annotated[
    bool,
    typer.Option(
        "--preview",
        help="Only write a contact sheet that shows how it works: keypoints, warp, occlusion and "
        "result of a few moments.",
    ),
]
Consent = Annotated[
    bool,
    typer.Option(
        "--i-have-consent",
        envvar="DEEPMEME_CONSENT",
        help="The people in the pictures agreed, where they can be asked: for scripts, which "
        "cannot answer a question.",
    ),
]
Private = Annotated[
    bool,
    typer.Option(
        "--private",
        help="Leave names and thumbnails of the inputs out of the content credentials.",
    ),
]


@with_options(AnimateOptions, into="options")
def animate(
    inputs: Inputs,
    options: AnimateOptions,
    output: Output = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    preview: Preview = False,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
    private: Private = False,
) -> None:
    """Bring a still picture to life: move it like a driving video.

    deepmeme animate me.jpg dance.mp4

    deepmeme faces sample | deepmeme animate - talk.mp4

    deepmeme animate mona.jpg statue.jpg cartoon.png talk.mp4 -o grid.gif --max-size 8MB
    """
    with piped(inputs) as files:
        _run(
            files, options, output, overwrite=overwrite, resume=resume, preview=preview,
            as_json=as_json, consent=i_have_consent, private=private,
        )  # fmt: skip


def _run(
    inputs: list[Path], options: AnimateOptions, output: Path | None, *, overwrite: bool,
    resume: bool, preview: bool, as_json: bool, consent: bool, private: bool,
) -> None:  # fmt: skip
    from deepmeme.cli.consent import asker
    from deepmeme.cli.console import bars, print_json, screen
    from deepmeme.pipelines.animate import prepare

    started = perf_counter()
    sources, driving = _split(inputs)
    target = _target(output, sources, driving, options, preview, overwrite, resume)
    console = screen()
    with bars(console, quiet=as_json) as progress:
        ask = asker(console, progress, given=consent, as_json=as_json)
        animation = prepare(sources, driving, options, progress=progress, ask=ask, private=private)
        story = animation.story if preview else _story_of(animation, target)
        if not as_json:
            remark(console, story)
        ready = perf_counter()
        if preview:
            saved = _save_preview(animation, target)
        else:
            saved = animation.save(target, resume=resume, progress=progress)
    fresh = saved.num_frames - saved.resumed_at
    speed = fresh / max(perf_counter() - ready, 1e-9)
    facts = facts_of(story, saved, perf_counter() - started, speed)
    if as_json:
        print_json(facts)
    else:
        tell(console, story, saved, facts)


def _split(inputs: list[Path]) -> tuple[list[Path], Path]:
    if len(inputs) < 2:
        raise InputError(
            f"Only one file was given: {inputs[0]}. Expected a picture and a driving video: "
            "deepmeme animate me.jpg dance.mp4"
        )
    return inputs[:-1], inputs[-1]


def _target(
    output: Path | None, sources: list[Path], driving: Path, options: AnimateOptions,
    preview: bool, overwrite: bool, resume: bool,
) -> Path:  # fmt: skip
    """Where the result goes; refused before any work if it can't go there."""
    from deepmeme.pipelines.place import check_free, check_place, default_place, is_still

    still = preview or is_still(driving)
    ending, suffix = "-preview" if preview else "", ".png" if still else ".mp4"
    if output is None:
        output = default_place(sources, driving, ending=ending, suffix=suffix, resume=resume)
    elif preview and output.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        output = output.with_name(f"{output.stem}-preview.png")
    check_place(output, [*sources, driving], options.max_bytes, still=still)
    check_free(output, resume=resume, overwrite=overwrite)
    return output


def _story_of(animation: "Animation", target: Path) -> "Story":
    """The story, with what the format of the result adds to it."""
    from deepmeme.media.formats import PICTURE_SUFFIXES
    from deepmeme.pipelines.preflight import heavy

    if animation.still and target.suffix.lower() in PICTURE_SUFFIXES:
        return animation.story
    story = heard(animation.story, animation.rendered, target)
    note = heavy(target.suffix, story.size, story.frames, animation.options)
    return replace(story, warnings=(*story.warnings, note)) if note else story


def _save_preview(animation: "Animation", target: Path) -> "Saved":
    from deepmeme.pipelines.preview import contact_sheet
    from deepmeme.provenance.seal import save_picture

    return save_picture(contact_sheet(animation), target, animation.rendered.record)


def tell(console: "Console", story: "Story", saved: "Saved", facts: dict[str, Any]) -> None:
    """The last message: what was done, and where the file is."""
    from rich.text import Text

    table = new_table()
    for source in story.sources:
        table.add_row(Text("source", style="#4c8dff"), Text(_source_line(source, story)))
    table.add_row(Text("driving", style="#ff9933"), Text(_driving_line(story)))
    table.add_row("model", f"{story.model} on {story.engine}, {story.precision}, {story.device}")
    width, height = story.size
    add_film(
        table, story, saved, facts,
        result=f"{story.layout}, {width}x{height}, ",
        speed=f"rendered {facts['frames_per_second']:.1f} frames a second",
    )  # fmt: skip
    show_made(console, table, saved)


def _driving_line(story: "Story") -> str:
    driving = story.driving
    parts = [f"{driving.name}: {driving.kind}"]
    if driving.frames > 1:
        parts.append(f"{driving.frames} frames")
    if driving.how:
        parts.append(driving.how)
    if driving.crop is not None:
        x, y, side = driving.crop
        parts.append(f"{side}x{side} at {x},{y}")
    return ", ".join(parts)


def _source_line(source: "SourceStory", story: "Story") -> str:
    width, height = source.size
    parts = [f"{source.name} ({width}x{height}): {source.how}"]
    parts += [f"{side}x{side} at {x},{y}" for x, y, side in source.crops]
    if source.side > story.resolution:
        parts.append(f"its own detail up to {source.side} pixels")
    if source.pasted:
        parts.append("put back into the picture")
    anchors = sorted({a for a in source.anchors if a is not None})
    if anchors:
        parts.append("anchor frame " + " and ".join(map(str, anchors)))
    return ", ".join(parts)

"""``deepmeme train``: teach a model; what is stopped or killed goes on with the same command."""

import logging
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.choices import choice_of
from deepmeme.cli.fields import AsJson, with_options
from deepmeme.errors import InputError
from deepmeme.train.courses import (
    COURSES,
    FACE_COURSES,
    GAN_COURSE,
    PEOPLE_COURSES,
    TRAIT_COURSE,
    VAE_COURSE,
    WATERMARK_COURSE,
    FaceNetwork,
    Lesson,
)
from deepmeme.train.options import FitOptions
from deepmeme.train.swap_courses import BASIS_COURSE

if TYPE_CHECKING:
    from deepmeme.train.loop import Fitted

app = typer.Typer(no_args_is_help=True)

Run = Annotated[
    Path, typer.Option("-o", "--out", help="Folder of the run; one that exists is gone on with.")
]
Banks = Annotated[
    list[Path], typer.Option("--banks", help="A bank of labelled frames; give it again for more.")
]
Shares = Annotated[str | None, typer.Option(help="How often each bank is drawn from: 0.4,0.5,0.1")]


portrait = typer.Typer(no_args_is_help=True)
app.add_typer(
    portrait,
    name="portrait",
    help="Train the portrait model that ships: keypoints, motion, closeups, in one folder.",
)


def _add_lesson(lesson: Lesson, text: str) -> None:
    """A command for the lesson, its course as the defaults."""

    @portrait.command(lesson, help=f"{text} A run that was stopped goes on.")
    @with_options(FitOptions, into="options", defaults=COURSES[lesson])
    def run(
        out: Run,
        options: FitOptions,
        banks: Banks,
        shares: Shares = None,
        as_json: AsJson = False,
    ) -> None:
        from deepmeme.train.portrait import train_lesson

        often = _shares(shares, banks)
        talk(quiet=as_json)
        fitted = train_lesson(lesson, banks, out, options, shares=often)
        _tell(fitted, out / lesson, as_json=as_json)


_add_lesson("keypoints", "Learn where a face's 79 keypoints are.")
_add_lesson("motion", "Learn how a face moves, and to paint what comes into sight.")
_add_lesson("closeups", "Learn to paint mouths and eyes that look real.")

faces = typer.Typer(no_args_is_help=True)
app.add_typer(
    faces,
    name="faces",
    help="Train what ships about faces: finder and landmarks in one folder; masks and identities "
    "in another.",
)
Size = Annotated[
    int | None, typer.Option(help="Side of the pictures it learns from, a multiple of 32.")
]
SquareSize = Annotated[
    int | None, typer.Option(help="Side of the squares it learns from, a multiple of 16.")
]


@faces.command("finder")
@with_options(FitOptions, into="options", defaults=FACE_COURSES["finder"])
def finder(
    out: Run,
    options: FitOptions,
    banks: Banks,
    shares: Shares = None,
    faceless: Annotated[
        Path | None, typer.Option(help="Photographs without faces: deepmeme data prepare faceless")
    ] = None,
    size: Size = None,
    as_json: AsJson = False,
) -> None:
    """Learn to find faces of any size, turned, real or drawn. A run that was stopped goes on."""
    _train_faces("finder", out, options, banks, shares, faceless, size, as_json)


@faces.command("landmarks")
@with_options(FitOptions, into="options", defaults=FACE_COURSES["landmarks"])
def landmarks(
    out: Run,
    options: FitOptions,
    banks: Banks,
    shares: Shares = None,
    size: Size = None,
    as_json: AsJson = False,
) -> None:
    """Learn where a face's 75 points are. A run that was stopped goes on."""
    _train_faces("landmarks", out, options, banks, shares, None, size, as_json)


def _train_faces(
    network: FaceNetwork,
    out: Path,
    options: FitOptions,
    banks: Sequence[Path],
    shares: str | None,
    faceless: Path | None,
    size: int | None,
    as_json: bool,
) -> None:
    from deepmeme.train.faces import train_faces

    often = _shares(shares, banks)
    talk(quiet=as_json)
    fitted = train_faces(network, banks, out, options, shares=often, faceless=faceless, size=size)
    _tell(fitted, out / network, as_json=as_json)


@faces.command("mask")
@with_options(FitOptions, into="options", defaults=PEOPLE_COURSES["mask"])
def mask(
    out: Run,
    options: FitOptions,
    squares: Annotated[
        Path, typer.Option(help="Rendered faces: python -m deepmeme.data.face_masks -o DIR")
    ],
    size: SquareSize = None,
    as_json: AsJson = False,
) -> None:
    """Learn what of an aligned square is visible face. A run that was stopped goes on."""
    from deepmeme.train.people import train_mask

    talk(quiet=as_json)
    fitted = train_mask(squares, out, options, size=size)
    _tell(fitted, out / "mask", as_json=as_json)


@faces.command("identity")
@with_options(FitOptions, into="options", defaults=PEOPLE_COURSES["identity"])
def identity(
    out: Run,
    options: FitOptions,
    people: Annotated[
        list[Path],
        typer.Option(
            help="Rendered faces, or a bank whose groups are all other people; give it again for "
            "more."
        ),
    ],
    size: SquareSize = None,
    as_json: AsJson = False,
) -> None:
    """Learn to tell people apart. A run that was stopped goes on."""
    from deepmeme.train.people import train_identity

    talk(quiet=as_json)
    fitted = train_identity(people, out, options, size=size)
    _tell(fitted, out / "identity", as_json=as_json)


@app.command("watermark")
@with_options(FitOptions, into="options", defaults=WATERMARK_COURSE)
def watermark(
    out: Run, options: FitOptions, banks: Banks, shares: Shares = None, as_json: AsJson = False
) -> None:
    """Learn to read the invisible watermark after codecs. A run that was stopped goes on."""
    from deepmeme.train.watermark_task import train_watermark

    often = _shares(shares, banks)
    talk(quiet=as_json)
    fitted = train_watermark(banks, out, options, shares=often)
    _tell(fitted, out, as_json=as_json)


@app.command("swap-basis")
@with_options(FitOptions, into="options", defaults=BASIS_COURSE)
def swap_basis(
    out: Run,
    options: FitOptions,
    banks: Banks,
    start: Annotated[
        Path | None, typer.Option("--from", help="Networks already taught, to begin with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn what every quick swap begins with: expressions, looks, painting faces."""
    from deepmeme.train.swap_basis_task import train_basis

    talk(quiet=as_json)
    fitted = train_basis(banks, out, options, start=start)
    _tell(fitted, out, as_json=as_json)


Pictures = Annotated[
    Path,
    typer.Option(
        "--data", help="Pictures of faces: a folder, a faceset, or what data.dream_faces rendered."
    ),
]
FaceSize = Annotated[int, typer.Option(help="Side of the faces in pixels: 32, 64, 128 or 256.")]
Numbers = Annotated[int, typer.Option(help="Numbers of a code.")]
Earlier = Annotated[
    Path | None,
    typer.Option(
        "--from", help="A run to begin with: half the size will do, and a GAN may begin with a VAE."
    ),
]


@app.command("vae")
@with_options(FitOptions, into="options", defaults=VAE_COURSE)
def vae(
    out: Run,
    options: FitOptions,
    data: Pictures,
    size: FaceSize = 128,
    latent: Numbers = 96,
    beta: Annotated[
        float, typer.Option(min=0, help="What a nat of the code costs; more dreams better.")
    ] = 0.02,
    plain: Annotated[bool, typer.Option(help="An autoencoder without chance.")] = False,
    start: Earlier = None,
    as_json: AsJson = False,
) -> None:
    """Learn an autoencoder of faces: codes to draw from, walk between and edit."""
    from deepmeme.models.painted import full_width
    from deepmeme.models.vae.config import VaeConfig
    from deepmeme.train.dream_training import train_vae
    from deepmeme.train.vae_task import VaeWeights

    talk(quiet=as_json)
    config = VaeConfig(size, latent, full_width(size), variational=not plain)
    weights = VaeWeights(beta=beta)
    fitted = train_vae(data, out, options, config=config, weights=weights, start=start)
    _tell(fitted, out, as_json=as_json)


@app.command("gan")
@with_options(FitOptions, into="options", defaults=GAN_COURSE)
def gan(
    out: Run,
    options: FitOptions,
    data: Pictures,
    size: FaceSize = 128,
    latent: Numbers = 96,
    slope: Annotated[
        float, typer.Option(min=0, help="Penalty on the critic's slope; more is calmer.")
    ] = 0.5,
    augment: Annotated[
        bool,
        typer.Option(help="Show the critic changed faces, for few pictures or long trainings."),
    ] = True,
    head_start: Annotated[
        int, typer.Option(help="Steps in which only the critic learns, with --from.", min=0)
    ] = 0,
    start: Earlier = None,
    as_json: AsJson = False,
) -> None:
    """Learn a generator of faces and the critic that it has to fool."""
    from deepmeme.models.gan.config import GanConfig
    from deepmeme.models.painted import full_width
    from deepmeme.train.dream_training import train_gan
    from deepmeme.train.gan_task import GanWeights

    talk(quiet=as_json)
    width = full_width(size)
    config = GanConfig(size, latent, width, critic=width)
    weights = GanWeights(slope=slope, augmented=augment, head_start=head_start)
    fitted = train_gan(data, out, options, config=config, weights=weights, start=start)
    _tell(fitted, out, as_json=as_json)


@app.command("traits")
@with_options(FitOptions, into="options", defaults=TRAIT_COURSE)
def traits(
    out: Run,
    options: FitOptions,
    data: Annotated[
        Path, typer.Option("--data", help="Labelled faces, as data.dream_faces renders them.")
    ],
    half: Annotated[
        int, typer.Option(help="Which half of the people it learns from.", min=0, max=1)
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Learn to read traits off faces: what `train export --reader` finds a GAN's directions by."""
    from deepmeme.train.trait_task import train_traits

    talk(quiet=as_json)
    fitted = train_traits(data, out, options, half=half)
    _tell(fitted, out, as_json=as_json)


MACHINE = tuple(
    entry.name
    for entry in fields(FitOptions)
    if choice_of(entry.metadata).group != "Course" or entry.name in ("seed", "accumulate")
)
"""What a training configuration doesn't say."""


@app.command("motion")
@with_options(FitOptions, into="options", only=MACHINE)
def motion(
    out: Run,
    options: FitOptions,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of videos; by default the configuration's root_dir."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            help="A published YAML or its model's name; small or toon: what two cores can do."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Model to train on: a name, a folder or a file.")
    ] = None,
    perceptual: Annotated[
        str,
        typer.Option(help="Network of the perceptual loss: auto, seeded, vgg19, or its weights."),
    ] = "auto",
    frames: Annotated[
        Path | None, typer.Option(help="Folder for prepared frames; by default the cache.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps in all; by default the configuration's epochs.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Examples a step; by default the configuration's.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="By default the configuration's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a First Order Motion Model on a folder of videos of anything that moves.

    Nothing needs labels: bodies, robots, cartoons, faces. The folder holds videos, or folders of
    frames; train and test inside it, if it has them. Published configurations are accepted as they
    are. A run that was stopped goes on with the same command.
    """
    from deepmeme.train.export import export_any
    from deepmeme.train.loop import fit
    from deepmeme.train.motion_model import open_motion_task, options_for

    talk(quiet=as_json)
    task = open_motion_task(
        data, config, start=start, perceptual=perceptual, frames=frames, seed=options.seed, run=out
    )
    meant = options_for(task, batch_size, steps)
    asked: dict[str, Any] = {name: getattr(options, name) for name in MACHINE}
    if learning_rate is not None:
        asked["learning_rate"] = learning_rate
    fitted = fit(task, replace(meant, **asked), out)
    if fitted.finished and fitted.leads:
        export_any(out, out / "model")
    _tell(fitted, out, as_json=as_json, model=out / "model" if fitted.finished else None)


@app.command("export")
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run, of any kind.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the model.")],
    banks: Annotated[
        list[Path],
        typer.Option(
            help="For a portrait: measure 8-bit ranges on a bank's frames. For a VAE: labelled "
            "faces, so that the model knows which way they smile."
        ),
    ] = [],  # noqa: B006
    reader: Annotated[
        Path | None,
        typer.Option(
            help="For a GAN: a run of `train traits`, for the same knowledge.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what a run has learnt so far as a model folder.

    Of motion and portrait runs it is for `deepmeme animate --model FOLDER`.
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.train.export import export_any

    figures = export_any(run, out, banks, reader)
    if as_json:
        print_json({"ok": True, "model": str(out), "int8": figures or None})
        return
    screen().print(f"Model: {out}" + (f" (8 bits: {figures})" if figures else ""))


def _shares(text: str | None, banks: Sequence[Path]) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if (
        len(shares) != len(banks)
        or not all(0 <= share < 1e9 for share in shares)
        or not any(shares)
    ):
        raise InputError(
            f"--shares {text!r}: expected a number from 0 for each of the {len(banks)} banks, not "
            "all of them 0, like 0.5,0.3,0.2"
        )
    return shares


def talk(*, quiet: bool) -> None:
    """Say how it goes, on the standard error stream, unless ``quiet``."""
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def _tell(fitted: "Fitted", out: Path, *, as_json: bool, model: Path | None = None) -> None:
    from deepmeme.cli.console import print_json, screen

    if not fitted.leads:
        return
    facts: dict[str, Any] = {
        "ok": True, "run": str(out), "step": fitted.step, "finished": fitted.finished
    }  # fmt: skip
    if model is not None:
        facts["model"] = str(model)
    if as_json:
        print_json(facts)
        return
    state = "Finished" if fitted.finished else "Stopped; the same command goes on from here"
    screen().print(f"{state}: step {fitted.step}. Curves and samples: {out / 'index.html'}")
    if model is not None:
        screen().print(f"Try it: deepmeme animate SOURCE DRIVING --model {model}")

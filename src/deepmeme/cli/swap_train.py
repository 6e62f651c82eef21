"""``deepmeme swap train``: a pair of autoencoders for two people."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from deepmeme.cli.fields import AsJson, with_options
from deepmeme.cli.train import MACHINE, talk
from deepmeme.train.options import FitOptions
from deepmeme.train.swap_courses import SWAP_COURSES


@with_options(FitOptions, into="options", only=MACHINE, defaults=SWAP_COURSES["quick"])
def train(
    options: FitOptions,
    faces_a: Annotated[
        Path, typer.Argument(help="Faceset of A, from `swap extract`.", metavar="FACES_A")
    ],
    faces_b: Annotated[Path, typer.Argument(help="Faceset of B.", metavar="FACES_B")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder of the model; a run in it is gone on with.")
    ],
    preset: Annotated[
        str,
        typer.Option(
            help="quick: 64 pixels, half an hour on a laptop. classic, df, liae, df-ud, liae-ud: "
            "as the known programs, for GPUs."
        ),
    ] = "quick",
    resolution: Annotated[
        int | None, typer.Option(help="Side of the faces in pixels, for df and liae.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps in all.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Faces of each person a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="By default the preset's.")] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop when the losses have stood still for so many steps; 0 for never."),
    ] = None,
    perceptual: Annotated[
        float | None, typer.Option(help="Weight of a perceptual loss: 1 is usual, slower.")
    ] = None,
    critic: Annotated[
        float, typer.Option(help="Weight of a critic for sharper skin: 0.1 is usual, late.")
    ] = 0.0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="quick: begin from nothing, for comparison.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Learn two people's faces: what A does, on B's face, and the other way round.

    What was stopped goes on with the same command. The page in the folder shows, row by row: A, A
    painted as A, B's expression on A, and the same of B. Stop when these look right.
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.train.loop import fit
    from deepmeme.train.swap_training import export_pair, open_swap_task, usual_weights
    from deepmeme.train.swap_verdict import verdict

    weights = usual_weights(preset, critic=critic, perceptual=perceptual)
    opened = open_swap_task(
        faces_a, faces_b, preset, resolution=resolution, weights=weights, fresh=fresh,
        seed=options.seed,
    )  # fmt: skip
    if not as_json:
        for concern in opened.concerns:
            screen().print(f"Note: {concern}", style="yellow", markup=False)
    talk(quiet=as_json)
    asked: dict[str, Any] = {name: getattr(options, name) for name in MACHINE}
    chosen = {"steps": steps, "batch_size": batch_size, "learning_rate": learning_rate,
              "patience": patience}  # fmt: skip
    asked |= {name: value for name, value in chosen.items() if value is not None}
    fitted = fit(opened.task, replace(SWAP_COURSES[preset], **asked), out)
    if not fitted.leads:
        return
    model = export_pair(out, out / "model")
    said = verdict(out, opened.task)
    if as_json:
        facts = {"ok": True, "run": str(out), "step": fitted.step, "finished": fitted.finished}
        print_json(facts | {"model": str(model), "verdict": said._asdict(),
                            "concerns": list(opened.concerns)})  # fmt: skip
        return
    state = "Finished" if fitted.finished else "Stopped; the same command goes on from here"
    console = screen()
    console.print(f"{state}: step {fitted.step}. Samples: {out / 'index.html'}")
    console.print(said.sentence, markup=False)
    console.print(f"Try it: deepmeme swap convert {model} VIDEO -o swapped.mp4", markup=False)

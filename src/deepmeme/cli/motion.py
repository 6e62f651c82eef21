"""``deepmeme motion``: a driving video's movement as a small file without a pixel of it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepmeme.cli.fields import AsJson, with_options
from deepmeme.pipelines.options import AnimateOptions

app = typer.Typer(
    help="Motion templates: a driving video's movement without its pixels.",
    no_args_is_help=True,
)

_USED = (
    "model", "config", "engine", "precision", "device", "crop_driving", "mirror", "background",
    "start", "end",
)  # fmt: skip


@app.command("extract")
@with_options(AnimateOptions, into="options", only=_USED)
def extract(
    driving: Annotated[Path, typer.Argument(help="The driving video.", show_default=False)],
    options: AnimateOptions,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="DRIVING.motion.npz unless given.", show_default=False),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "-y", help="Replace the template if it is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Store how a video moves: keypoints of every frame, and nothing of what it shows.

    deepmeme motion extract dance.mp4 -o dance.motion.npz

    deepmeme animate me.jpg dance.motion.npz
    """
    from deepmeme.cli.console import bars, human_bytes, print_json, screen
    from deepmeme.pipelines.extract import extract_motion, template_place

    console = screen()
    target = template_place(output, driving, overwrite=overwrite)
    with bars(console, quiet=as_json) as progress:
        template = extract_motion(driving, options, progress=progress)
    template.save(target)
    facts = {"ok": True, "output": str(target.resolve()), "bytes": target.stat().st_size}
    facts |= _facts(template)
    if as_json:
        print_json(facts)
        return
    console.print(
        f"Made {target} ({human_bytes(target.stat().st_size)}): {template.num_frames} frames, "
        f"{template.duration_s:.1f} s, keypoints of {template.model_name}, no pixels.",
        markup=False,
    )


@app.command("info")
def info(
    template: Annotated[Path, typer.Argument(help="A .motion.npz file.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """What is in a motion template."""
    from rich.table import Table
    from rich.text import Text

    from deepmeme.cli.console import print_json, screen
    from deepmeme.pipelines.template import load_template

    facts = _facts(load_template(template))
    if as_json:
        print_json({"ok": True, "path": str(template), **facts})
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), Text(str(value)))
    screen().print(table)


def _facts(template: Any) -> dict[str, Any]:
    return {
        "frames": template.num_frames,
        "seconds": round(template.duration_s, 3),
        "fps": float(template.fps),
        "keypoints": template.keypoints.xy.shape[1],
        "named": template.keypoint_names is not None,
        "jacobians": template.keypoints.jacobian is not None,
        "anchor": template.anchor,
        "model": template.model_name,
        "model_sha256": template.model_sha256,
    }

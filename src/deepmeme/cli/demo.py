"""``deepmeme demo [NAME]``."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from deepmeme.cli.fields import AsJson
from deepmeme.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.pipelines.demo import Scene
    from deepmeme.pipelines.options import AnimateOptions


_Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Which one; `deepmeme demo list` names them.", show_default=False
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Result: .mp4, .gif, .webp, ... deepmeme-demo.mp4 in this folder unless given.",
        show_default=False,
    ),
]
_Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help="Another model than the bundled one.", show_default=False),
]
_Size = Annotated[
    int | None,
    typer.Option("--size", help="Side in pixels of each picture in it.", show_default=False),
]
_MaxSize = Annotated[
    str | None,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        help="Keep a GIF or WebP under this size, like 4MB.",
        show_default=False,
    ),
]
_Gif = Annotated[bool, typer.Option("--gif", help="A GIF in place of a video.")]
_Overwrite = Annotated[
    bool, typer.Option("--overwrite", "-y", help="Replace the file that -o names.")
]


def demo(
    name: _Name = "all",
    output: _Output = None,
    gif: _Gif = False,
    size: _Size = None,
    max_size: _MaxSize = None,
    overwrite: _Overwrite = False,
    model: _Model = None,
    as_json: AsJson = False,
) -> None:
    """See it work: a painting, a cartoon and a statue come to life. No network, under a minute.

    deepmeme demo

    deepmeme demo cartoon --gif
    """
    from deepmeme.pipelines.options import AnimateOptions

    if name == "list":
        _list(as_json=as_json)
        return
    if name == "swap":
        from deepmeme.cli.demo_swap import demo_swap

        demo_swap(output, as_json=as_json)
        return
    with _scene(name) as scene:
        _show(
            scene,
            output,
            gif,
            AnimateOptions(size=size, max_size=max_size),
            model,
            overwrite,
            as_json,
        )


@contextmanager
def _scene(name: str) -> "Iterator[Scene]":
    """The scene; people who have to be dreamt up live as long as this."""
    from deepmeme.pipelines.demo import DREAM, dream_up, find_scene

    if name != DREAM.name:
        yield find_scene(name)
        return
    with TemporaryDirectory(prefix="deepmeme-") as folder:
        yield dream_up(Path(folder))


def _show(
    scene: "Scene", output: Path | None, gif: bool, options: "AnimateOptions", model: str | None,
    overwrite: bool, as_json: bool,
) -> None:  # fmt: skip
    from deepmeme.cli.console import screen
    from deepmeme.pipelines.demo import default_name

    if gif and output is not None and output.suffix.lower() != ".gif":
        raise OutputError(f"--gif and -o {output} contradict each other. Leave one out.")
    target = output or default_name(scene, ".gif" if gif else ".mp4")
    if output is not None and target.exists() and not overwrite:
        raise OutputError(
            f"{target} is there already. Add -y to replace it, or choose another name with -o."
        )
    if model is not None:
        options = replace(options, model=model)
    _run(screen(), scene, target, options, as_json=as_json)


def _run(
    console: "Console", scene: "Scene", target: Path, options: "AnimateOptions", *, as_json: bool
) -> None:
    from deepmeme.cli.animate import tell
    from deepmeme.cli.console import bars, print_json
    from deepmeme.cli.results import facts_of
    from deepmeme.pipelines.demo import prepare_demo

    started = perf_counter()
    if not as_json:
        console.print(f"{scene.about[0].upper()}{scene.about[1:]}.", style="dim")
    with bars(console, quiet=as_json) as progress:
        animation = prepare_demo(scene, options, progress=progress)
        ready = perf_counter()
        saved = animation.save(target, progress=progress)
    speed = saved.num_frames / max(perf_counter() - ready, 1e-9)
    facts = facts_of(animation.story, saved, perf_counter() - started, speed)
    if as_json:
        print_json(facts)
        return
    tell(console, animation.story, saved, facts)
    console.print("Now your own picture: deepmeme animate me.jpg talk.mp4", style="dim")


def _list(*, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from deepmeme.cli.console import print_json, screen
    from deepmeme.pipelines.demo import demos

    if as_json:
        print_json(demos())
        return
    table = Table.grid(padding=(0, 2))
    for name, about in demos().items():
        table.add_row(Text(f"deepmeme demo {name}"), Text(about))
    screen().print(table)

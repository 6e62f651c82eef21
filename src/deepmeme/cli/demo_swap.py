"""``deepmeme demo swap``: two people who never lived swap faces, from the start."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deepmeme.errors import OutputError
from deepmeme.extras import require

if TYPE_CHECKING:
    from rich.console import Console

FOLDER = Path("deepmeme-demo-swap")
PEOPLE = ("driver", "guest")
STEPS = 700


def demo_swap(out: Path | None, *, steps: int = STEPS, as_json: bool) -> None:
    """Extract the faces of two videos, learn them, swap them, show the latent space.

    Every step's result stays in the folder; what is there is not made again.

    Raises:
        MissingExtra: PyTorch is not installed.
        OutputError: the folder cannot be written.
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.demo_assets import asset

    console = screen()
    folder = out or FOLDER
    if folder.suffix:
        raise OutputError(f"{folder}: this demo writes a folder; give a name without a suffix.")
    require("torch", extra="train")
    folder.mkdir(parents=True, exist_ok=True)
    videos = [asset(f"{name}.mp4") for name in PEOPLE]
    sets = _extract(videos, folder, console, quiet=as_json)
    model, latent = _learn(sets, folder, console, steps=steps, quiet=as_json)
    results = _convert(model, videos, folder, console, quiet=as_json)
    if as_json:
        files = {"results": [str(file) for file in results], "latent": str(latent)}
        print_json({"ok": True, **files, "model": str(model)})
        return
    for file in results:
        console.print(f"Made {file.resolve()}", markup=False)
    console.print(f"Where the encoder puts the faces: {latent.resolve()}", markup=False)
    console.print("Now your own: deepmeme swap extract VIDEO -o me, and docs/swap.md", style="dim")


def _extract(
    videos: list[Path], folder: Path, console: "Console", *, quiet: bool
) -> tuple[Path, Path]:
    from deepmeme.pipelines.swap.extract import extract_faces
    from deepmeme.pipelines.swap.extract_options import ExtractOptions

    sets = tuple(folder / f"{name}-faces" for name in PEOPLE)
    for video, faces in zip(videos, sets, strict=True):
        _say(console, f"1. Faces of {video.name}", quiet=quiet)
        extract_faces([video], faces, ExtractOptions(every=0, difference=0))
    return sets[0], sets[1]


def _learn(
    sets: tuple[Path, Path], folder: Path, console: "Console", *, steps: int, quiet: bool
) -> tuple[Path, Path]:
    import cv2

    from deepmeme.train.loop import fit
    from deepmeme.train.swap_courses import SWAP_COURSES
    from deepmeme.train.swap_latent import latent_map
    from deepmeme.train.swap_training import export_pair, open_swap_task

    _say(console, f"2. A pair of autoencoders learns both: {steps} steps", quiet=quiet)
    run = folder / "pair"
    task = open_swap_task(*sets).task
    options = replace(SWAP_COURSES["quick"], steps=steps, preview_every=50)
    fit(task, options, run)
    latent = folder / "latent.png"
    cv2.imwrite(str(latent), latent_map(task)[..., ::-1])
    return export_pair(run, run / "model"), latent


def _convert(
    model: Path, videos: list[Path], folder: Path, console: "Console", *, quiet: bool
) -> list[Path]:
    from deepmeme.pipelines.swap.convert import convert

    results = [folder / f"swapped-{name}.mp4" for name in PEOPLE]
    for video, result, to in zip(videos, results, ("b", "a"), strict=True):
        if not result.exists():
            _say(console, f"3. {video.name} with the other one's face", quiet=quiet)
            convert(model, video, result, compare=True, to=to)
    return results


def _say(console: "Console", text: str, *, quiet: bool) -> None:
    if not quiet:
        console.print(text, style="dim", markup=False)

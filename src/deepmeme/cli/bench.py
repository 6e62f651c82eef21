"""``deepmeme bench``: how fast it is here, beside the reference in the same run."""

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.pipelines.bench import Clocked
    from deepmeme.runtime.bench import Row

NO_TORCH = (
    "The reference needs PyTorch, which is not installed, so nothing stands beside our figures. "
    "To compare: pip install 'deepmeme[train]'"
)


def bench(
    config: Annotated[
        str, typer.Option(help="Published configuration to compare with the reference.")
    ] = "vox-256",
    frames: Annotated[int, typer.Option(min=2, max=500, help="Driving frames a round.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds; medians are shown.")] = 3,
    source: Annotated[
        Path | None, typer.Option(help="Picture for the product's clock; a shipped one if left.")
    ] = None,
    driving: Annotated[
        Path | None, typer.Option(help="Video for the product's clock; a shipped one if left.")
    ] = None,
    networks: Annotated[bool, typer.Option(help="Compare the networks with the reference.")] = True,
    product: Annotated[bool, typer.Option(help="Clock the shipped model file to file.")] = True,
    as_json: AsJson = False,
) -> None:
    """Measure the speed of this machine.

    Networks: the reference's forward pass as published (eager PyTorch, one frame at a time,
    everything computed for every frame) beside our engines, with the same random weights.

    Product: the shipped model from files to a file, everything counted.
    """
    from deepmeme.cli.console import print_json, screen

    console = screen()
    facts: dict[str, Any] = {"ok": True, "machine": machine()}
    if not as_json:
        console.print(facts["machine"], style="dim")
    if networks and find_spec("torch") is None:
        facts["networks"] = None
        if not as_json:
            console.print(NO_TORCH, style="yellow")
    elif networks:
        rows = _networks(console, config, frames, rounds, quiet=as_json)
        facts["networks"] = {"config": config, "rows": [_network_facts(row) for row in rows]}
    if product:
        clocked = _product(console, source, driving, rounds, quiet=as_json)
        facts["product"] = asdict(clocked) | {"frames_per_second": clocked.frames_per_second}
    if as_json:
        print_json(facts)


def machine() -> str:
    """Processor, cores and versions, in a line."""
    import os
    import platform

    from openvino import get_version

    from deepmeme.openvino_core import openvino_core

    name = openvino_core().get_property("CPU", "FULL_DEVICE_NAME")
    return (
        f"{name}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"OpenVINO {get_version().split('-')[0]}"
    )


def _networks(
    console: "Console", config: str, frames: int, rounds: int, *, quiet: bool
) -> "list[Row]":
    from deepmeme.models.motion.config import presets
    from deepmeme.runtime.bench import compare

    known = presets()
    if config not in known:
        from deepmeme.errors import InputError

        raise InputError(f"--config {config!r} is not known; choose from {', '.join(known)}.")
    with console.status("Building the networks") as status:
        rows = compare(
            config=known[config],
            frames=frames,
            rounds=rounds,
            on_row=lambda name: status.update(f"Timing {name}"),
        )
    if not quiet:
        _show_networks(console, config, rows)
    return rows


def _network_facts(row: "Row") -> dict[str, Any]:
    return asdict(row) | {"fps": row.fps}


def _show_networks(console: "Console", config: str, rows: "list[Row]") -> None:
    from rich.table import Table

    table = Table(title=f"{config}, same random weights, medians", title_justify="left")
    table.add_column("engine")
    for title in ("ms a frame", "spread", "times as fast", "PSNR dB", "within one grey level"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(
            row.engine,
            f"{row.ms_per_frame:.0f}",
            f"{row.spread_ms[0]:.0f} to {row.spread_ms[1]:.0f}",
            f"{row.speedup:.2f}",
            "" if row.psnr_db is None else f"{row.psnr_db:.1f}",
            "" if row.within_one_level is None else f"{100 * row.within_one_level:.2f} %",
        )
    console.print(table)


def _product(
    console: "Console", source: Path | None, driving: Path | None, rounds: int, *, quiet: bool
) -> "Clocked":
    from deepmeme.demo_assets import asset
    from deepmeme.pipelines.bench import clock
    from deepmeme.pipelines.motion_model import load_model

    picture, video = source or asset("painting.png"), driving or asset("driver.mp4")
    with console.status("Animating, file to file"):
        clocked = clock(load_model("portrait"), [picture], video, rounds=rounds)
    if not quiet:
        console.print(
            f"{clocked.model}, {clocked.precision}: {clocked.frames_per_second:.1f} frames a "
            f"second from file to file ({clocked.fps[0]:.1f} to {clocked.fps[1]:.1f}); "
            f"{clocked.frames} frames, {clocked.ready_s:.2f} s to read and find keypoints, "
            f"{clocked.rendered_s:.2f} s to render and encode"
        )
    return clocked

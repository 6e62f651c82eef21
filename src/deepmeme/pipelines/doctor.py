"""``deepmeme doctor``: what is installed, what runs, and whether it computes what it should."""

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np

State = Literal["good", "note", "bad"]

LIBRARIES = ("numpy", "openvino", "av", "pillow", "opencv-python-headless", "safetensors")
EXTRAS = {
    "train": "torch", "workshop": "ipywidgets", "client": "httpx2", "cluster": "ray",
    "guard": "nudenet",
}  # fmt: skip
"""What can be installed beside the base, and what tells that it is."""
NEEDED_BYTES = 500_000_000


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    about: str
    state: State
    found: str
    advice: str = ""


def examine(*, self_test: bool = True) -> Iterator[Finding]:
    """Look at one thing after another; never raises."""
    checks: list[Callable[[], Finding]] = [
        _python, _libraries, _extras, _processor, _disk, _consent, _marks, _video,
    ]  # fmt: skip
    if self_test:
        checks += [_networks, _shipped_model]
    for check in checks:
        try:
            yield check()
        except Exception as error:  # a report must not end at the first thing that is broken
            name = check.__name__.strip("_").replace("_", " ")
            yield Finding(
                name, "bad", f"{type(error).__name__}: {error}", "Install deepmeme again."
            )


def _python() -> Finding:
    found = f"Python {platform.python_version()} on {platform.platform(terse=True)}"
    if (3, 10) <= sys.version_info[:2] <= (3, 13):
        return Finding("system", "good", found)
    return Finding("system", "note", found, "deepmeme is tested with Python 3.10 to 3.13.")


def installed(name: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _libraries() -> Finding:
    from deepmeme import __version__

    found = {name: installed(name) for name in LIBRARIES}
    missing = [name for name, its in found.items() if its is None]
    text = ", ".join([f"deepmeme {__version__}", *(f"{k} {v}" for k, v in found.items() if v)])
    if missing:
        advice = f"Missing: {', '.join(missing)}. Type: pip install deepmeme"
        return Finding("libraries", "bad", text, advice)
    return Finding("libraries", "good", text)


def _extras() -> Finding:
    found = [f"{extra} ({name} {installed(name)})" for extra, name in EXTRAS.items()
             if installed(name)]  # fmt: skip
    absent = [extra for extra, name in EXTRAS.items() if not installed(name)]
    advice = f"Not installed, only needed for more: deepmeme[{','.join(absent)}]" if absent else ""
    return Finding("extras", "good", ", ".join(found) or "none", advice)


def _processor() -> Finding:
    from deepmeme.openvino_core import openvino_core

    core = openvino_core()
    name = core.get_property("CPU", "FULL_DEVICE_NAME")
    abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    fast = [kind for kind in ("INT8", "BF16", "FP16") if kind in abilities]
    found = f"{name}, {os.cpu_count()} cores, OpenVINO runs FP32 {' '.join(fast)}"
    if "INT8" not in abilities:
        return Finding("processor", "note", found, "No 8-bit instructions: expect half the speed.")
    return Finding("processor", "good", found)


def _disk() -> Finding:
    from deepmeme.weights.download import cache_dir

    folder = cache_dir()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    found = f"{folder}, {free / 1e9:.1f} GB free"
    if not os.access(there, os.W_OK):
        return Finding("model cache", "note", found, "It cannot be written: models pull will fail.")
    if free < NEEDED_BYTES:
        return Finding("model cache", "note", found, "Little space: published models are 0.4-1 GB.")
    return Finding("model cache", "good", found)


def _consent() -> Finding:
    """Only what a script would meet: it is no fault that nobody was asked yet."""
    from deepmeme.pipelines.consent import consent_file, remembered

    answer = remembered()
    if answer is None:
        return Finding("consent", "good", "will be asked before the first picture of a person")
    return Finding("consent", "good", f"given on {answer.given} ({consent_file()})")


def _marks() -> Finding:
    """Who signs, and whether marking was switched off."""
    from deepmeme.errors import InputError
    from deepmeme.provenance.folder import config_folder
    from deepmeme.provenance.settings import CONFIG_NAME, read_settings

    place = config_folder() / CONFIG_NAME
    try:
        settings = read_settings()
    except InputError as error:
        return Finding("marks", "bad", str(error), f"Mend or remove {place}.")
    if not settings.marking:
        found = "off: results carry neither watermark nor credentials"
        return Finding("marks", "note", found, f'Take provenance = "off" out of {place}.')
    signer = settings.certificate or "a key of this computer"
    return Finding("marks", "good", f"watermark, and credentials signed with {signer} ({place})")


def _video() -> Finding:
    """Write a clip and read it again, as the product does."""
    from deepmeme.media.video import open_clip
    from deepmeme.provenance.record import Record
    from deepmeme.provenance.seal import Rendered

    ramp = np.linspace(40, 200, 64).astype(np.uint8)
    frame = np.repeat(np.broadcast_to(ramp, (64, 64))[..., None], 3, 2).copy()
    rendered = Rendered(
        64, 64, Fraction(25), 5, lambda first: iter([frame] * (5 - first)),
        Record("doctor", "none", "", (), {}), None,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="deepmeme-doctor-") as folder:
        path = Path(folder) / "clip.mp4"
        rendered.save(path)
        frames = list(open_clip(path))
    error = float(np.abs(np.stack(frames).astype(float) - frame).mean())
    if len(frames) != 5 or error > 4:
        found = f"{len(frames)} of 5 frames came back, {error:.1f} grey levels off"
        return Finding(
            "video", "bad", found, "Install PyAV again: pip install --force-reinstall av"
        )
    return Finding("video", "good", "H.264 is written and read")


def _networks() -> Finding:
    """A tiny First Order Motion Model through the engine: the mathematics, without its weights."""
    from deepmeme.models.motion.config import presets
    from deepmeme.runtime.bench import drawn_frames
    from deepmeme.runtime.load import build_engine, checkpoint_from_arrays
    from deepmeme.weights.seeded import seeded_weights

    config = presets()["vox-256"]
    engine = build_engine(
        checkpoint_from_arrays(config, seeded_weights(config, seed=1)), precision="fp32"
    )
    source = drawn_frames(config.frame_shape[0], 1)[0]
    handle = engine.encode(source)
    motion = engine.detect(source[None])
    engine.render(handle, motion)
    started = time.perf_counter()
    frame = engine.render(handle, motion)[0]
    took = 1000 * (time.perf_counter() - started)
    off = int(np.abs(frame[32::64, 32::64, 2].astype(int) - REFERENCE_BLUE).max())
    found = f"vox-256 in fp32: {took:.0f} ms a frame, {off} grey levels from the reference"
    if off > 2:
        return Finding("self-test", "bad", found, "This machine computes something else; tell us.")
    return Finding("self-test", "good", found)


REFERENCE_BLUE = (
    (183, 182, 133, 118),
    (180, 127, 183, 150),
    (181, 195, 133, 161),
    (145, 123, 90, 137),
)
"""The self-test's frame as the reference renders it: every 64th blue value from (32, 32) on."""


def _shipped_model() -> Finding:
    from deepmeme.pipelines.motion_model import load_model
    from deepmeme.runtime.bench import drawn_frames

    model = load_model("portrait")
    info = model.info()
    source = drawn_frames(model.resolution, 1)[0]
    handle = model.engine.encode(source)
    motion = model.keypoints(source)
    list(model.engine.render_stream(handle, [motion] * 4))
    started = time.perf_counter()
    list(model.engine.render_stream(handle, [motion] * 16))
    took = 1000 * (time.perf_counter() - started) / 16
    found = f"{info.name}, {info.precision}, {info.num_keypoints} keypoints: {took:.0f} ms a frame"
    return Finding("shipped model", "good", found)

"""int8 ranges of a model folder, measured once on frames like those to come."""

import json
import os
from itertools import islice
from pathlib import Path

from deepmeme.errors import InputError, OutputError
from deepmeme.faces.crop import crop_centre
from deepmeme.faces.follow import crop_clip
from deepmeme.media.video import open_clip
from deepmeme.runtime.load import load_folder

CALIBRATION_FILE = "calibration.json"
FRAMES = 12


def calibrate_folder(folder: Path, video: Path) -> float:
    """Write ``calibration.json`` into a model folder and name it in its ``model.json``.

    Returns:
        PSNR in dB of int8 to fp32 on the video's frames.

    Raises:
        InputError: no video, or one without frames.
        OutputError: the folder cannot be written.
    """
    clip = open_clip(video)
    engine = load_folder(folder, engine="openvino", precision="int8")
    framing = engine.info().framing
    shape = (clip.height, clip.width)
    crop = crop_clip(clip, framing=framing) if framing > 0 else crop_centre(shape)
    step = max(1, (clip.num_frames or 10 * FRAMES) // FRAMES)
    frames = [crop.cut(frame, engine.resolution) for frame in islice(clip, 0, step * FRAMES, step)]
    if not frames:
        raise InputError(f"{video} has no frames to measure ranges on.")
    ranges = engine.calibrate(frames[0], frames)
    try:
        _replace(folder / CALIBRATION_FILE, json.dumps(ranges))
        card = json.loads((folder / "model.json").read_text("utf-8"))
        card["calibration"] = CALIBRATION_FILE
        _replace(folder / "model.json", json.dumps(card, indent=1) + "\n")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}.") from error
    return float(engine.calibrated_psnr_db or 0.0)


def _replace(file: Path, text: str) -> None:
    whole = file.with_name(f".{file.name}.part")
    whole.write_text(text, "utf-8")
    os.replace(whole, file)

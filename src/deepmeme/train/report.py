"""What a run tells while it runs: lines of JSON, contact sheets, a page, TensorBoard if wanted."""

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from deepmeme.errors import MissingExtra
from deepmeme.train.options import FitOptions
from deepmeme.train.page import write_page
from deepmeme.train.task import Picture

log = logging.getLogger("deepmeme.train")

LOG = "log.jsonl"
PREVIEWS = "previews"


class Report:
    """Writes into a run's folder; lines of steps that will come again are forgotten."""

    def __init__(self, out: Path, options: FitOptions, step: int) -> None:
        self.out, self.options = out, options
        (out / PREVIEWS).mkdir(parents=True, exist_ok=True)
        self.lines = [line for line in read_log(out) if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        (out / LOG).write_text(text, encoding="utf-8")
        for later in sorted((out / PREVIEWS).glob("*.png")):
            if later.stem.isdigit() and int(later.stem) > step:
                later.unlink()
        self._board = _board(out) if options.tensorboard else None
        self._begin()

    def _begin(self) -> None:
        self._losses: dict[str, list[float]] = {}
        self._notes: dict[str, list[float]] = {}
        self._count = 0
        self._since = time.perf_counter()

    def note(
        self,
        step: int,
        losses: dict[str, float],
        share_of_rate: float,
        notes: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """One good step; every ``log_every``-th makes a line."""
        for kept, told in ((self._losses, losses), (self._notes, notes)):
            for name, value in told.items():
                kept.setdefault(name, []).append(value)
        self._count += 1
        if self._count < self.options.log_every and step < self.options.steps:
            return
        elapsed = time.perf_counter() - self._since
        line: dict[str, Any] = {
            "step": step,
            "seconds": round(elapsed, 3),
            "examples_per_s": round(self._count * self.options.batch_size / elapsed, 2),
            "share_of_rate": round(share_of_rate, 5),
            "losses": _means(self._losses),
        }
        if self._notes:
            line["notes"] = _means(self._notes)
        self.lines.append(line)
        with (self.out / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        log.info("%s", _told(line, self.options.steps))
        if self._board is not None:
            for kind in ("losses", "notes"):
                for name, value in line.get(kind, {}).items():
                    self._board.add_scalar(f"{kind}/{name}", value, step)
        write_page(self.out, self.lines, self.options.steps, self.pictures())
        self._begin()

    def picture(self, picture: Picture, step: int) -> None:
        """A contact sheet of this step."""
        path = self.out / PREVIEWS / f"{step:08d}.png"
        cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]))
        if self._board is not None:
            self._board.add_image("preview", picture, step, dataformats="HWC")
        write_page(self.out, self.lines, self.options.steps, self.pictures())

    def pictures(self) -> list[Path]:
        """The contact sheets so far, oldest first."""
        return sorted((self.out / PREVIEWS).glob("*.png"))

    def close(self) -> None:
        """Nothing is left unwritten."""
        if self._board is not None:
            self._board.close()


def _means(kept: Mapping[str, list[float]]) -> dict[str, float]:
    """Over the steps that told it: not every step tells all."""
    return {name: round(sum(values) / len(values), 5) for name, values in kept.items()}


def read_log(out: Path) -> list[dict[str, Any]]:
    """Lines of a run's log; a last one that was cut off is left out."""
    path = out / LOG
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines


def _told(line: dict[str, Any], steps: int) -> str:
    told = line["losses"] | line.get("notes", {})
    losses = ", ".join(f"{name} {value:.4f}" for name, value in told.items())
    rate = line["examples_per_s"]
    return f"step {line['step']} of {steps}, {rate} examples a second: {losses}"


def _board(out: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtra(
            "TensorBoard isn't installed. Install it with `pip install tensorboard`, or train "
            "without it: index.html in the output folder shows the same curves."
        ) from error
    return SummaryWriter(str(out / "tensorboard"))

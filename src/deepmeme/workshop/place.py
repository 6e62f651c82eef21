"""Where a notebook runs, and where its results go."""

import os
import random
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from deepmeme import __version__
from deepmeme.errors import OutputError
from deepmeme.workshop.charts import set_style

FOLDER = "deepmeme-workshop"
_DRIVE = Path("/content/drive")


@dataclass
class Place:
    """This machine, as far as a lesson cares."""

    folder: Path
    """Results go here."""
    colab: bool
    device: str
    """What PyTorch should use: "cpu", "cuda" or "mps"."""
    cores: int
    torch: bool
    """Whether PyTorch is installed."""

    def path(self, name: str) -> Path:
        """A file among the results."""
        return self.folder / name

    def drive(self) -> None:
        """On Colab: keep results in your Google Drive, which asks you. Elsewhere they stay anyway.

        Raises:
            OutputError: Drive did not come.
        """
        if not self.colab:
            print(f"Not on Colab: results stay here, in {self.folder}.")
            return
        import_module("google.colab.drive").mount(str(_DRIVE))
        mine = _DRIVE / "MyDrive"
        if not mine.is_dir():
            raise OutputError(f"{mine} is not there. Run this cell again and allow the access.")
        self.folder = _made(mine / FOLDER)
        print(f"Results go to your Drive, in {self.folder}.")


def begin(folder: str | Path = FOLDER, seed: int = 0) -> Place:
    """Get ready: equal random numbers for everybody, a folder for results, the house's colours.

    Raises:
        OutputError: the folder cannot be made.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (whatever a learner types should come out equal)
    device = _seeded_torch(seed)
    place = Place(
        folder=_made(Path(folder).absolute()),
        colab=find_spec("google") is not None and find_spec("google.colab") is not None,
        device=device or "cpu",
        cores=os.cpu_count() or 1,
        torch=device is not None,
    )
    set_style()
    _inline_charts()
    told = {"cuda": "an NVIDIA GPU", "mps": "an Apple GPU"}.get(place.device, "no GPU needed")
    where = "Colab" if place.colab else "this machine"
    print(f"deepmeme {__version__} on {where}: {place.cores} cores, {told}. Results: {folder}")
    return place


def _seeded_torch(seed: int) -> str | None:
    """The device to use; None without PyTorch."""
    if find_spec("torch") is None:
        return None
    import torch

    torch.manual_seed(seed)
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror or error}.") from error
    current[:] = [folder]
    return folder


current: list[Path] = []
"""The folder of results, once there is one; what is shown without having a name is kept there."""


def _inline_charts() -> None:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is not None:
        shell.run_line_magic("matplotlib", "inline")

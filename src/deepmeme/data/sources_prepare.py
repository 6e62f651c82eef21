"""One call prepares any data set: the table's names and the modules that make them."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from deepmeme.data.sources import DataSet
from deepmeme.data.sources_fetch import Tell, tell_nobody
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.errors import InputError
from deepmeme.extras import require

Maker = Callable[[DataSet, Path, Path | None, Wishes, Tell], Made]

MAKERS = {
    "fluent-emoji": ("sources_emoji", "prepare_emoji"),
    "ict-facekit": ("sources_facekit", "prepare_face_kit"),
    "portraits": ("sources_pictures", "prepare_portraits"),
    "grid": ("sources_pictures", "prepare_grid"),
    "synthetic-heads": ("sources_banks", "prepare_synthetic_heads"),
    "toons": ("sources_banks", "prepare_toons"),
    "landmarks": ("sources_landmarks", "prepare_landmarks"),
    "portrait-heads": ("sources_people", "prepare_portrait_heads"),
    "speaking-heads": ("sources_people", "prepare_speaking_heads"),
    "faceless": ("sources_faceless", "prepare_faceless"),
}


def prepare(
    data_set: DataSet,
    folder: Path,
    *,
    local: Path | None = None,
    wishes: Wishes | None = None,
    tell: Tell = tell_nobody,
) -> Made:
    """Make the data set in ``folder``, from ``local`` or from its public address.

    What is there from an earlier run that was stopped is used again.

    Raises:
        InputError: ``local`` is not what the data set is made from; a file is damaged or hostile.
        DownloadError, OutputError: no address gave the file; nothing can be written.
        MissingExtra: it needs a package that is not installed.
    """
    if local is not None and not local.exists():
        raise InputError(f"{local}: no such file or folder. Expected {data_set.takes}.")
    if folder.is_file():
        raise InputError(f"{folder} is a file. Give a folder with -o.")
    if data_set.extra is not None:
        require("numba", extra=data_set.extra)
    module, function = MAKERS[data_set.name]
    maker: Maker = getattr(import_module(f"deepmeme.data.{module}"), function)
    return maker(data_set, folder, local, wishes or Wishes(), tell)

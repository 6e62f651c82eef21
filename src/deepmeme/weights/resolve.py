"""From what a user typed to a file or folder on this machine."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from deepmeme.errors import ModelNotFound
from deepmeme.weights.catalogue import Entry, entries, find
from deepmeme.weights.download import Progress, download_entry, local_path


@dataclass(frozen=True)
class Resolved:
    """A model on this machine."""

    path: Path
    """A model folder or a checkpoint file."""
    entry: Entry | None = None
    """Its place in the catalogue, if it was named."""

    @property
    def preset(self) -> str | None:
        """The configuration that belongs to it, if it is known."""
        return self.entry.preset if self.entry else None


def resolve(
    name_or_path: str | Path, *, download: bool = False, progress: Progress | None = None
) -> Resolved:
    """The model of that name, or at that path; names of the catalogue count first.

    Raises:
        ModelNotFound: neither; offers close names. Or not downloaded yet and ``download`` is False.
        DownloadError: as :func:`deepmeme.weights.download.download_entry`.
    """
    name = str(name_or_path)
    entry = None if isinstance(name_or_path, Path) else find(name)
    if entry is None or (_is_model(Path(name)) and not entry.shipped and name != entry.name):
        return _by_path(name)
    path = local_path(entry)
    if path.exists():
        return Resolved(path, entry)
    if not download:
        raise ModelNotFound(
            f"The model {entry.name} is not on this machine. Type: deepmeme models pull "
            f"{entry.name}"
        )
    return Resolved(download_entry(entry, progress=progress), entry)


def resolve_entry(name: str) -> Entry:
    """The catalogue's entry of that name.

    Raises:
        ModelNotFound: no such name; offers close ones.
    """
    entry = find(name)
    if entry is None:
        raise ModelNotFound(_unknown(name))
    return entry


def _is_model(path: Path) -> bool:
    """A checkpoint, or a model folder, as `deepmeme models convert` makes them."""
    return path.is_file() or (path / "model.json").is_file()


def _by_path(name: str) -> Resolved:
    path = Path(name).expanduser()
    if path.exists():
        return Resolved(path)
    raise ModelNotFound(_unknown(name))


def _unknown(name: str) -> str:
    names = [entry.name for entry in entries()]
    short = {known.removeprefix("fomm."): known for known in names}
    close = difflib.get_close_matches(name.lower(), [*names, *short], n=3, cutoff=0.5)
    offered = list(dict.fromkeys(short.get(known, known) for known in close))
    guess = f" Did you mean {' or '.join(offered)}?" if offered else ""
    return (
        f"There is no model and no file called {name!r}.{guess} For all names type: "
        "deepmeme models list"
    )

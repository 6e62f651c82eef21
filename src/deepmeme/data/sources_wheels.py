"""Files that come inside Python packages, fetched by this Python's pip from where it is set to.

Nothing is installed: the wheel is downloaded and read member by member, and every file that is
taken from it must have the sum in our table.
"""

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deepmeme.data.sources_archive import Bounds, read_members
from deepmeme.data.sources_fetch import Tell
from deepmeme.errors import DownloadError, InputError
from deepmeme.weights.download import cache_dir

BOUNDS = Bounds(members=20_000, member_bytes=2**24, total_bytes=2**30)
_MINUTES = 20


@dataclass(frozen=True)
class Wheel:
    """A package and what we take from it."""

    requirement: str
    """For pip: ``scikit-image==0.16.2``."""
    pattern: str
    """Of the wheel's file name."""
    members: Mapping[str, str]
    """Path inside -> sha256."""
    flags: tuple[str, ...] = ()

    def command(self, folder: Path) -> list[str]:
        """What fetches it."""
        fixed = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet")
        return [
            sys.executable, "-m", "pip", "download", *fixed, *self.flags,
            "-d", str(folder), self.requirement,
        ]  # fmt: skip


def read_wheel(wheel: Wheel, name: str, local: Path | None, tell: Tell) -> dict[str, bytes]:
    """File name -> content of the wanted members, checked; downloaded once for each data set.

    ``local`` is the wheel, a folder with it, or a folder that holds the files themselves.

    Raises:
        InputError: the local copy lacks a file, or one has another sum.
        DownloadError: pip did not bring the package.
    """
    loose = local is not None and local.is_dir() and not any(local.glob("*.whl"))
    found: dict[str, bytes | None]
    if local is not None and loose:
        place = local
        found = {m: _loose(local / PurePosixPath(m).name) for m in wheel.members}
    else:
        place = _wheel(wheel, name, local, tell)
        found = dict(read_members(place, wheel.members.__contains__, bounds=BOUNDS))
    checked: dict[str, bytes] = {}
    for member, wanted in wheel.members.items():
        content = found.get(member)
        if content is None:
            raise InputError(f"{place} has no {PurePosixPath(member).name}. {_expected(wheel)}")
        digest = hashlib.sha256(content).hexdigest()
        if digest != wanted:
            raise InputError(
                f"{PurePosixPath(member).name} in {place} has sha256 {digest}, expected {wanted}. "
                f"{_expected(wheel)}"
            )
        checked[PurePosixPath(member).name] = content
    return checked


def _loose(path: Path) -> bytes | None:
    if not path.is_file() or path.stat().st_size > BOUNDS.member_bytes:
        return None
    return path.read_bytes()


def _wheel(wheel: Wheel, name: str, local: Path | None, tell: Tell) -> Path:
    if local is not None and local.is_file():
        return local
    folder = local or cache_dir() / "data" / name
    found = sorted(folder.glob(wheel.pattern))
    if not found and local is None:
        tell(wheel.requirement, 0, None)
        _download(wheel, folder)
        found = sorted(folder.glob(wheel.pattern))
    if not found:
        raise InputError(f"{folder} has no {wheel.pattern}. {_expected(wheel)}")
    return found[-1]


def _download(wheel: Wheel, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = wheel.command(folder)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=60 * _MINUTES,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        problem = done.stderr.strip().splitlines()[-1:] if done.returncode else []
        failed = done.returncode != 0
    except (OSError, subprocess.SubprocessError) as error:
        problem, failed = [str(error)], True
    if failed:
        raise DownloadError(
            f"pip could not download {wheel.requirement}: {' '.join(problem) or 'it said nothing'}"
            f"\nRun where there is a network: {' '.join(['python', *command[1:]])}\n"
            f"or give a folder with {wheel.pattern} by --from."
        )


def _expected(wheel: Wheel) -> str:
    return f"Expected what {wheel.requirement} brings; delete the copy and run the command again."

"""Large files from several places, resumed, verified, whole or not at all.

The standard library does it: pooch, the usual choice, starts again from zero after a cut
connection, which for 700 MB is the difference between a nuisance and a failure.
"""

import hashlib
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import platformdirs

from deepmeme.errors import DownloadError, OutputError
from deepmeme.media.lock import one_at_a_time
from deepmeme.weights.catalogue import Entry
from deepmeme.weights.container import ADVICE, sniff_container
from deepmeme.weights.transport import (
    HEADERS,
    NETWORK,
    RejectedError,
    announced_total,
    direct_address,
    opener,
    range_start,
    say,
    validator,
    whole_size,
)

Progress = Callable[[int, int | None], None]
"""Called with (bytes there, bytes in all or None)."""

CHUNK_BYTES = 2**18
MAX_BYTES = 8 * 2**30
ATTEMPTS = 50
"""Connections to one address, as long as each brings something new."""


@dataclass(frozen=True)
class Expected:
    """What a file must be; None is not checked."""

    num_bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None


def cache_dir() -> Path:
    """Where downloaded models live: ``DEEPMEME_CACHE`` or the platform's cache folder."""
    chosen = os.environ.get("DEEPMEME_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("deepmeme"))


def local_path(entry: Entry) -> Path:
    """Where the entry's file is, or will be."""
    return entry.folder or cache_dir() / "models" / entry.filename


def download_entry(entry: Entry, *, progress: Progress | None = None) -> Path:
    """The entry's file in the cache, downloaded and verified if it is not there yet.

    Raises:
        DownloadError: every address failed; says which and why, and what to do by hand.
        OutputError: the cache cannot be written.
    """
    target = local_path(entry)
    if entry.shipped or target.is_file():
        return target
    expected = Expected(entry.num_bytes, entry.sha256, entry.md5)
    return fetch(entry.urls, target, expected=expected, by_hand=entry.by_hand, progress=progress)


def is_offline() -> bool:
    """Whether the environment variable ``DEEPMEME_OFFLINE`` forbids the network."""
    return os.environ.get("DEEPMEME_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def fetch(
    urls: tuple[str, ...],
    target: Path,
    *,
    expected: Expected | None = None,
    by_hand: tuple[str, ...] = (),
    progress: Progress | None = None,
    timeout_s: float = 30,
) -> Path:
    """Try the addresses in turn until one gives the expected file at ``target``.

    An address that ends in ``#href`` answers with JSON whose ``href`` is the file's address of the
    day, as public shares do.
    What has arrived stays in ``target.part`` after a failure or Ctrl-C, and the next call goes on.
    Two processes that want the same file: the second waits for the first.

    Raises:
        DownloadError, OutputError: as :func:`download_entry`.
    """
    expected = expected or Expected()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(target.with_name(f".{target.name}.lock")):
            if target.is_file():
                return target
            return _first_that_works(urls, target, expected, by_hand, progress, timeout_s)
    except (DownloadError, OutputError):
        raise
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be written: {error.strerror or error}. Choose another place with "
            "the environment variable DEEPMEME_CACHE, or make space."
        ) from error


def _first_that_works(
    urls: tuple[str, ...],
    target: Path,
    expected: Expected,
    by_hand: tuple[str, ...],
    progress: Progress | None,
    timeout_s: float,
) -> Path:
    if is_offline():
        reasons = ["nothing: DEEPMEME_OFFLINE is set, which forbids the network"]
        raise DownloadError(_nothing_worked(target, reasons, by_hand, expected))
    part = _Part(target.with_name(target.name + ".part"))
    _need_space(target, (expected.num_bytes or 0) - part.size())
    reasons = []
    left = list(urls)
    while left:
        url, resumes = left[0], part.size() > 0
        try:
            _download(url, part, expected, progress, timeout_s)
            _verify(part.path, expected)
        except RejectedError as error:
            if resumes and not part.size():
                continue  # what was there before spoilt it: once more from the first byte
            reasons.append(f"{left.pop(0)}\n    {error}")
            continue
        os.replace(part.path, target)
        part.forget()
        return target
    raise DownloadError(_nothing_worked(target, reasons, by_hand, expected))


def _need_space(target: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if num_bytes > free:
        raise OutputError(
            f"{target}: {num_bytes} bytes are still to come, and {free} are free there. Make space "
            "or choose another place with the environment variable DEEPMEME_CACHE."
        )


class _Part:
    """The file so far, with a note of where it came from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = path.with_name(path.name + ".json")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def origin(self) -> dict[str, Any]:
        try:
            note = json.loads(self.note.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def remember(self, url: str, validator: str | None) -> None:
        self.note.write_text(json.dumps({"url": url, "validator": validator}), "utf-8")

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _download(
    url: str, part: _Part, expected: Expected, progress: Progress | None, timeout_s: float
) -> None:
    """Fill the part from one address, reconnecting while it makes headway."""
    _drop_what_does_not_belong(url, part, expected)
    reason = "no connection"
    for attempt in range(ATTEMPTS):
        before = part.size()
        if before and before == expected.num_bytes:
            return
        try:
            _receive(url, part, expected, progress, timeout_s)
            return
        except urllib.error.HTTPError as error:
            reason = say(error)
            if _nothing_left(error, part):
                return
        except NETWORK as error:
            reason = say(error)
        except TimeoutError:
            reason = f"no answer for {timeout_s:g} s"
        if before and not part.size():
            continue
        if part.size() <= before:
            break
        time.sleep(min(0.1 * 2**attempt, 2))
    raise RejectedError(reason)


def _drop_what_does_not_belong(url: str, part: _Part, expected: Expected) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise RejectedError("only http and https addresses are opened")
    checked = expected.sha256 or expected.md5
    if part.size() and part.origin().get("url") != url and not checked:
        part.forget()  # without a checksum, halves of two files could be joined
    if expected.num_bytes is not None and part.size() > expected.num_bytes:
        part.forget()


def _nothing_left(error: urllib.error.HTTPError, part: _Part) -> bool:
    """Whether the refusal means that the part is whole; one that is too long is dropped."""
    error.close()
    size = whole_size(error)
    if size is not None and size != part.size():
        part.forget()
    return size is not None and size == part.size() > 0


def _receive(
    url: str, part: _Part, expected: Expected, progress: Progress | None, timeout_s: float
) -> None:
    """One connection's worth, appended where the server allows it."""
    start, origin = part.size(), part.origin()
    request = urllib.request.Request(direct_address(url, timeout_s), headers=HEADERS)
    if start:
        request.add_header("Range", f"bytes={start}-")
        if origin.get("url") == url and origin.get("validator"):
            request.add_header("If-Range", str(origin["validator"]))
    with opener().open(request, timeout=timeout_s) as response:
        resumed = response.status == 206 and range_start(response) == start
        start = start if resumed else 0
        total = announced_total(response, start)
        _refuse_size(total, expected)
        part.remember(url, validator(response))
        with part.path.open("ab" if resumed else "wb") as file:
            _copy(response, file, start, total, progress)


def _copy(
    response: Any, file: IO[bytes], start: int, total: int | None, progress: Progress | None
) -> None:
    done = start
    if progress:
        progress(done, total)
    while chunk := response.read(CHUNK_BYTES):
        file.write(chunk)
        done += len(chunk)
        if done > (total or MAX_BYTES):
            raise RejectedError("it sends more than it announced")
        if progress:
            progress(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"the connection was cut at {done} of {total} bytes")


def _refuse_size(total: int | None, expected: Expected) -> None:
    if total is not None and expected.num_bytes is not None and total != expected.num_bytes:
        raise RejectedError(f"it offers {total} bytes, expected {expected.num_bytes}")
    if total is not None and total > MAX_BYTES:
        raise RejectedError(f"it offers {total} bytes, more than any model has")


def _verify(path: Path, expected: Expected) -> None:
    """Refuse, and delete, a file that is not the expected one."""
    size = path.stat().st_size if path.is_file() else 0
    found = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    wanted = {"sha256": expected.sha256, "md5": expected.md5}
    problem = "it sent nothing" if size == 0 else ""
    if not problem and expected.num_bytes is not None and size != expected.num_bytes:
        problem = f"it sent {size} bytes, expected {expected.num_bytes}"
    if not problem and any(wanted.values()):
        with path.open("rb") as file:
            while chunk := file.read(2**20):
                for name, digest in found.items():
                    if wanted[name]:
                        digest.update(chunk)
        wrong = [n for n, want in wanted.items() if want and found[n].hexdigest() != want.lower()]
        if wrong:
            problem = (
                f"its {wrong[0]} is {found[wrong[0]].hexdigest()}, expected {wanted[wrong[0]]}"
            )
    if not problem and not any(wanted.values()):
        kind = sniff_container(path)
        problem = ADVICE[kind] if kind in ("html", "lfs-pointer") else ""
    if problem:
        _Part(path).forget()
        raise RejectedError(problem)


def _nothing_worked(
    target: Path, reasons: list[str], by_hand: tuple[str, ...], expected: Expected
) -> str:
    lines = [f"{target.name} could not be downloaded."]
    if reasons:
        lines += ["Tried:", *("  " + reason for reason in reasons)]
    else:
        lines.append("No direct address is known for it.")
    if by_hand:
        lines += ["Download it by hand from one of:", *("  " + page for page in by_hand)]
    lines.append(f"and put it here: {target}")
    if expected.sha256:
        lines.append(f"Its sha256 is {expected.sha256}.")
    lines.append("To go on where it stopped, repeat the command.")
    return "\n".join(lines)

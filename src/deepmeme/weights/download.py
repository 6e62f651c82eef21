"""Large files from several places, resumed, verified, whole or not at all.

The standard library does it: pooch, the usual choice, starts again from zero after a cut
connection, which for 700 MB is the difference between a nuisance and a failure.
"""

import hashlib
import http.client
import json
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import platformdirs

from deepmeme.errors import DownloadError, OutputError
from deepmeme.weights.catalogue import Entry
from deepmeme.weights.container import ADVICE, sniff_container

Progress = Callable[[int, int | None], None]
"""Called with (bytes there, bytes in all or None)."""

CHUNK_BYTES = 2**18
MAX_BYTES = 8 * 2**30
MAX_REDIRECTS = 5
ATTEMPTS = 4
"""Connections to one address, as long as each brings something new."""
NETWORK = (urllib.error.URLError, http.client.HTTPException, ConnectionError, ssl.SSLError)


class _RejectedError(Exception):
    """An address did not give the file; the text says why."""


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

    What has arrived stays in ``target.part`` after a failure or Ctrl-C, and the next call goes on.
    Two processes that want the same file: the second waits for the first.

    Raises:
        DownloadError, OutputError: as :func:`download_entry`.
    """
    expected = expected or Expected()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.with_name(f".{target.name}.lock")):
            if target.is_file():
                return target
            return _first_that_works(urls, target, expected, by_hand, progress, timeout_s)
    except DownloadError:
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
    part = _Part(target.with_name(target.name + ".part"))
    reasons = []
    for url in urls:
        try:
            _download(url, part, expected, progress, timeout_s)
            _verify(part.path, expected)
        except _RejectedError as error:
            reasons.append(f"{url}\n    {error}")
            continue
        os.replace(part.path, target)
        part.forget()
        return target
    raise DownloadError(_nothing_worked(target, reasons, by_hand, expected))


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
    if urlsplit(url).scheme not in ("http", "https"):
        raise _RejectedError("only http and https addresses are opened")
    checked = expected.sha256 or expected.md5
    if part.size() and part.origin().get("url") != url and not checked:
        part.forget()  # without a checksum, halves of two files could be joined
    if expected.num_bytes is not None and part.size() > expected.num_bytes:
        part.forget()
    reason = "no connection"
    for attempt in range(ATTEMPTS):
        before = part.size()
        if before and before == expected.num_bytes:
            return
        try:
            _receive(url, part, expected, progress, timeout_s)
            return
        except NETWORK as error:
            reason = _say(error)
            if isinstance(error, urllib.error.HTTPError) and error.code == 416:
                part.forget()
                continue
        except TimeoutError:
            reason = f"no answer for {timeout_s:g} s"
        if part.size() <= before:
            break
        time.sleep(min(0.1 * 2**attempt, 2))
    raise _RejectedError(reason)


def _receive(
    url: str, part: _Part, expected: Expected, progress: Progress | None, timeout_s: float
) -> None:
    """One connection's worth, appended where the server allows it."""
    start, origin = part.size(), part.origin()
    request = urllib.request.Request(url, headers={"User-Agent": "deepmeme"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        if origin.get("url") == url and origin.get("validator"):
            request.add_header("If-Range", str(origin["validator"]))
    with _opener().open(request, timeout=timeout_s) as response:
        resumed = response.status == 206 and _range_start(response) == start
        start = start if resumed else 0
        total = _total(response, start)
        _refuse_size(total, expected)
        part.remember(url, _validator(response))
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
            raise _RejectedError("it sends more than it announced")
        if progress:
            progress(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"the connection was cut at {done} of {total} bytes")


def _range_start(response: Any) -> int | None:
    text = str(response.headers.get("Content-Range", ""))
    digits = text.removeprefix("bytes ").split("-")[0]
    return int(digits) if digits.isdigit() else None


def _total(response: Any, start: int) -> int | None:
    length = str(response.headers.get("Content-Length") or "")
    return start + int(length) if length.isdigit() else None


def _validator(response: Any) -> str | None:
    """A strong ETag, or the date of the last change."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return str(tag)
    return response.headers.get("Last-Modified") or None


def _refuse_size(total: int | None, expected: Expected) -> None:
    if total is not None and expected.num_bytes is not None and total != expected.num_bytes:
        raise _RejectedError(f"it offers {total} bytes, expected {expected.num_bytes}")
    if total is not None and total > MAX_BYTES:
        raise _RejectedError(f"it offers {total} bytes, more than any model has")


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
        raise _RejectedError(problem)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """A few redirects, never from https to http or to anything else."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("http", "https") or (old == "https" and new == "http"):
            raise _RejectedError(f"it redirects to {newurl[:200]}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """http and https alone: no file:, ftp: or data: addresses."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _say(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    return str(reason) or type(error).__name__


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the system lets go when a process dies."""
    with path.open("a+b") as file:
        if os.name == "nt":  # pragma: no cover
            _lock_windows(file)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock_windows(file: IO[bytes]) -> None:  # pragma: no cover
    import msvcrt

    locking: Any = msvcrt
    while True:
        try:
            file.seek(0)
            locking.locking(file.fileno(), locking.LK_NBLCK, 1)
            return
        except OSError:
            time.sleep(0.2)


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
    free = shutil.disk_usage(target.parent).free
    if expected.num_bytes and free < expected.num_bytes:
        lines.append(f"Mind the space: {free} bytes are free, {expected.num_bytes} are needed.")
    lines.append("To go on where it stopped, repeat the command.")
    return "\n".join(lines)

"""A web server on loopback that misbehaves on demand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """One address: what it sends and how it fails."""

    content: bytes = b""
    status: int = 200
    ranges: bool = True
    cut_after: int | None = None
    """Hang up after so many bytes, ``cuts`` times."""
    cuts: int = 10**6
    announce: bool = True
    """Send a Content-Length."""
    etag: str | None = '"one"'
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FileServer:
    """Addresses by path, and what was asked of them."""

    base: str
    files: dict[str, Served] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """(path, Range header)"""

    def add(self, path: str, content: bytes = b"", **how: Any) -> str:
        """Serve ``content`` there; returns the address."""
        self.files[path] = Served(content, **how)
        return self.base + path


class Handler(BaseHTTPRequestHandler):
    @property
    def state(self) -> FileServer:
        running: Any = self.server
        found: FileServer = running.state
        return found

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.state.requests.append((self.path, asked))
        served = self.state.files.get(self.path) or Served(status=404)
        start = self._start(served, asked)
        if asked and served.ranges and start >= len(served.content) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(served.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._answer(served, start)
        body = served.content[start:]
        if served.cut_after is not None and served.cuts > 0:
            served.cuts -= 1
            body = body[: served.cut_after]
        self.wfile.write(body)
        self.close_connection = True

    def _answer(self, served: Served, start: int) -> None:
        end = len(served.content)
        headers = dict(served.headers)
        if start:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{end}"
        if served.announce:
            headers["Content-Length"] = str(end - start)
        if served.etag:
            headers["ETag"] = served.etag
        self.send_response(206 if start else served.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _start(self, served: Served, asked: str | None) -> int:
        condition = self.headers.get("If-Range")
        if not asked or not served.ranges or (condition and condition != served.etag):
            return 0
        return int(asked.removeprefix("bytes=").split("-")[0])


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Runs while the block does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = FileServer(f"http://127.0.0.1:{server.server_address[1]}")
    server.state = state  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""What every request passes before anybody reads it: its host, its origin, its size, its rate.

Pure ASGI, so that it also stands before WebSockets and before a body is read.
"""

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SAFE = ("GET", "HEAD", "OPTIONS")
_MOST_CLIENTS = 10_000
_BURST_S = 4.0
_JSON_BYTES = 1 << 20
_NO_SUCH_NAME = (
    "This server does not answer to that name. Whoever runs it adds names with --name HOST."
)

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), usb=(), payment=()",
}


class Gate:
    """Refuses what no honest client sends, and puts the safety headers on every answer."""

    def __init__(self, app: App, *, names: frozenset[str], body_bytes: int, rate: float) -> None:
        """``names`` are the hosts that it answers to; ``rate`` requests a second and client."""
        self._app, self._names, self._body_bytes = app, names, body_bytes
        self._rate = _Rate(rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope, Headers(scope=scope))
        if problem is not None:
            await _refuse(scope, receive, send, *problem)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limit = self._limit(Headers(scope=scope))
        await _Bounded(self._app, limit)(scope, receive, _with_headers(send))

    def _limit(self, headers: Headers) -> int:
        """Bytes of a body: files are large, everything else is small."""
        return self._body_bytes if is_form(headers) else min(self._body_bytes, _JSON_BYTES)

    def _problem(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        host = headers.get("host", "").lower()
        if _without_port(host) not in self._names:
            return 421, "WrongHost", _NO_SUCH_NAME
        if _from_elsewhere(scope, headers, host):
            return 403, "WrongOrigin", "Other sites' pages may not use this server."
        client = scope.get("client") or ("", 0)
        if not self._rate.allows(str(client[0])):
            return 429, "TooMany", "That is too many requests at once. Wait a second."
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return 400, "InputError", "The Content-Length is no number."
        if int(length) > self._limit(headers):
            return _too_large(self._limit(headers))
        return None


def _from_elsewhere(scope: Scope, headers: Headers, host: str) -> bool:
    """Whether another site's page is behind it. What changes nothing may be asked from links."""
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return False
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != host
    return headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def is_form(headers: Headers) -> bool:
    """Whether a body comes as a web page's form sends files."""
    return headers.get("content-type", "").lower().startswith("multipart/form-data")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _too_large(limit: int) -> tuple[int, str, str]:
    return (
        413,
        "TooLarge",
        (
            f"That is more than this server takes ({limit / 1e6:.0f} MB). Send a smaller file, "
            "or a shorter clip."
        ),
    )


class _Rate:
    """A bucket of requests for each client: it fills steadily and holds a few seconds' worth."""

    def __init__(self, per_s: float) -> None:
        self._per_s, self._most = per_s, per_s * _BURST_S
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str) -> bool:
        now = monotonic()
        left, then = self._left.pop(client, (self._most, now))
        left = min(self._most, left + (now - then) * self._per_s)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return allowed


class _Bounded:
    """Stops reading a body that is longer than it said, or never said how long it is."""

    def __init__(self, app: App, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, answered, over = 0, False, False

        async def bounded() -> MutableMapping[str, Any]:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                over = True
                return {"type": "http.disconnect"}
            return message

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            if over and not answered:
                return
            answered = True
            await send(message)

        try:
            await self._app(scope, bounded, watched)
        except Exception:
            if not over:
                raise
        if over and not answered:
            await _refuse(scope, receive, send, *_too_large(self._limit))


def _with_headers(send: Send) -> Send:
    async def dressed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            more = [(n.encode(), v.encode()) for n, v in HEADERS.items()]
            message["headers"] = [
                *message["headers"], *((n, v) for n, v in more if n not in present),
            ]  # fmt: skip
        await send(message)

    return dressed


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, kind: str, text: str
) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4000 + status, "reason": text[:120]})
        return
    body = json.dumps({"error": {"type": kind, "message": text}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if status == 429:
        headers.append((b"retry-after", b"1"))
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await _with_headers(send)(start)
    await send({"type": "http.response.body", "body": body})

"""Runs the application until somebody stops it."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing, suppress

import uvicorn

from deepmeme.errors import InputError
from deepmeme.web.app import create_app, open_service
from deepmeme.web.gate import App
from deepmeme.web.keys import Keys
from deepmeme.web.options import ServeOptions
from deepmeme.web.service import Service

_STOP_S = 8
_FRAME_BYTES = 1 << 20


def serve(
    options: ServeOptions, keys: Keys, *, page: bool = True, ready: Callable[[str], None]
) -> None:
    """Listen, call ``ready`` with the address once it answers, and stop at Ctrl-C or SIGTERM.

    Raises:
        InputError: the port is taken, the address is not this machine's, or another server uses
            the folder.
    """
    with closing(_listener(options.host, options.port)) as listener:
        port = listener.getsockname()[1]
        address = f"http://{_reachable(options.host)}:{port}/"
        service = open_service(options, keys)
        server = _Announcing(
            _config(create_app(service, page=page), options.proxy), lambda: ready(address)
        )
        with suppress(KeyboardInterrupt):
            asyncio.run(_run(service, server, listener))


async def _run(service: Service, server: uvicorn.Server, listener: socket.socket) -> None:
    """Within the service's life, not the application's: then its errors reach whoever called."""
    async with service.running():
        await server.serve(sockets=[listener])


def _config(app: App, proxy: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="auto",
        ws_max_size=_FRAME_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_STOP_S,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy or None,
        limit_concurrency=512,
    )


class _Announcing(uvicorn.Server):
    """Says so when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, or asyncio leaves Nagle's algorithm on, which costs each answer 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        raise InputError(
            f"Nothing can listen on {host}:{port}: {error.strerror or error}. Another program may "
            "use the port: choose another with --port, or 0 for a free one."
        ) from error
    return listener


def _reachable(host: str) -> str:
    """What to type into a browser on this machine."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host

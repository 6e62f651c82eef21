"""Live: a camera's frames go in, a moving picture comes out, over one WebSocket."""

import asyncio
import json
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from deepmeme.errors import DeepmemeError
from deepmeme.jobs.desk import Desk, Refused
from deepmeme.jobs.wire import Message
from deepmeme.web.problems import Stop, in_words
from deepmeme.web.schema import Ref, Strict
from deepmeme.web.service import Service, owner_of, service_of

router = APIRouter()

_BEGIN_S, _FRAME_S = 60.0, 10.0
_MOST_FRAME_BYTES = 512 << 10
_TELL_EVERY_S = 1.0
_WINDOW = 40  # answers that the measured rate counts


class LiveRequest(Strict):
    """What a session begins with."""

    source: Ref
    consent: bool = False
    mirror: bool = True
    size: int = Field(384, ge=128, le=1024)


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """First a JSON request, then JPEG frames; each is answered with a JPEG."""
    service = service_of(socket)
    try:
        owner = owner_of(socket)
    except Stop as stop:
        await socket.close(4401, str(stop)[:120])
        return
    await socket.accept()
    if service.live >= service.options.live:
        await _refuse(socket, "Busy", "Somebody else is live right now. Try again later.")
        return
    service.live += 1
    try:
        async with service.stage() as desk:
            await _session(socket, service, desk, owner)
    except WebSocketDisconnect:
        pass
    except Refused as error:
        await _refuse(socket, error.kind, str(error))
    except Stop as error:
        await _refuse(socket, error.kind, str(error))
    except DeepmemeError as error:
        await _refuse(socket, type(error).__name__, str(error))
    finally:
        service.live -= 1


async def _session(socket: WebSocket, service: Service, desk: Desk, owner: str) -> None:
    wanted = _asked(await socket.receive_text())
    path = await run_in_threadpool(service.folder.resolve, wanted.source, owner)
    begun = await _unless_gone(
        socket,
        desk.ask(
            "begin", path=str(path), consent=wanted.consent, mirror=wanted.mirror,
            size=wanted.size, within_s=_BEGIN_S,
        ),
    )  # fmt: skip
    await socket.send_json({"ready": True, **begun.said})
    again, face = False, True
    ends: deque[float] = deque(maxlen=_WINDOW)
    told = monotonic()
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        frame = message.get("bytes")
        if frame is None:
            again = again or _wants_again(message.get("text") or "")
            continue
        if len(frame) > _MOST_FRAME_BYTES:
            raise Stop(413, "TooLarge", "A frame has more than 512 KB; send smaller ones.")
        answer = await desk.ask("frame", frame, again=again, within_s=_FRAME_S)
        again, face = False, bool(answer.said.get("face", True))
        await socket.send_bytes(answer.blob)
        service.metrics.live_frames.inc()
        ends.append(monotonic())
        if ends[-1] - told > _TELL_EVERY_S and len(ends) > 1:
            told = ends[-1]
            rate = (len(ends) - 1) / max(ends[-1] - ends[0], 1e-6)
            await socket.send_json({"fps": round(rate, 1), "face": face})


async def _unless_gone(socket: WebSocket, work: Coroutine[Any, Any, Message]) -> Message:
    """What ``work`` gives; stopped as soon as the browser leaves, so that the next may begin.

    Raises:
        WebSocketDisconnect: it left.
    """
    working = asyncio.ensure_future(work)
    try:
        while True:
            listening = asyncio.ensure_future(socket.receive())
            await asyncio.wait({working, listening}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                listening.cancel()
                return working.result()
            if listening.result()["type"] == "websocket.disconnect":
                raise WebSocketDisconnect
    finally:
        working.cancel()


def _asked(text: str) -> LiveRequest:
    try:
        return LiveRequest.model_validate_json(text[:10_000])
    except ValidationError as error:
        raise Stop(422, "InputError", in_words(error.errors())) from error


def _wants_again(text: str) -> bool:
    try:
        told: Any = json.loads(text[:1000])
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("again") is True


async def _refuse(socket: WebSocket, kind: str, text: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # it may be gone already
        await socket.send_json({"error": {"type": kind, "message": text}})
        await socket.close(1008)

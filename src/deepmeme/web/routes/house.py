"""What the server is and offers: health, models, options, the shelf, the door."""

from dataclasses import fields
from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from deepmeme import __version__
from deepmeme.choices import choice_of
from deepmeme.jobs.folder import on_shelf
from deepmeme.jobs.requests import ALLOWED
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.web.keys import COOKIE
from deepmeme.web.problems import Stop
from deepmeme.web.schema import TokenRequest, kind_of
from deepmeme.web.service import Owner, ServiceHere, service_of
from deepmeme.weights.catalogue import entries
from deepmeme.weights.download import local_path

router = APIRouter(prefix="/v1", tags=["server"])
plain = APIRouter(tags=["server"])

_PICTURES = {
    "painting": "A painting",
    "cartoon": "A cartoon",
    "statue": "Marble",
    "captain": "A captain",
    "toon_tiger": "A tiger",
    "toon_poodle": "A poodle",
    "toon_dragon": "A dragon",
}
_DRIVING = {
    "driver": ("Talks, nods, blinks", "portrait"),
    "guest": ("Looks round", "portrait"),
    "toon_goat": ("A goat, for the animals", "toon"),
}


@router.get("/health")
def health(service: ServiceHere) -> dict[str, Any]:
    """Whether the server works, and how much waits."""
    counts = service.queue.counts()
    return {
        "status": "ok",
        "version": __version__,
        "workers": service.options.workers,
        "queued": counts["queued"],
        "running": counts["running"],
    }


@router.get("/models")
def models(service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """The models that are on this machine."""
    here = [entry for entry in entries() if local_path(entry).exists()]
    keep = ("name", "family", "title", "expects", "licence", "num_bytes")
    rows = [{k: v for k, v in entry.as_dict().items() if k in keep} for entry in here]
    return {"models": rows}


@router.get("/options")
def options(service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """The choices of an animation: their defaults, limits and words."""
    return {"options": _options()}


@cache
def _options() -> list[dict[str, Any]]:
    rows = []
    for entry in fields(AnimateOptions):
        if entry.name in ALLOWED:
            choice = choice_of(entry.metadata)
            rows.append({
                "name": entry.name, "type": kind_of(entry.type), "default": entry.default,
                "help": choice.help, "group": choice.group, "one_of": list(choice.one_of),
                "low": choice.low, "high": choice.high,
            })  # fmt: skip
    return rows


@router.get("/shelf")
def shelf(service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """Pictures and driving clips that come with deepmeme."""
    pictures = [
        {"ref": f"shelf:{name}", "title": title, "url": f"/v1/shelf/{name}"}
        for name, title in _PICTURES.items()
    ]
    driving = [
        {"ref": f"shelf:{name}", "title": title, "url": f"/v1/shelf/{name}", "model": model}
        for name, (title, model) in _DRIVING.items()
    ]
    return {"pictures": pictures, "driving": driving}


@router.get("/shelf/{name}", response_class=FileResponse)
def from_shelf(name: str, service: ServiceHere, owner: Owner) -> FileResponse:
    """A file of the shelf."""
    if name not in _PICTURES and name not in _DRIVING:
        raise Stop(404, "NotFound", "There is no such thing on the shelf; see /v1/shelf.")
    path = on_shelf(f"shelf:{name}")
    media_type = "video/mp4" if path.suffix == ".mp4" else "image/png"
    return FileResponse(path, media_type=media_type, headers={"cache-control": "max-age=86400"})


@router.get("/session")
def session(request: Request, service: ServiceHere) -> dict[str, bool]:
    """Whether a token is needed, and whether this client has shown it."""
    headers, cookie = request.headers, request.cookies.get(COOKIE, "")
    owner = service.keys.owner(headers.get("authorization", ""), cookie)
    return {
        "needs_token": service.keys.needed,
        "open": owner is not None,
        "here": service.options.only_here,
    }


@router.post("/session", status_code=204)
def enter(wanted: TokenRequest, request: Request, service: ServiceHere) -> Response:
    """Show the token once; a browser keeps a cookie in its place."""
    if service.keys.owner(f"Bearer {wanted.token}", "") is None:
        raise Stop(401, "TokenNeeded", "That is not the token of this server.")
    answer = Response(status_code=204)
    if service.keys.needed:
        answer.set_cookie(
            COOKIE, service.keys.cookie(wanted.token), max_age=7 * 86400, httponly=True,
            samesite="strict", secure=request.url.scheme == "https",
        )  # fmt: skip
    return answer


@router.delete("/session", status_code=204)
def leave() -> Response:
    """Forget the cookie."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@plain.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, owner: Owner) -> Response:
    """For Prometheus."""
    text = service_of(request).metrics.text()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

"""Jobs: ask for one, watch it, stop it, take its result."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from deepmeme.jobs.job import Job
from deepmeme.jobs.requests import checked
from deepmeme.jobs.uploads import refs_of
from deepmeme.web.events import told
from deepmeme.web.gate import is_form
from deepmeme.web.problems import Stop
from deepmeme.web.routes.uploads import asked, flag, form_of, full, json_of, kept, the_file
from deepmeme.web.schema import (
    Again,
    AnimationRequest,
    JobAnswer,
    JobsAnswer,
    MorphRequest,
    SwapRequest,
)
from deepmeme.web.service import Owner, Service, ServiceHere

router = APIRouter(prefix="/v1", tags=["jobs"])

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="The same key and request again is the same job, not another one.",
    ),
]
_ROOM_FOR_ONE = 50 << 20

_FORM = {
    "type": "object",
    "required": ["source", "driving"],
    "properties": {
        "source": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "driving": {"type": "string", "format": "binary"},
        "options": {"type": "string", "description": "JSON, as in the other body."},
        "format": {"type": "string", "enum": ["mp4", "webm", "gif", "webp"]},
        "consent": {"type": "boolean"},
        "inside": {"type": "boolean"},
    },
}
_TWO_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/AnimationRequest"}},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


@router.post("/animations", status_code=202, response_model=JobAnswer, openapi_extra=_TWO_BODIES)
async def animate(
    request: Request, service: ServiceHere, owner: Owner, key: Key = ""
) -> JSONResponse:
    """Move pictures like a driving clip. JSON names files brought before; a form brings them."""
    if is_form(request.headers):
        wanted, print_ = await _from_form(request, service, owner)
    else:
        wanted, print_ = asked(AnimationRequest, await json_of(request)), ""
    told_request = wanted.model_dump(exclude_unset=False)
    told_request["options"] = wanted.options.model_dump(exclude_unset=True)
    return await _submitted(service, owner, "animate", told_request, key, print_)


@router.post("/morphs", status_code=202, response_model=JobAnswer)
async def morph(
    wanted: MorphRequest, service: ServiceHere, owner: Owner, key: Key = ""
) -> JSONResponse:
    """A film that walks from one dreamt-up face to the next."""
    return await _submitted(service, owner, "morph", wanted.model_dump(), key)


@router.post("/swaps", status_code=202, response_model=JobAnswer)
async def swap(
    wanted: SwapRequest, service: ServiceHere, owner: Owner, key: Key = ""
) -> JSONResponse:
    """Learn two faces, and swap them in a clip. Needs the extra ``train`` on the server."""
    return await _submitted(service, owner, "swap", {**wanted.model_dump(), "again": ""}, key)


@router.get("/jobs", response_model=JobsAnswer)
def listed(
    service: ServiceHere, owner: Owner, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """Your jobs, the newest first."""
    return {"jobs": [service.told(job) for job in service.queue.listed(owner, limit)]}


@router.get("/jobs/{id}", response_model=JobAnswer)
def one(id: str, service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """How far a job is."""
    return service.told(service.job(id, owner))


@router.delete("/jobs/{id}", status_code=204)
def forget(id: str, service: ServiceHere, owner: Owner) -> Response:
    """Stop a job if it runs, and delete all that it made."""
    service.job(id, owner)
    service.queue.forget(id)
    return Response(status_code=204)


@router.post("/jobs/{id}/cancel", response_model=JobAnswer)
def cancel(id: str, service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """Stop a job; one that has ended stays as it is."""
    service.job(id, owner)
    return service.told(service.queue.cancel(id))


@router.post("/jobs/{id}/again", status_code=202, response_model=JobAnswer)
async def again(id: str, changes: Again, service: ServiceHere, owner: Owner) -> JSONResponse:
    """The same once more, with some things different; for a swap: train on."""
    job = await run_in_threadpool(service.job, id, owner)
    wanted = json.loads(json.dumps(job.request))
    if job.kind == "swap":
        wanted |= {"again": job.id, "minutes": changes.minutes or wanted["minutes"]}
    if changes.options:
        if job.kind != "animate":
            raise Stop(422, "InputError", f"A {job.kind} has no options to change.")
        wanted["options"] = {**wanted["options"], **changes.options}
    if changes.format is not None and job.kind != "swap":
        wanted["format"] = changes.format
    if changes.inside is not None and job.kind == "animate":
        wanted["inside"] = changes.inside
    return await _submitted(service, owner, job.kind, wanted, "")


@router.get(
    "/jobs/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(id: str, service: ServiceHere, owner: Owner) -> StreamingResponse:
    """Server-sent events named ``job``: the job, whenever it changed, until it has ended."""
    await run_in_threadpool(service.job, id, owner)

    def look() -> tuple[Job, dict[str, Any]]:
        job = service.job(id, owner)
        return job, service.told(job)

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(told(look), media_type="text/event-stream", headers=headers)


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {media_type: binary}, "description": "The file."}}


@router.get("/jobs/{id}/result", response_class=FileResponse, responses=_file("video/mp4"))
def result(id: str, service: ServiceHere, owner: Owner, download: bool = False) -> FileResponse:
    """What a job made, marked and signed."""
    job = service.job(id, owner)
    if job.result is None:
        raise Stop(404, "NotYet", f"This job is {job.state}; it has no result.")
    name = str(job.result["name"])
    return _sent(
        service.folder.job(id) / name, str(job.result["media_type"]),
        f"deepmeme-{id[:6]}{Path(name).suffix}" if download else None,
    )  # fmt: skip


@router.get("/jobs/{id}/preview", response_class=FileResponse, responses=_file("image/jpeg"))
def preview(id: str, service: ServiceHere, owner: Owner, n: int = 0) -> FileResponse:
    """The newest frame of a job that runs."""
    service.job(id, owner)
    return _sent(service.folder.job(id) / "preview.jpg", "image/jpeg")


@router.get("/jobs/{id}/inside", response_class=FileResponse, responses=_file("video/mp4"))
def inside(id: str, service: ServiceHere, owner: Owner) -> FileResponse:
    """What the networks saw and did, frame by frame."""
    service.job(id, owner)
    return _sent(service.folder.job(id) / "inside.mp4", "video/mp4")


def _sent(path: Path, media_type: str, as_name: str | None = None) -> FileResponse:
    if not path.is_file():
        raise Stop(404, "NotYet", "This job has no such file, or not yet.")
    headers = {"cache-control": "private, no-cache"}
    return FileResponse(path, media_type=media_type, filename=as_name, headers=headers)


async def _from_form(request: Request, service: Service, owner: str) -> tuple[Any, str]:
    """A form's files, kept, and the rest of it; then a print of all, for the key."""
    async with form_of(request) as form:
        wanted: dict[str, Any] = {
            "sources": [], "consent": flag(form, "consent"), "inside": flag(form, "inside"),
        }  # fmt: skip
        try:
            wanted["options"] = json.loads(str(form.get("options") or "{}"))
        except (ValueError, RecursionError) as error:
            raise Stop(422, "InputError", "The part 'options' is no JSON.") from error
        if form.get("format"):
            wanted["format"] = str(form["format"])
        names = ["shelf:painting"] * max(1, len(form.getlist("source")))
        asked(AnimationRequest, {**wanted, "sources": names, "driving": names[0]})
        prints = []
        for source in form.getlist("source"):
            if isinstance(source, str):
                raise Stop(422, "InputError", "The part 'source' has to be a file.")
            upload = await kept(service, owner, source)
            wanted["sources"].append(upload.upload.id)
            prints.append(upload.sha256)
        driving = await kept(service, owner, the_file(form, "driving"))
        wanted["driving"] = driving.upload.id
        prints.append(driving.sha256)
    rest = {name: wanted[name] for name in wanted if name not in ("sources", "driving")}
    return asked(AnimationRequest, wanted), json.dumps([prints, rest], sort_keys=True)


async def _submitted(
    service: Service, owner: str, kind: str, wanted: dict[str, Any], key: str, print_: str = ""
) -> JSONResponse:
    """Put a job into the queue; the same key and request again answers with the first one."""

    def submit() -> tuple[Job, bool]:
        request = checked(kind, wanted)
        for ref in refs_of(request):
            service.folder.resolve(ref, owner)
        if service.keeper.room_left() < _ROOM_FOR_ONE:
            raise full()
        waiting = service.queue.counts(owner)["queued"]
        if waiting >= service.options.max_queued:
            raise Stop(429, "TooMany", f"{waiting} of your jobs are waiting. Let some finish.")
        same = hashlib.sha256((print_ or json.dumps(request, sort_keys=True)).encode())
        return service.queue.submit(
            kind, request, owner=owner, key=key, fingerprint=f"{kind} {same.hexdigest()}"
        )

    job, fresh = await run_in_threadpool(submit)
    answer = await run_in_threadpool(service.told, job)
    headers = {"location": f"/v1/jobs/{job.id}"} | ({} if fresh else {"idempotent-replay": "true"})
    return JSONResponse(answer, status_code=202, headers=headers)

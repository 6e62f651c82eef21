"""Questions that are answered at once: what is in a file, who made it, what a face looks like."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from deepmeme.errors import InputError
from deepmeme.jobs.job import draw_id
from deepmeme.jobs.uploads import Upload
from deepmeme.web.gate import is_form
from deepmeme.web.problems import Stop
from deepmeme.web.routes.uploads import (
    FILE_FORM,
    asked,
    form_of,
    full,
    json_of,
    kept,
    taken,
    the_file,
    told_file,
)
from deepmeme.web.schema import (
    FaceModel,
    FacesRequest,
    FileAnswer,
    LookAnswer,
    OfFile,
    PuppetAnswer,
    PuppetRequest,
    VerdictAnswer,
)
from deepmeme.web.service import Owner, Service, ServiceHere

router = APIRouter(prefix="/v1", tags=["questions"])

_VERIFY_S = 120.0
_FACE_BYTES = 1 << 20

_VERIFY_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/OfFile"}},
            **FILE_FORM,
        },
    }
}


@router.post("/looks", response_model=LookAnswer, response_model_exclude_unset=True)
async def look(wanted: OfFile, service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """How large a file is, where its faces are, and which square would be animated."""
    path = await _path(service, wanted.ref, owner)
    desk = service.not_too_busy(service.looks)
    return (await desk.ask("look", path=str(path))).said


@router.post("/puppets", response_model=PuppetAnswer)
async def puppet(wanted: PuppetRequest, service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """The picture with its keypoints where you dragged them."""
    path = await _path(service, wanted.ref, owner)
    desk = service.not_too_busy(service.looks)
    return (await desk.ask("puppet", path=str(path), points=wanted.points)).said


@router.post("/verify", response_model=VerdictAnswer, openapi_extra=_VERIFY_BODIES)
async def verify(request: Request, service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """Where a picture or video comes from, as far as its marks tell."""
    desk = service.not_too_busy(service.checks)
    if not is_form(request.headers):
        ref = asked(OfFile, await json_of(request)).ref
        path = await _path(service, ref, owner)
        return (await desk.ask("verify", path=str(path), within_s=_VERIFY_S)).said
    async with form_of(request) as form:
        upload = (await kept(service, owner, the_file(form, "file"))).upload
    try:
        path = service.queue.file_path(upload.id)
        return (await desk.ask("verify", path=str(path), within_s=_VERIFY_S)).said
    finally:
        await run_in_threadpool(service.queue.delete_file, upload.id, owner)


@router.get("/faces/traits")
async def traits(service: ServiceHere, owner: Owner, model: FaceModel = "gan") -> dict[str, Any]:
    """What can be changed in dreamt-up faces."""
    return (await service.not_too_busy(service.dreams).ask("traits", model=model)).said


@router.post(
    "/faces",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
        201: {"model": FileAnswer, "description": "With keep: a file to animate."},
    },
)
async def faces(wanted: FacesRequest, service: ServiceHere, owner: Owner) -> Response:
    """People who do not exist: a JPEG at once, or with ``keep`` a file to animate."""
    desk = service.not_too_busy(service.dreams)
    about = wanted.model_dump(exclude={"keep"})
    if not wanted.keep:
        answer = await desk.ask("face", **about)
        return Response(answer.blob, media_type="image/jpeg", headers={"cache-control": "no-store"})
    if service.keeper.room_left() < _FACE_BYTES:
        raise full()
    painted = service.queue.root / f"face-{draw_id()}.png"
    try:
        await desk.ask("keep", path=str(painted), **about)
        upload = await run_in_threadpool(_taken, service, owner, painted)
    finally:
        painted.unlink(missing_ok=True)
    return JSONResponse(told_file(upload), status_code=201)


def _taken(service: Service, owner: str, painted: Path) -> Upload:
    with painted.open("rb") as stream:
        return taken(service, owner, stream).upload


async def _path(service: Service, ref: str, owner: str) -> Path:
    try:
        return await run_in_threadpool(service.folder.resolve, ref, owner)
    except InputError as error:
        raise Stop(404, "NotFound", str(error)) from error

"""Files that clients bring: told apart by their first bytes, and never opened here."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from deepmeme.errors import InputError
from deepmeme.jobs.intake import Taken, take_in
from deepmeme.jobs.uploads import Upload
from deepmeme.web.events import moment
from deepmeme.web.gate import is_form
from deepmeme.web.problems import Stop, in_words
from deepmeme.web.schema import FileAnswer
from deepmeme.web.service import Owner, Service, ServiceHere

router = APIRouter(prefix="/v1/files", tags=["files"])

_MOST_FIELDS = 20
_MOST_FILES = 200

FILE_FORM: dict[str, Any] = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    }
}
"""How OpenAPI says that a form brings a file."""
_BODY = {"requestBody": {"required": True, "content": FILE_FORM}}


@router.post("", status_code=201, response_model=FileAnswer, openapi_extra=_BODY)
async def take(request: Request, service: ServiceHere, owner: Owner) -> dict[str, Any]:
    """Bring a picture, a video or a sound. It is deleted after a while, or by DELETE."""
    async with form_of(request) as form:
        return told_file((await kept(service, owner, the_file(form, "file"))).upload)


@router.get(
    "/{ref}",
    response_class=FileResponse,
    responses={
        200: {
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
            "description": "Its bytes, to be saved: never shown by a browser as a page of ours.",
        }
    },
)
def give(ref: str, service: ServiceHere, owner: Owner) -> FileResponse:
    """A file of yours as it came: what ``POST /v1/faces`` kept, say, signed as it is."""
    try:
        upload = service.queue.file(ref, owner)
    except InputError as error:
        raise Stop(404, "NotFound", str(error)) from error
    return FileResponse(
        service.queue.file_path(ref),
        media_type="application/octet-stream",
        filename=f"deepmeme-{ref[:6]}.{upload.format}",
        headers={"cache-control": "private, no-store"},
    )


@router.delete("/{ref}", status_code=204)
def drop(ref: str, service: ServiceHere, owner: Owner) -> Response:
    """Delete a file now; one that a job still needs goes when the job has ended."""
    service.queue.delete_file(ref, owner)
    return Response(status_code=204)


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The parts of a multipart body; its spooled files are gone afterwards.

    Raises:
        Stop: no multipart body.
    """
    if not is_form(request.headers):
        raise Stop(
            415, "InputError", "Expected multipart/form-data, as a web page's form sends a file."
        )
    async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
        yield form


def the_file(form: FormData, name: str) -> UploadFile:
    """The file of that name.

    Raises:
        Stop: there is none.
    """
    found = form.get(name)
    if not isinstance(found, UploadFile):
        raise Stop(422, "InputError", f"The part {name!r} is missing, or is no file.")
    return found


async def kept(service: Service, owner: str, file: UploadFile) -> Taken:
    """Put a file into the house.

    Raises:
        InputError: it is of no kind that deepmeme reads, too large, or empty.
        Stop: the disk's quota is used up.
    """
    if service.keeper.room_left() < (file.size or 0):
        raise full()
    return await run_in_threadpool(taken, service, owner, file.file)


def taken(service: Service, owner: str, stream: BinaryIO) -> Taken:
    """Put the bytes of a stream into the house, for as long as its options say.

    Raises:
        InputError: as :func:`kept`.
    """
    options = service.options
    return take_in(
        service.queue, stream, owner=owner, keep_s=options.keep * 3600,
        most_bytes=options.upload_bytes,
    )  # fmt: skip


def told_file(upload: Upload) -> dict[str, Any]:
    """A file as a ``FileAnswer``."""
    return {
        "ref": upload.id, "kind": upload.kind, "format": upload.format, "bytes": upload.bytes,
        "expires": moment(upload.expires_s),
    }  # fmt: skip


def full() -> Stop:
    """No room on the disk."""
    return Stop(
        507,
        "NoRoom",
        "The room that this server has for files is used up. Delete old results, or wait until "
        "they are deleted by themselves.",
    )


def asked(model: type[BaseModel], told: Any) -> Any:
    """A request in its model, from what JSON or a form held.

    Raises:
        Stop: it does not fit.
    """
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise Stop(422, "InputError", in_words(error.errors())) from error


async def json_of(request: Request) -> Any:
    """The JSON of a body.

    Raises:
        Stop: it is none.
    """
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise Stop(422, "InputError", "The body is no JSON.") from error


def flag(form: Mapping[str, Any], name: str) -> bool:
    """A yes or no of a form."""
    return str(form.get(name, "")).lower() in ("1", "true", "yes", "on")

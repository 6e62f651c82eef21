"""Errors as answers: one shape, and a status that tells a client what to do next."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from deepmeme.choices import without_flags
from deepmeme.errors import (
    DeepmemeError,
    InputError,
    MissingExtra,
    ModelNotFound,
    OutputError,
)
from deepmeme.jobs.desk import DeskError, Refused
from deepmeme.jobs.job import JobNotFound, KeyReused

_logger = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[DeepmemeError], int], ...] = (
    (JobNotFound, 404),
    (KeyReused, 409),
    (ModelNotFound, 404),
    (MissingExtra, 501),
    (InputError, 422),
    (DeskError, 422),
    (OutputError, 507),
)
_OF_KIND = {"Fault": 500, "MissingExtra": 501, "ModelNotFound": 404}


class Stop(DeepmemeError):
    """Ends a request with a status of its own."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


def answer_errors(app: FastAPI) -> None:
    """Let every error leave as ``{"error": {"type", "message"}}``."""
    app.add_exception_handler(DeepmemeError, _ours)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _fault)


def problem(status: int, kind: str, message: str, **headers: str) -> JSONResponse:
    """The one shape of all errors."""
    return JSONResponse(
        {"error": {"type": kind, "message": message}}, status_code=status, headers=headers or None
    )


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Stop):
        headers = {"retry-after": "5"} if error.status in (429, 503) else {}
        return problem(error.status, error.kind, str(error), **headers)
    if isinstance(error, Refused):
        return problem(_OF_KIND.get(error.kind, 422), error.kind, str(error))
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    return problem(status, type(error).__name__, without_flags(str(error)))


async def _misfit(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, "InputError", in_words(error.errors()))


def in_words(errors: Any) -> str:
    """What pydantic found, as a sentence for each place; what was sent is not repeated."""
    parts = []
    for found in list(errors)[:5]:
        place = ".".join(
            str(step) for step in found["loc"] if step not in ("body", "query", "path")
        )
        parts.append(f"{place[:100] or 'the request'}: {str(found['msg'])[:200]}")
    return "The request does not fit. " + "; ".join(parts) + ". See /openapi.json."


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kinds = {404: "NotFound", 405: "WrongMethod", 401: "TokenNeeded"}
    words = {404: "There is nothing at this address. See /openapi.json."}
    text = words.get(error.status_code, str(error.detail))
    kind = kinds.get(error.status_code, "InputError")
    return problem(error.status_code, kind, text, **dict(error.headers or {}))


async def _fault(request: Request, error: Exception) -> JSONResponse:
    _logger.exception("%s %s failed", request.method, request.url.path)
    return problem(500, "Fault", "This is a fault in deepmeme, not yours. Its log tells more.")

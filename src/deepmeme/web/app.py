"""The server as one ASGI application: gate, API, page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from deepmeme import __version__
from deepmeme.jobs.folder import Folder
from deepmeme.jobs.keeper import Keeper
from deepmeme.jobs.queue import Queue
from deepmeme.web.gate import App, Gate
from deepmeme.web.keys import Keys
from deepmeme.web.metrics import Counted, Metrics
from deepmeme.web.options import ServeOptions
from deepmeme.web.problems import answer_errors
from deepmeme.web.routes import house, jobs, live, questions, uploads
from deepmeme.web.schema import AnimationRequest, ProblemAnswer
from deepmeme.web.service import Service

_ABOUT = """Bring still pictures to life. Errors are always `{"error": {"type", "message"}}`.
Where a token is needed, send `Authorization: Bearer TOKEN`."""
_PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 421, 422, 429, 501, 503, 507)


def create_app(service: Service, *, page: bool = True) -> App:
    """Everything below one address; its lifespan starts and ends what the service runs.

    Args:
        service: the parts, see :func:`open_service`.
        page: also the studio's page, not the API alone.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="deepmeme",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,  # both fetch their scripts from elsewhere
        redoc_url=None,
        responses={code: {"model": ProblemAnswer} for code in _PROBLEMS},
    )
    app.state.service = service
    answer_errors(app)
    for router in (
        house.router, house.plain, uploads.router, jobs.router, questions.router, live.router,
    ):  # fmt: skip
        app.include_router(router)
    _describe(app)
    if page:
        package = Path(str(files("deepmeme")))
        # the letters of captions, as they are burnt in
        app.mount("/fonts", StaticFiles(directory=package / "media" / "fonts"), name="fonts")
        app.mount("/", StaticFiles(directory=package / "web" / "page", html=True), name="page")
    app.add_middleware(Counted, metrics=service.metrics)
    options = service.options
    return Gate(
        app, names=options.names, body_bytes=options.upload_bytes + (1 << 20), rate=options.rate
    )


def open_service(options: ServeOptions, keys: Keys | None = None) -> Service:
    """The parts of a server; no process runs yet.

    Args:
        options: of whoever runs the server.
        keys: who may use it; as the options say unless given.

    Raises:
        InputError: options or tokens that cannot be used.
        OutputError: the folder cannot be used.
    """
    queue = Queue(options.root)
    keeper = Keeper(
        queue,
        workers=options.workers,
        keep_s=options.keep * 3600,
        quota_bytes=options.quota_bytes,
        memory_bytes=options.memory_bytes,
        most_s=options.max_seconds,
    )
    return Service(
        options, keys or Keys.of(options), queue, Folder(queue), keeper, Metrics(queue, keeper)
    )


def _describe(app: FastAPI) -> None:
    """Put into the OpenAPI what routes read by themselves: one body as JSON or as a form."""
    plain = app.openapi

    def described() -> dict[str, object]:
        fresh = app.openapi_schema is None
        schema = plain()
        if fresh:
            parts = schema.setdefault("components", {}).setdefault("schemas", {})
            template = "#/components/schemas/{model}"
            found = AnimationRequest.model_json_schema(ref_template=template)
            parts |= found.pop("$defs", {})
            parts["AnimationRequest"] = found
        return schema

    app.openapi = described  # type: ignore[method-assign]

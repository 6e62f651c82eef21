"""What travels over HTTP: the requests and answers of the API, with their limits and examples.

The options of an animation are those of :class:`AnimateOptions`, read from its fields; nothing is
said twice. What a client may not choose (paths, devices) is left out.
"""

from dataclasses import fields
from types import NoneType
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model

from deepmeme.choices import choice_of
from deepmeme.jobs.requests import (
    ALLOWED,
    MINUTES,
    MORPH_SECONDS,
    MOST_FACES,
    MOST_LETTERS,
    MOST_PICTURES,
    MOST_SEED,
    MOST_SOURCES,
    MOST_STEPS,
    MOST_VARIETY,
)
from deepmeme.pipelines.options import AnimateOptions

Ref = Annotated[
    str,
    Field(
        pattern=r"^(shelf:[a-z_]{1,40}|[A-Za-z0-9_-]{16})$",
        description="What POST /v1/files answered, or a file of the shelf such as shelf:painting.",
        examples=["shelf:painting"],
    ),
]
Format = Literal["mp4", "webm", "gif", "webp"]
FaceModel = Literal["gan", "vae"]
Edits = Annotated[
    dict[
        Annotated[str, Field(max_length=32)], Annotated[float, Field(ge=-MOST_STEPS, le=MOST_STEPS)]
    ],
    Field(max_length=32, description="Trait -> steps, as GET /v1/faces/traits names them."),
]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Variety = Annotated[float, Field(ge=0, le=MOST_VARIETY)]


class Strict(BaseModel):
    """Refuses what it doesn't know."""

    model_config = ConfigDict(extra="forbid")


def _options_model() -> type[BaseModel]:
    """AnimateOptions as a pydantic model; every field may be left out."""
    described: dict[str, Any] = {}
    for entry in fields(AnimateOptions):
        if entry.name not in ALLOWED:
            continue
        choice, kind = choice_of(entry.metadata), cast(Any, entry.type)
        if choice.one_of:
            kind = Literal[choice.one_of]
        limits: dict[str, Any] = {"description": choice.help}
        if choice.low is not None:
            limits |= {"ge": choice.low, "le": choice.high}
        if str in (get_args(kind) or (kind,)):
            limits["max_length"] = MOST_LETTERS
        described[entry.name] = (kind, Field(entry.default, **limits))
    return create_model("AnimationOptions", __base__=Strict, **described)


AnimationOptions = _options_model()


class AnimationRequest(Strict):
    """Pictures, and what moves them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "sources": ["shelf:painting"],
                    "driving": "shelf:driver",
                    "options": {"caption_top": "when it just works", "end": "2"},
                    "format": "mp4",
                    "consent": False,
                }
            ]
        },
    )
    sources: list[Ref] = Field(min_length=1, max_length=MOST_SOURCES)
    driving: Ref
    options: AnimationOptions = Field(default_factory=AnimationOptions)  # type: ignore[valid-type]
    format: Format = "mp4"
    consent: bool = Field(
        False, description="The people in the pictures agreed, where they can be asked."
    )
    inside: bool = Field(False, description="Also make a film of what the networks saw and did.")


class Again(Strict):
    """What is to be different this time."""

    options: dict[str, Any] = Field(default_factory=dict, max_length=40)
    format: Format | None = None
    inside: bool | None = None
    minutes: float | None = Field(None, ge=MINUTES[0], le=MINUTES[1])


class DreamtFace(Strict):
    """One person who does not exist."""

    seed: Seed = 7
    edits: Edits = Field(default_factory=dict)


class FacesRequest(DreamtFace):
    """Faces to paint at once."""

    model: FaceModel = "gan"
    count: int = Field(1, ge=1, le=64)
    variety: Variety = 1.0
    keep: bool = Field(False, description="Keep a marked PNG as a file, to animate it.")


class MorphRequest(Strict):
    """A film that walks from face to face."""

    model: FaceModel = "gan"
    faces: list[DreamtFace] = Field(min_length=2, max_length=MOST_FACES)
    variety: Variety = 1.0
    seconds: float = Field(2.0, ge=MORPH_SECONDS[0], le=MORPH_SECONDS[1])
    loop: bool = True
    format: Format = "mp4"


class SwapRequest(Strict):
    """Two people, and a clip in which one of them gets the other's face."""

    a: list[Ref] = Field(min_length=1, max_length=MOST_PICTURES)
    b: list[Ref] = Field(min_length=1, max_length=MOST_PICTURES)
    convert: Ref
    minutes: float = Field(10.0, ge=MINUTES[0], le=MINUTES[1])
    size: Literal[64, 96, 128] = 64
    consent: bool = False


class OfFile(Strict):
    """A question about one file."""

    ref: Ref


class PuppetRequest(OfFile):
    """A picture whose keypoints are dragged."""

    points: list[tuple[float, float]] | None = Field(None, max_length=512)


class TokenRequest(Strict):
    """What opens the server."""

    token: str = Field(min_length=1, max_length=512)


class Problem(BaseModel):
    """What went wrong."""

    type: str
    message: str


class ProblemAnswer(BaseModel):
    """Every answer that is not a success."""

    error: Problem


class FileAnswer(BaseModel):
    """A file that was taken."""

    ref: str
    kind: Literal["picture", "animation", "video", "sound"]
    format: str
    bytes: int
    expires: str


class ResultAnswer(BaseModel):
    """What a job made."""

    url: str
    name: str
    media_type: str
    bytes: int
    seconds: float
    frames: int
    width: int
    height: int
    reduced: str = ""
    inside: str | None = None


class JobAnswer(BaseModel):
    """A job, as it stands."""

    id: str
    kind: Literal["animate", "morph", "swap"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: str
    started: str | None
    ended: str | None
    position: int = Field(description="Jobs that come before it; 0 is next or running.")
    stage: str
    done: int
    total: int | None
    eta_s: float | None = Field(description="Seconds until this stage is over, as far as one sees.")
    preview: str | None
    story: dict[str, Any]
    error: Problem | None
    result: ResultAnswer | None


class JobsAnswer(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobAnswer]


class LookAnswer(BaseModel):
    """What is in a file."""

    kind: str
    width: int | None = None
    height: int | None = None
    faces: list[tuple[int, int, int, int]] = []
    crop: tuple[int, int, int, int] | None = None
    found_face: bool = False
    asks_consent: bool = False
    seconds: float | None = None
    fps: float | None = None
    thumb: str | None = None


class VerdictAnswer(BaseModel):
    """Where a file comes from, as far as its marks tell."""

    state: Literal["intact", "altered", "others", "unmarked"]
    summary: str
    sureness: str
    work_id: str | None
    credentials: dict[str, Any] | None
    watermark: dict[str, Any] | None
    statement: str | None


class PuppetAnswer(BaseModel):
    """A picture whose keypoints were dragged, and how the network moved it."""

    points: list[tuple[float, float]]
    home: list[tuple[float, float]]
    names: list[str]
    picture: str
    grid: str
    occlusion: str | None
    heatmap: str | None = None


def kind_of(entry_type: Any) -> str:
    """Name of an option's type, as the page reads it."""
    kind = next(k for k in (get_args(entry_type) or (entry_type,)) if k is not NoneType)
    return str(kind.__name__)

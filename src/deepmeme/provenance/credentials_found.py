"""Read content credentials again, ours and those of others; nothing is fetched from anywhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from deepmeme.errors import DeepmemeError, InputError
from deepmeme.media.sniff import sniff
from deepmeme.provenance.credentials import (
    SIDECAR_MIME,
    library_settings,
    sidecar_path,
    undisturbed,
)
from deepmeme.provenance.credentials_problems import UNTRUSTED, clean, problems_of
from deepmeme.provenance.embedded import embedded_bytes
from deepmeme.provenance.identity import Known, known_identities
from deepmeme.provenance.ingredients import MIME_TYPES
from deepmeme.provenance.manifest import GENERATOR, WORK
from deepmeme.provenance.settings import ProvenanceSettings, read_settings

State = Literal["valid", "invalid", "trusted"]

_MAX_BYTES = 16 << 20
"""More than any honest credentials; larger ones are not read."""
_MAX_DEPTH = 6
_MAX_INGREDIENTS = 64
_Json = Mapping[str, Any]


@dataclass(frozen=True)
class FoundIngredient:
    """One input, as the credentials tell it. Texts are safe to print."""

    title: str
    relationship: str
    """parentOf, componentOf or inputTo."""
    sha256: str = ""
    credentials: "Credentials | None" = None
    """What the input said of its own past."""


@dataclass(frozen=True)
class Credentials:
    """What a file's content credentials say, and whether they hold. Texts are safe to print."""

    state: State
    """trusted: valid, and signed by an identity of this computer or its organisation."""
    problems: tuple[str, ...] = ()
    """Plain sentences with c2pa's status code; empty where everything fits."""
    signer: str = ""
    issuer: str = ""
    signed_at: str | None = None
    """ISO time from a timestamp authority, whoever that is."""
    time_vouched: bool = False
    """Whether a trust list knows the timestamp authority; anybody can run one."""
    claimed_at: str | None = None
    """ISO time as the signer says it, without proof."""
    ours: bool = False
    """Written by deepmeme, by whatever computer."""
    by_this_machine: bool = False
    generator: str = ""
    """Program and version."""
    title: str = ""
    actions: tuple[str, ...] = ()
    digital_source_type: str = ""
    ingredients: tuple[FoundIngredient, ...] = ()
    task: str = ""
    model: str = ""
    model_sha256: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    work_id: str = ""
    sidecar: Path | None = None
    """The file beside, if the credentials lie there."""
    manifest: _Json = field(default_factory=dict, repr=False)
    """All that c2pa found: a stranger's words, not safe to print."""


def read_credentials(path: str | Path) -> Credentials | None:
    """The credentials in a file or in ``NAME.c2pa`` beside it; None where there are none.

    A folder has those of its first picture, and the problems of all; they are broken if deepmeme
    made another picture of it as another work. Damaged or hostile ones are
    ``invalid`` with what is wrong. Sizes are bounded and nothing is fetched.

    Raises:
        InputError: no picture, video or sound, or it cannot be read.
    """
    path = Path(path)
    kind = sniff(path).name
    settings = _settings()
    known = known_identities(settings)
    if kind == "folder":
        return _of_folder(path, known)
    try:
        return _of_file(path, kind, known)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _settings() -> ProvenanceSettings:
    try:
        return read_settings()
    except InputError:  # a reader has no use for them beyond knowing its own certificate
        return ProvenanceSettings()


def _of_folder(folder: Path, known: Known) -> Credentials | None:
    first: Credentials | None = None
    stranger: tuple[str, Credentials] | None = None  # the first picture of another work
    problems: list[str] = []
    state: State = "trusted"
    for picture in sorted(p for p in folder.iterdir() if not p.name.startswith(".")):
        try:
            found = _of_file(picture, sniff(picture).name, known)
        except (DeepmemeError, OSError):
            found = None
        if found is None:
            problems.append(f"{clean(picture.name)} has no credentials.")
            continue
        first = first or found
        if stranger is None and (found.ours, found.work_id) != (first.ours, first.work_id):
            stranger = picture.name, found
        problems += [f"{clean(picture.name)}: {problem}" for problem in found.problems]
        if found.state != "trusted" and state != "invalid":
            state = found.state
    if first is None:
        return None
    whole: State = "invalid" if problems else state
    if stranger is not None and not (first.ours and whole == "invalid"):
        name, other = stranger
        told = first if first.ours else other
        problem = f"{clean(name)} belongs to another work than pictures before it."
        return replace(told, state="invalid", by_this_machine=False, problems=(problem,))
    return replace(first, state=whole, problems=tuple(problems[:_MAX_INGREDIENTS]))


def _of_file(path: Path, kind: str, known: Known) -> Credentials | None:
    length = embedded_bytes(path, kind)
    if length != 0 and kind in MIME_TYPES:
        if (length or 0) > _MAX_BYTES:
            return _too_large(length or 0)
        found = _read(path, MIME_TYPES[kind], None, known)
        if found is not None:
            return found
    beside = sidecar_path(path)
    if beside.is_file():
        return _from_sidecar(path, beside, known)
    usual = path.with_suffix(beside.suffix)  # other programs: film.c2pa beside film.mkv
    if path.suffix and usual.is_file():
        found = _from_sidecar(path, usual, known)
        return found if found is not None and found.state != "invalid" else None
    return None


def _from_sidecar(path: Path, beside: Path, known: Known) -> Credentials | None:
    with beside.open("rb") as stream:
        signed = stream.read(_MAX_BYTES + 1)
    if len(signed) > _MAX_BYTES:
        return replace(_too_large(beside.stat().st_size), sidecar=beside)
    found = _read(path, SIDECAR_MIME, signed, known)
    return None if found is None else replace(found, sidecar=beside)


def _too_large(length: int) -> Credentials:
    said = f"The credentials take {length >> 20} MB, far more than honest ones, and are not read."
    return Credentials("invalid", (said,))


def _read(path: Path, mime: str, signed: bytes | None, known: Known) -> Credentials | None:
    from c2pa import C2paError  # here: a native library, for few commands

    try:
        told = undisturbed(lambda: _json(path, mime, signed, known))
        return _credentials(told, known)
    except C2paError.ManifestNotFound:
        return None
    except OSError:
        raise
    except Exception as error:  # whatever a hostile file brings c2pa or the reader below to raise
        return Credentials("invalid", (f"The credentials cannot be read ({clean(str(error))}).",))


def _json(path: Path, mime: str, signed: bytes | None, known: Known) -> _Json:
    from c2pa import Context, Reader

    trust = {"user_anchors": known.anchors} if known.anchors else {}
    with (
        path.open("rb") as stream,
        Context.from_dict(library_settings(**trust)) as context,
        Reader(mime, stream, signed, context=context) as reader,
    ):
        return _mapping(json.loads(reader.json()))


def _credentials(told: _Json, known: Known) -> Credentials:
    manifests = _mapping(told.get("manifests"))
    active = _mapping(manifests.get(str(told.get("active_manifest"))))
    results = _mapping(_mapping(told.get("validation_results")).get("activeManifest"))
    codes = _codes(results.get("failure"))
    codes += _ingredient_codes(told)
    state: State = "valid"
    problems = problems_of(codes)
    if told.get("validation_state") == "Invalid" or problems:
        state = "invalid"
        problems = problems or ("The credentials do not hold.",)
    elif told.get("validation_state") == "Trusted":
        state = "trusted"
    serial = str(_mapping(active.get("signature_info")).get("cert_serial_number"))
    vouched = "timeStamp.trusted" in _codes(results.get("success"))
    own = state == "trusted" and serial in known.serials
    found = replace(_told(active, _Past(manifests)), state=state, problems=problems)
    return replace(found, by_this_machine=own, time_vouched=vouched, manifest=told)


@dataclass
class _Past:
    """The manifests of inputs, of their inputs and so on: so many are told, and so deep."""

    manifests: _Json
    left: int = _MAX_INGREDIENTS
    depth: int = _MAX_DEPTH


def _told(active: _Json, past: _Past) -> Credentials:
    """What one manifest says, without a verdict."""
    signature = _mapping(active.get("signature_info"))
    program = next(iter(_items(active.get("claim_generator_info"))), {})
    assertions = _items(active.get("assertions"))
    actions = [
        action
        for assertion in assertions
        if str(assertion.get("label")).startswith("c2pa.actions")
        for action in _items(_mapping(assertion.get("data")).get("actions"))
    ]
    work = next((_mapping(a.get("data")) for a in assertions if a.get("label") == WORK), {})
    ours = program.get("name") == GENERATOR and bool(work)
    model = _mapping(work.get("model"))
    name, version = clean(program.get("name")), clean(program.get("version"))
    return Credentials(
        state="valid",
        signer=clean(signature.get("common_name")) or clean(signature.get("issuer")),
        issuer=clean(signature.get("issuer")),
        signed_at=clean(signature.get("time")) or None,
        claimed_at=next((clean(a["when"]) for a in actions if a.get("when")), "") or None,
        ours=ours,
        generator=f"{name} {version}".strip() or clean(active.get("claim_generator")),
        title=clean(active.get("title")),
        actions=tuple(clean(a.get("action")) for a in actions[:_MAX_INGREDIENTS]),
        digital_source_type=next(
            (clean(a["digitalSourceType"]) for a in actions if a.get("digitalSourceType")), ""
        ),
        ingredients=_ingredients(active, past),
        task=clean(work.get("task")) if ours else "",
        model=clean(model.get("name")) if ours else "",
        model_sha256=clean(model.get("sha256")) if ours else "",
        options=_options(work) if ours else {},
        version=clean(work.get("version")) if ours else "",
        work_id=clean(work.get("work_id"), 32) if ours else "",
        manifest=active,
    )


def _ingredients(active: _Json, past: _Past) -> tuple[FoundIngredient, ...]:
    found = []
    for item in _items(active.get("ingredients")):
        if past.left <= 0:
            break
        past.left -= 1
        prefix, _, digest = clean(item.get("instance_id")).partition("sha256:")
        found.append(
            FoundIngredient(
                clean(item.get("title")),
                clean(item.get("relationship")),
                "" if prefix else digest,
                _credentials_of(item, past),
            )
        )
    return tuple(found)


def _credentials_of(item: _Json, past: _Past) -> Credentials | None:
    """An input's own, as they were found when it was used."""
    active = _mapping(past.manifests.get(str(item.get("active_manifest"))))
    if not active or past.depth <= 0:
        return None
    results = _mapping(_mapping(item.get("validation_results")).get("activeManifest"))
    problems = problems_of(_codes(results.get("failure")))
    past.depth -= 1
    told = _told(active, past)
    past.depth += 1
    return replace(told, state="invalid" if problems else "valid", problems=problems)


def _ingredient_codes(told: _Json) -> list[str]:
    """What changed in the inputs' credentials since the result was signed."""
    deltas = _items(_mapping(told.get("validation_results")).get("ingredientDeltas"))
    found: list[str] = []
    for delta in deltas[: 4 * _MAX_INGREDIENTS]:
        found += _codes(_mapping(delta.get("validationDeltas")).get("failure"))
    return [code for code in found if code != UNTRUSTED]


def _codes(failures: object) -> list[str]:
    return [str(item.get("code")) for item in _items(failures)]


def _options(work: _Json) -> dict[str, Any]:
    return {
        clean(name): clean(value) if isinstance(value, str) else value
        for name, value in _mapping(work.get("options")).items()
        if isinstance(value, str | int | float | bool | None)
    }


def _mapping(value: object) -> _Json:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> Sequence[_Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

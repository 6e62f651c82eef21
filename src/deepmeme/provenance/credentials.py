"""Content credentials (C2PA): what was made of what, signed, inside the file or beside it.

Nothing is fetched from the network, and only a timestamp authority that ``config.toml`` names is
ever asked. If it can't be reached, the result is signed without its time and a warning is logged.
"""

import io
import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from deepmeme.errors import InputError, OutputError
from deepmeme.provenance.identity import Identity, signing_identity
from deepmeme.provenance.ingredients import MIME_TYPES, Ingredient, ingredients_of
from deepmeme.provenance.manifest import manifest
from deepmeme.provenance.record import Record, file_sha256
from deepmeme.provenance.settings import ProvenanceSettings

_logger = logging.getLogger(__name__)

T = TypeVar("T")

SIDECAR_SUFFIX = ".c2pa"
SIDECAR_MIME = "application/c2pa"
_LARGE_BYTES = 64 << 20
_TRIAL = {"label": "c2pa.hash.data", "data": {"alg": "sha256", "hash": [0] * 32, "pad": []}}
_SLACK_BYTES = 96
"""Offsets in a long file take a few bytes more than in a short one."""


def library_settings(**trust: str) -> dict[str, Any]:
    """For c2pa: never the network, small memory, no thumbnails but ours."""
    return {
        "verify": {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_after_sign": False,  # seal.py reads every result back
            "verify_trust": True,
        },
        "core": {
            "allowed_network_hosts": [],
            "backing_store_memory_threshold_in_mb": 8,
            "max_decompressed_manifest_size_in_mb": 16,
        },
        "builder": {
            "thumbnail": {"enabled": False},
            "generate_c2pa_archive": False,
            "created_assertion_labels": ["c2pa.actions", "c2pa.soft-binding", "org.deepmeme.work"],
        },
        **({"trust": trust} if trust else {}),
    }


def undisturbed(work: Callable[[], T]) -> T:
    """Do native work to its end before Ctrl-C is heard.

    c2pa reads files through callbacks, which would lose a KeyboardInterrupt and with it the bytes
    they were reading; the callbacks of another thread get none.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def sidecar_path(path: Path) -> Path:
    """Where the credentials of a file lie that can't hold them: ``film.mkv.c2pa``."""
    return path.with_name(path.name + SIDECAR_SUFFIX)


def sign_file(
    path: Path, kind: str, record: Record, settings: ProvenanceSettings, *, lean: bool = False
) -> Path | None:
    """Sign a finished file in place; ``kind`` as for ``marks.mark_file``, or ``frames``.

    ``lean`` leaves out thumbnails and what the inputs say of their own past; each picture of a
    folder is always signed so. Constant memory, however long the file.

    Returns:
        The sidecar for formats that can't hold credentials (mkv, webm), else None.

    Raises:
        InputError: the organisation's key, certificate or settings are no good.
        OutputError: it cannot be signed.
        OSError: the signed file cannot be written.
    """
    pen = _Pen(signing_identity(settings), settings.timestamp_authority)
    private = record.private or settings.private
    told = ingredients_of(record, private=private, lean=lean or kind == "frames")
    told = pen.tried(told)
    if kind == "frames":
        for picture in sorted(path.iterdir()):
            pen.embed(picture, "png", manifest(record, told, private=private), told)
        return None
    if kind in MIME_TYPES:
        pen.embed(path, kind, manifest(record, told, private=private), told)
        return None
    digest = bytes.fromhex(file_sha256(path))
    said = manifest(record, told, private=private, sidecar_of=digest)
    with path.open("rb") as stream:
        signed = pen.write(said, told, SIDECAR_MIME, stream, io.BytesIO())
    sidecar = sidecar_path(path)
    sidecar.write_bytes(signed)
    return sidecar


def credentials_bytes(
    kind: str, record: Record, settings: ProvenanceSettings, tiny: Path, *, lean: bool = False
) -> int:
    """How much longer :func:`sign_file` makes a file; ``tiny`` is a small one of the same kind.

    ``tiny`` is signed to find out.
    """
    before = tiny.stat().st_size
    sign_file(tiny, kind, record, settings, lean=lean)
    return tiny.stat().st_size - before + _SLACK_BYTES


@dataclass(frozen=True)
class _Pen:
    """Signs any number of files with one identity."""

    identity: Identity
    timestamp_authority: str | None

    def tried(self, told: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
        """The inputs' own credentials are kept, whole or broken, unless c2pa can't carry them."""
        from c2pa import C2paError

        found = []
        for one in told:
            if one.past is not None:
                said = {"claim_version": 2, "title": "trial", "assertions": [_TRIAL]}
                try:
                    with one.past.open("rb") as source:
                        self._write(said, (one,), SIDECAR_MIME, source, io.BytesIO(), None)
                except (C2paError, OSError):
                    one = replace(one, past=None)
            found.append(one)
        return tuple(found)

    def embed(
        self, path: Path, kind: str, said: dict[str, Any], told: tuple[Ingredient, ...]
    ) -> None:
        """Through a new file beside ``path`` that takes its place."""
        new = path.with_name(path.name + ".signed")
        try:
            with path.open("rb") as source, _Target(new, "w+b") as target:
                self.write(said, told, MIME_TYPES[kind], source, target)
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)

    def write(
        self,
        said: dict[str, Any],
        told: tuple[Ingredient, ...],
        mime: str,
        source: BinaryIO,
        target: BinaryIO,
    ) -> bytes:
        """The credentials, which are in ``target``, too, where the format can hold them."""
        from c2pa import C2paError  # here: a native library, needed when something is saved

        try:
            return self._write(said, told, mime, source, target, self.timestamp_authority)
        except C2paError as error:
            if self.timestamp_authority is None:
                raise _refusal(error, target) from error
            failed = error
        source.seek(0)
        target.seek(0)
        target.truncate()
        try:
            signed = self._write(said, told, mime, source, target, None)
        except C2paError as error:
            raise _refusal(error, target) from error
        _logger.warning(
            "The timestamp authority %s gave no timestamp (%s); the result is signed without.",
            self.timestamp_authority, failed,
        )  # fmt: skip
        return signed

    def _write(self, *given: Any) -> bytes:
        return undisturbed(lambda: self._written(*given))

    def _written(
        self,
        said: dict[str, Any],
        told: tuple[Ingredient, ...],
        mime: str,
        source: BinaryIO,
        target: BinaryIO,
        timestamp_authority: str | None,
    ) -> bytes:
        import c2pa

        identity = self.identity
        signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(
                identity.algorithm.encode(), identity.chain, identity.key, timestamp_authority
            )
        )
        config = library_settings()
        if os.fstat(source.fileno()).st_size > _LARGE_BYTES:
            # hashed in pieces, which needs little memory; the pieces' hashes lengthen the manifest
            config["core"]["merkle_tree_chunk_size_in_kb"] = 4096
        with (
            c2pa.Context.from_dict(config) as context,
            signer,
            c2pa.Builder(json.dumps(said), context=context) as builder,
        ):
            for ingredient in told:
                if ingredient.thumbnail:
                    name = f"{ingredient.label}.jpg"
                    builder.add_resource(name, io.BytesIO(ingredient.thumbnail))
                if ingredient.past is not None:
                    definition = json.dumps(ingredient.definition())
                    with ingredient.past.open("rb") as stream:
                        builder.add_ingredient(definition, ingredient.mime, stream)
            signed: bytes = builder.sign(signer, mime, source, target)
            return signed


class _Target(io.FileIO):
    """A file that remembers why it could not be written: c2pa does not tell."""

    failure: OSError | None = None

    def write(self, encoded: Any, /) -> int:
        try:
            return super().write(encoded)
        except OSError as error:
            self.failure = error
            raise


def _refusal(error: Exception, target: BinaryIO) -> Exception:
    failure = getattr(target, "failure", None)
    if failure is not None:
        return OSError(failure.errno, failure.strerror)
    text = str(error)
    if any(word in text.lower() for word in ("certificate", "private key", "cose")):
        return InputError(
            f"The certificate set for signing cannot sign content credentials ({text}). It needs "
            "digitalSignature and an extended key usage such as emailProtection."
        )
    return OutputError(f"The result could not be signed ({text}), so it was not written.")

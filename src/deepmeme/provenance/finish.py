"""From a finished file to a marked one under its final name; nothing unmarked gets there."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from deepmeme.errors import InputError
from deepmeme.media.clip import Frame
from deepmeme.provenance.credentials import credentials_bytes, sidecar_path, sign_file
from deepmeme.provenance.credentials_found import read_credentials
from deepmeme.provenance.found import read_marks
from deepmeme.provenance.identity import signing_identity
from deepmeme.provenance.manifest import WATERMARK
from deepmeme.provenance.marks import mark_file, mark_frame, overhead_bytes
from deepmeme.provenance.record import Record
from deepmeme.provenance.settings import ProvenanceSettings, read_settings

_LEAN_ABOVE = 10
"""Credentials that take more than a tenth of a size budget go without thumbnails."""


@dataclass(frozen=True)
class Maker:
    """What marks and signs one result, by the settings as they were when the work began."""

    settings: ProvenanceSettings

    @classmethod
    def ready(cls) -> "Maker":
        """Before any work: settings are read and the signing identity is there.

        Raises:
            InputError: ``config.toml`` or what it names is no good.
        """
        settings = read_settings()
        if settings.marking:
            signing_identity(settings)
            if settings.certificate is not None or settings.timestamp_authority is not None:
                _try(settings)
        return cls(settings)

    @property
    def marks(self) -> bool:
        """Whether there are watermark and credentials, and not the plain statement alone."""
        return self.settings.marking

    @property
    def watermark(self) -> str:
        return WATERMARK if self.marks else "no watermark"

    def mark(self, frame: Frame, record: Record) -> Frame:
        return mark_frame(frame, record.work_id) if self.marks else frame

    def finish(self, result: Path, kind: str, record: Record, *, lean: bool = False) -> None:
        """Mark and sign in place; ``result`` is a folder of pictures for the kind ``frames``."""
        if kind == "frames":
            for picture in sorted(result.iterdir()):
                mark_file(picture, "png", record)
        else:
            mark_file(result, kind, record)
        if self.marks:
            sign_file(result, kind, record, self.settings, lean=lean)

    def spare_bytes(
        self, folder: Path, kind: str, record: Record, max_bytes: int
    ) -> tuple[int, bool]:
        """What :meth:`finish` adds to a gif or webp at most, and whether it must be lean."""
        spare, lean, tiny = overhead_bytes(record), False, folder / f"tiny.{kind}"
        if not self.marks:
            return spare, lean
        Image.new("RGB", (16, 16)).save(tiny, format=kind.upper())
        taken = credentials_bytes(kind, record, self.settings, tiny)
        if taken * _LEAN_ABOVE > max_bytes:
            lean = True
            Image.new("RGB", (16, 16)).save(tiny, format=kind.upper())
            taken = credentials_bytes(kind, record, self.settings, tiny, lean=True)
        tiny.unlink()
        return spare + taken, lean

    def place(self, result: Path, target: Path, record: Record) -> Path | None:
        """Check, then give the final name; the sidecar goes along, one of an older file goes away.

        Raises:
            RuntimeError: a mark is missing: a fault of deepmeme.
        """
        self._check(result, record)
        if result.is_dir() and target.is_dir():
            target.rmdir()  # empty, as check_target saw to
        new, final = sidecar_path(result), sidecar_path(target)
        aside = result.with_name(result.name + ".older")
        with contextlib.suppress(FileNotFoundError):
            os.replace(final, aside)
        try:
            # the sidecar first: never a result without its credentials
            if new.exists():
                os.replace(new, final)
            os.replace(result, target)
        except OSError:
            final.unlink(missing_ok=True)
            if aside.exists():
                os.replace(aside, final)
            raise
        aside.unlink(missing_ok=True)
        return final if final.exists() else None

    def _check(self, result: Path, record: Record) -> None:
        """The last bolt on the door."""
        fault = "this is a fault of deepmeme"
        if read_marks(result) is None:
            raise RuntimeError(f"{result.name} came out without its mark; {fault}")
        if not self.marks:
            return
        found = read_credentials(result)
        if found is None or found.work_id != record.work_id:
            raise RuntimeError(f"{result.name} came out without its credentials; {fault}")
        if found.state != "invalid":
            return
        problems = " ".join(found.problems)
        raise RuntimeError(f"{result.name} came out with broken credentials: {problems} {fault}")


def _try(settings: ProvenanceSettings) -> None:
    """Sign a tiny picture with what an organisation set: better now than after hours of work."""
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "trial.png"
        Image.new("RGB", (16, 16)).save(tiny)
        sign_file(tiny, "png", Record("trial", work_id="0" * 11), settings)
        found = read_credentials(tiny)
    if found is None or found.state == "invalid":
        blamed = [settings.certificate, settings.timestamp_authority]
        raise InputError(
            f"What is signed with {' and '.join(str(b) for b in blamed if b)} does not hold: "
            f"{' '.join(found.problems) if found else ''} Mend it, or take it out of config.toml."
        )

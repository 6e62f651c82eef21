"""Where a picture or video comes from, as far as it tells: credentials, watermark, plain words.

Three marks are looked for, each weaker and harder to lose than the one before: content credentials
prove every byte and break at the first that changes; the watermark survives re-encoding and names
the work; the statement in the metadata is text that anybody can write or remove.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import log10
from pathlib import Path
from typing import Any, Literal

from deepmeme.errors import InputError
from deepmeme.media.clip import Frame
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.provenance.credentials_found import Credentials, read_credentials
from deepmeme.provenance.found import Marks, read_marks
from deepmeme.provenance.watermark_read import Found, read_watermark

State = Literal["intact", "altered", "others", "unmarked"]

FRAMES, STRIDE = 16, 8
"""Frames of a stretch of video that are averaged, and how far apart they are."""
STRETCHES = 6
"""Places of a long video that are looked at."""
_MOST_PIXELS = 40_000_000  # of all frames that are held at once
EXIT_CODES: dict[State, int] = {"intact": 0, "altered": 3, "others": 1, "unmarked": 1}


@dataclass(frozen=True)
class Verdict:
    """What was found in one file, and what it means."""

    path: Path
    state: State
    """intact: marked by deepmeme and unchanged; altered: marked, but changed or stripped since;
    others: credentials of another program; unmarked: nothing."""
    summary: str
    """One sentence."""
    sureness: str
    """How sure that is, and why."""
    credentials: Credentials | None = None
    watermark: Found | None = None
    statement: Marks | None = None

    @property
    def exit_code(self) -> int:
        """0 marked and intact, 1 not marked by deepmeme, 3 marked but altered."""
        return EXIT_CODES[self.state]

    @property
    def work_id(self) -> str:
        """Of the work, by the credentials or else by the watermark; empty if neither tells."""
        if self.credentials is not None and self.credentials.ours and self.credentials.work_id:
            return self.credentials.work_id
        return self.watermark.work_id if self.watermark is not None else ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        mark = self.watermark
        return {
            "file": str(self.path),
            "state": self.state,
            "exit_code": self.exit_code,
            "summary": self.summary,
            "sureness": self.sureness,
            "work_id": self.work_id or None,
            "credentials": None if self.credentials is None else _plain(self.credentials),
            "watermark": None if mark is None else mark._asdict(),
            "statement": None if self.statement is None else self.statement.statement,
        }


def verify(path: str | Path, *, search: bool = True) -> Verdict:
    """Look for all marks in a picture, a video or a folder of pictures.

    ``search`` also finds the watermark of crops and odd sizes: some seconds if there is none.

    Raises:
        InputError: no picture or video, or it cannot be read.
    """
    path = Path(path)
    found = read_credentials(path)
    watermark = _watermark(path, found, search=search)
    return _judged(path, found, watermark, read_marks(path))


def _watermark(path: Path, found: Credentials | None, *, search: bool) -> Found | None:
    """The watermark; whole credentials of our own need no long search for it."""
    whole = found is not None and found.ours and found.state != "invalid"
    try:
        return find_watermark(path, search=search and not whole)
    except InputError:
        if found is None:
            raise
        return None  # damaged pictures may still have credentials that say so


def find_watermark(path: str | Path, *, search: bool = True) -> Found | None:
    """The watermark of a picture, or of some stretch of a video.

    Raises:
        InputError: no picture or video, or it cannot be read.
    """
    path = Path(path)
    first: list[Frame] | None = None
    for frames in _stretches(path):
        found = read_watermark(frames, search=False)
        if found is not None:
            return found
        first = first or frames
    return read_watermark(first, search=True) if search and first else None


def _stretches(path: Path) -> Iterator[list[Frame]]:
    """A few frames from each of some places; one still from a picture."""
    if sniff(path).family == "picture":
        yield [read_image(path)]
        return
    clip = open_clip(path)
    most = max(1, min(FRAMES, _MOST_PIXELS // (clip.width * clip.height)))
    length = FRAMES * STRIDE
    stride = max(1, length // most)
    total = clip.num_frames or 0
    count = max(1, min(STRETCHES, total // length))
    for place in range(count):
        start = place * (total // count)
        frames = clip.frames_from(start) if start else iter(clip)
        stretch = list(islice(frames, 0, length, stride))
        if stretch:
            yield stretch


def _judged(
    path: Path, found: Credentials | None, watermark: Found | None, statement: Marks | None
) -> Verdict:
    def verdict(state: State, summary: str, sureness: str) -> Verdict:
        return Verdict(path, state, summary, sureness, found, watermark, statement)

    ours = found is not None and found.ours
    if found is not None and ours and found.state != "invalid":
        if watermark is not None and watermark.work_id != found.work_id:
            return verdict(
                "altered",
                "Marked by deepmeme, but the credentials belong to another work: its picture "
                f"carries the watermark of work {watermark.work_id}.",
                _by_chance(watermark),
            )
        return verdict("intact", "Made by AI with deepmeme, and unchanged since.", _vouched(found))
    if found is not None and ours:
        return verdict(
            "altered",
            "Made by AI with deepmeme, but changed since: the credentials do not fit the file.",
            _by_chance(watermark) if watermark else "The credentials say so themselves.",
        )
    if watermark is not None:
        return verdict(
            "altered",
            "Made by AI with deepmeme: only the invisible watermark is left, so the file was "
            "re-encoded, cut or stripped of its credentials since"
            + (", and another program signed it." if found is not None else "."),
            _by_chance(watermark),
        )
    if statement is not None:
        return verdict(
            "altered",
            "Its metadata says that it was made by AI with deepmeme, but credentials and "
            "watermark are missing: it was stripped or rewritten since, or made with "
            'provenance = "off".',
            "Not sure: anybody can write such a line.",
        )
    if found is not None:
        broken = " They do not fit the file." if found.state == "invalid" else ""
        return verdict(
            "others",
            f"Not marked by deepmeme. It carries credentials of another program.{broken}",
            "As sure as you are of their signer.",
        )
    return verdict(
        "unmarked",
        "No mark of deepmeme, and no content credentials.",
        "This proves nothing: marks can be removed, most programs leave none, and a picture "
        "without marks may be real or made.",
    )


def _by_chance(watermark: Found | None) -> str:
    if watermark is None:
        return ""
    power = min(300, int(-log10(max(watermark.chance, 1e-300))))
    return f"Sure: by chance, a picture looks like this less than once in 10^{power}."


def _vouched(found: Credentials) -> str:
    if found.by_this_machine:
        return "Sure: every byte fits the signature, and this computer's own key made it."
    return (
        "Sure that every byte is as it was signed. Who signed is only as sure as the certificate: "
        "no trust list knows it."
        if found.state != "trusted"
        else "Sure: every byte fits the signature, and you trust its signer."
    )


def _plain(found: Credentials) -> dict[str, Any]:
    return {
        "state": found.state,
        "problems": list(found.problems),
        "signer": found.signer,
        "issuer": found.issuer,
        "signed_at": found.signed_at,
        "claimed_at": found.claimed_at,
        "ours": found.ours,
        "by_this_machine": found.by_this_machine,
        "generator": found.generator,
        "actions": list(found.actions),
        "digital_source_type": found.digital_source_type,
        "model": found.model or None,
        "model_sha256": found.model_sha256 or None,
        "options": dict(found.options),
        "sidecar": None if found.sidecar is None else str(found.sidecar),
        "ingredients": [
            {
                "title": part.title,
                "relationship": part.relationship,
                "sha256": part.sha256 or None,
                "credentials": None if part.credentials is None else _plain(part.credentials),
            }
            for part in found.ingredients
        ],
    }

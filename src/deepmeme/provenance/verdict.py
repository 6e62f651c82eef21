"""What the marks of a file mean together, in plain words that claim no more than they prove."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any, Literal

from deepmeme.provenance.credentials_found import Credentials
from deepmeme.provenance.credentials_problems import clean
from deepmeme.provenance.found import Marks
from deepmeme.provenance.watermark_read import Found

State = Literal["intact", "altered", "others", "unmarked"]
EXIT_CODES: dict[State, int] = {"intact": 0, "altered": 3, "others": 1, "unmarked": 1}

_DOES_NOT_FIT = re.compile(r"\(assertion\.\w+Hash\.mismatch\)$")
_KINDS = {
    "trainedAlgorithmicMedia": "AI made it",
    "compositeWithTrainedAlgorithmicMedia": "AI made parts of it",
    "digitalCapture": "a camera took it",
    "computationalCapture": "a camera took it",
}


@dataclass(frozen=True)
class Verdict:
    """What was found in one file, and what it means. Summary and sureness are safe to print."""

    path: Path
    state: State
    """intact: marked by deepmeme and unchanged; altered: marked, but changed or stripped since;
    others: credentials of another program; unmarked: nothing."""
    summary: str
    """One sentence or two."""
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
        """Of the work: by whole credentials, else by the watermark, else by broken credentials."""
        found = self.credentials
        told = found.work_id if found is not None and found.ours else ""
        if self.watermark is not None and not (told and found and found.state != "invalid"):
            return self.watermark.work_id
        return told

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        mark, said = self.watermark, self.statement
        return {
            "file": str(self.path),
            "state": self.state,
            "exit_code": self.exit_code,
            "summary": self.summary,
            "sureness": self.sureness,
            "work_id": self.work_id or None,
            "credentials": None if self.credentials is None else _plain(self.credentials),
            "watermark": None if mark is None else mark._asdict(),
            "statement": None if said is None else clean(said.statement),
        }


@dataclass(frozen=True)
class Evidence:
    """All that was found in a file or folder."""

    path: Path
    is_folder: bool = False
    credentials: Credentials | None = None
    watermark: Found | None = None
    statement: Marks | None = None
    unseen: str = ""
    """A sentence on what was not looked at for the watermark."""

    @property
    def ours(self) -> bool:
        return self.credentials is not None and self.credentials.ours


def judge(evidence: Evidence) -> Verdict:
    """The verdict; never raises."""
    found = evidence.credentials
    if found is not None and found.ours:
        told = _whole(evidence, found) if found.state != "invalid" else _broken(evidence, found)
    elif found is not None and (past := _past(found)) is not None:
        told = _edited(evidence, found, *past)
    elif evidence.watermark is not None:
        told = _stripped(evidence, evidence.watermark)
    elif evidence.statement is not None:
        told = _only_said(evidence)
    elif found is not None:
        told = _of_others(evidence, found)
    else:
        told = (
            "unmarked",
            "No mark of deepmeme, and no content credentials.",
            "This proves nothing: marks can be removed, most programs leave none, and a picture "
            "without marks may be real or made." + _unseen(evidence),
        )
    return Verdict(
        evidence.path, *told, evidence.credentials, evidence.watermark, evidence.statement
    )


_Told = tuple[State, str, str]


def _whole(evidence: Evidence, found: Credentials) -> _Told:
    """Credentials of deepmeme that hold."""
    mark = evidence.watermark
    if mark is not None and mark.work_id != found.work_id:
        return (
            "altered",
            "Marked by deepmeme, but its credentials and its picture belong to different works: "
            f"{found.work_id or 'one without a name'}, and by the watermark {mark.work_id}.",
            _not_by_chance(mark),
        )
    it = "Every picture of the folder was made" if evidence.is_folder else "Made"
    order = " Nothing tells whether pictures are missing or in their order." * evidence.is_folder
    if found.state == "trusted":
        by = (
            "a key of this computer or its organisation"
            if found.by_this_machine
            else "an organisation that this computer trusts"
        )
        return (
            "intact",
            f"{it} by AI with deepmeme, and unchanged since.",
            f"Sure: all that is seen and heard fits the signature, made by {by}.{order}",
        )
    agrees = (
        " The watermark names the same work."
        if mark is not None
        else " No watermark could be read: it is too small or flat for one, or an imitation."
    )
    return (
        "intact",
        f"{it} by AI with deepmeme, as its signer says, and unchanged since it was signed.",
        "Sure that all that is seen and heard is as it was signed. Not sure by whom: anybody's "
        "deepmeme signs with a key of its own, anybody can imitate it, and this computer does not "
        "know the key."
        f"{agrees}{order}",
    )


def _broken(evidence: Evidence, found: Credentials) -> _Told:
    """Credentials of deepmeme that do not hold: of this file once, or of another."""
    problem = found.problems[0] if found.problems else "Something is wrong with them."
    more = f" And {len(found.problems) - 1} more." if len(found.problems) > 1 else ""
    unfit = bool(_DOES_NOT_FIT.search(problem))
    mark = evidence.watermark
    if evidence.is_folder:
        return (
            "altered",
            "Made by AI with deepmeme, as credentials in the folder say, but not all of it, or not "
            f"as it was signed. {problem}{more}",
            (_not_by_chance(mark) if mark else "Not sure of the rest.")
            + " Look at the files one by one to know each.",
        )
    if mark is None:
        why = "It was changed since, or they were copied from another file." if unfit else problem
        return (
            "altered",
            "Its credentials say that deepmeme made it by AI, but they do not hold. "
            + why + more * (not unfit),
            "Not sure that deepmeme made this very picture: credentials can be put on any file, "
            "and no watermark was found to bear them out." + _unseen(evidence),
        )  # fmt: skip
    if mark.work_id != found.work_id:
        return (
            "altered",
            f"Made by AI with deepmeme, as its watermark says (work {mark.work_id}), but its "
            f"credentials belong to another work ({found.work_id or '?'}) and do not fit.",
            _not_by_chance(mark),
        )
    why = "It was changed since it was signed." if unfit else problem + more
    return (
        "altered",
        f"Made by AI with deepmeme, but its credentials do not hold any more. {why}",
        f"{_not_by_chance(mark)} It names the same work as the credentials.",
    )


def _edited(evidence: Evidence, found: Credentials, past: Credentials, main: bool) -> _Told:
    """Another program took something of deepmeme and said so."""
    program = found.generator or "another program"
    by = f"{program}, which signed the result and keeps deepmeme's credentials in it."
    summary = (
        f"Made by AI with deepmeme, then changed with {by}"
        if main
        else f"Partly made by AI with deepmeme, then put together with {by}"
    )
    kept = " The credentials of deepmeme were broken by then." * (past.state == "invalid")
    mark = evidence.watermark
    if found.state != "invalid":
        sureness = f"As sure as you are of who signed: {found.signer or 'unknown'}."
        return "altered", summary + kept, _not_by_chance(mark) if mark else sureness
    if mark is not None:
        return "altered", f"{summary} That signature does not hold.{kept}", _not_by_chance(mark)
    return (
        "altered",
        f"Its credentials, of {program}, tell of deepmeme among its inputs, but they do not hold. "
        "It was changed since, or they were copied from another file.",
        "Not sure that deepmeme had a part in this very picture: credentials can be put on any "
        "file, and no watermark was found to bear them out." + _unseen(evidence),
    )


def _stripped(evidence: Evidence, mark: Found) -> _Told:
    found = evidence.credentials
    if found is None:
        now = (
            "Its credentials are gone: it was re-encoded, cut, stripped, or parted from its .c2pa "
            "file since."
        )
    elif _illegible(found):
        now = "Its credentials are damaged beyond reading."
    else:
        now = (
            f"Its credentials are gone; those it has now, of {found.generator or 'another program'}"
            ", do not tell of deepmeme."
        )
    return (
        "altered",
        f"Made by AI with deepmeme, as its invisible watermark says. {now}",
        _not_by_chance(mark),
    )


def _only_said(evidence: Evidence) -> _Told:
    found = evidence.credentials
    if found is None:
        missing = "credentials and watermark are missing"
    elif _illegible(found):
        missing = "its credentials are damaged beyond reading, and no watermark is found"
    else:
        missing = (
            f"its credentials are of {found.generator or 'another program'}, and no watermark is "
            "found"
        )
    return (
        "altered",
        f"Its metadata says that it was made by AI with deepmeme, but {missing}: it was stripped "
        'or rewritten since, or made with provenance = "off".',
        "Not sure: anybody can write such a line." + _unseen(evidence),
    )


def _of_others(evidence: Evidence, found: Credentials) -> _Told:
    if _illegible(found):
        return (
            "others",
            "It carries content credentials that are damaged beyond reading, and no mark of "
            "deepmeme.",
            "Not sure whose they were: nothing of them can be read." + _unseen(evidence),
        )
    program = found.generator or "another program"
    kind = _KINDS.get(found.digital_source_type.rsplit("/", 1)[-1], "")
    said = f"Credentials of {program} say that {kind}." if kind else (
        f"It carries credentials of {program}."
    )  # fmt: skip
    if found.state == "invalid":
        return (
            "others",
            f"Not marked by deepmeme. {said} They do not hold: it was changed since, or they are "
            "of another file.",
            "Not sure: believe nothing that they say." + _unseen(evidence),
        )
    return (
        "others",
        f"Not marked by deepmeme. {said} It is unchanged since it was signed.",
        f"As sure as you are of who signed: {found.signer or 'unknown'}; deepmeme keeps no list "
        "of signers to trust." + _unseen(evidence),
    )


def _past(found: Credentials) -> tuple[Credentials, bool] | None:
    """Credentials of deepmeme among the inputs, and whether they are of the main one."""
    kept = [(past, main) for past, main in _line(found, True) if past.ours]
    return next((one for one in kept if one[1]), kept[0] if kept else None)


def _line(found: Credentials, main: bool) -> Iterator[tuple[Credentials, bool]]:
    for part in found.ingredients:
        if part.credentials is not None:
            first = main and part.relationship == "parentOf"
            yield part.credentials, first
            yield from _line(part.credentials, first)


def _illegible(found: Credentials) -> bool:
    return found.state == "invalid" and not (found.generator or found.signer or found.actions)


def _unseen(evidence: Evidence) -> str:
    return f" {evidence.unseen}" if evidence.unseen else ""


def _not_by_chance(mark: Found) -> str:
    power = min(300, int(-log10(max(mark.chance, 1e-300))))
    return (
        f"Sure that the watermark is no accident: fewer than one picture in 10^{power} looks like "
        "this by chance. On purpose, anybody with deepmeme can put it on any picture."
    )


def _plain(found: Credentials) -> dict[str, Any]:
    return {
        "state": found.state,
        "problems": list(found.problems),
        "signer": found.signer,
        "issuer": found.issuer,
        "signed_at": found.signed_at,
        "time_vouched": found.time_vouched,
        "claimed_at": found.claimed_at,
        "ours": found.ours,
        "by_this_machine": found.by_this_machine,
        "generator": found.generator,
        "title": found.title,
        "task": found.task or None,
        "work_id": found.work_id or None,
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

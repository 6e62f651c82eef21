"""Where an upload comes from, as far as its marks tell."""

from pathlib import Path
from typing import Any

from deepmeme.jobs.wire import Message
from deepmeme.provenance.verify import verify as read_marks


def verify(about: dict[str, Any], blob: bytes) -> Message:
    """``path`` of an upload -> the verdict of ``deepmeme verify``, without the path.

    ``search`` also looks for the watermark of crops, which takes longer.
    """
    verdict = read_marks(Path(about["path"]), search=bool(about.get("search", True)))
    told = verdict.as_dict()
    del told["file"], told["exit_code"]
    found = told["credentials"]
    if found is not None:
        found.pop("sidecar", None)
    return Message(told)

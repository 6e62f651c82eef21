"""Jobs as JSON, and their progress as server-sent events."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timezone
from time import monotonic
from typing import Any

from starlette.concurrency import run_in_threadpool

from deepmeme.jobs.job import Job, JobNotFound

_EVERY_S = 0.25
_ALIVE_S = 15.0
_MOST_SEEN = 1000


def job_json(job: Job, position: int, eta_s: float | None) -> dict[str, Any]:
    """A job as :class:`deepmeme.web.schema.JobAnswer` describes it."""
    url = f"/v1/jobs/{job.id}"
    result = None
    if job.result is not None:
        shown = {name: value for name, value in job.result.items() if name != "work_id"}
        inside = f"{url}/inside" if job.result.get("inside") else None
        result = {**shown, "url": f"{url}/result", "inside": inside}
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "created": moment(job.created_s),
        "started": moment(job.started_s),
        "ended": moment(job.ended_s),
        "position": position,
        "stage": job.stage,
        "done": job.done,
        "total": job.total,
        "eta_s": eta_s,
        "preview": f"{url}/preview?n={job.preview}" if job.preview else None,
        "story": job.story,
        "error": job.error,
        "result": result,
    }


def moment(unix_s: float | None) -> str | None:
    """As ISO 8601 in UTC."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, timezone.utc).isoformat(timespec="seconds")


class Paces:
    """How fast each running job's stage goes, from what was seen of it."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[str, int, float]] = OrderedDict()

    def eta_s(self, job: Job) -> float | None:
        """Seconds until the stage is over, once it was seen twice."""
        if job.state != "running" or not job.total:
            self._seen.pop(job.id, None)
            return None
        stage, first, since = self._seen.get(job.id, ("", 0, 0.0))
        if stage != job.stage or job.done < first:
            self._seen[job.id] = (job.stage, job.done, monotonic())
            if len(self._seen) > _MOST_SEEN:
                self._seen.popitem(last=False)
            return None
        if job.done == first:
            return None
        pace = (monotonic() - since) / (job.done - first)
        return round(pace * (job.total - job.done), 1)


async def told(look: Callable[[], tuple[Job, dict[str, Any]]]) -> AsyncIterator[str]:
    """The job that ``look`` reads, whenever it has changed, until it has ended."""
    last, silent = "", 0.0
    while True:
        try:
            job, facts = await run_in_threadpool(look)
        except JobNotFound:
            return
        text = json.dumps(facts)
        if text != last:
            last, silent = text, 0.0
            yield f"event: job\ndata: {text}\n\n"
        if job.ended:
            return
        if silent >= _ALIVE_S:
            silent = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(_EVERY_S)
        silent += _EVERY_S

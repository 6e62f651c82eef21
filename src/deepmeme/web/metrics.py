"""Counters for Prometheus: requests, jobs, and what the disk holds."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deepmeme.jobs.keeper import Keeper
from deepmeme.jobs.queue import Queue

_STEPS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The server's own registry, so that two servers in one process stay apart."""

    def __init__(self, queue: Queue, keeper: Keeper) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_OfQueue(queue, keeper))
        self._requests = Counter(
            "deepmeme_requests_total", "HTTP requests.", ("method", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "deepmeme_request_seconds", "Time until an answer began.", ("route",),
            buckets=_STEPS_S, registry=self._registry,
        )  # fmt: skip
        self.live_frames = Counter(
            "deepmeme_live_frames_total", "Frames of live sessions.", registry=self._registry
        )

    def text(self) -> bytes:
        """In Prometheus' format."""
        return generate_latest(self._registry)

    def saw(self, method: str, route: str, status: int, elapsed_s: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(elapsed_s)


class _OfQueue(Collector):
    """Read when somebody asks."""

    def __init__(self, queue: Queue, keeper: Keeper) -> None:
        self._queue, self._keeper = queue, keeper

    def collect(self) -> Iterable[Metric]:
        jobs = GaugeMetricFamily("deepmeme_jobs", "Jobs that are kept.", labels=("state",))
        for state, count in self._queue.counts().items():
            jobs.add_metric((state,), count)
        yield jobs
        yield GaugeMetricFamily(
            "deepmeme_room_left_bytes", "What the quota leaves.", value=self._keeper.room_left()
        )


class Counted:
    """ASGI: tells the metrics of every request, by its route and not by its path."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, seen = perf_counter(), False

        async def watched(message: Message) -> None:
            nonlocal seen
            if message["type"] == "http.response.start" and not seen:
                seen = True
                route: Any = getattr(scope.get("route"), "path", "other")
                elapsed = perf_counter() - started
                self._metrics.saw(_known(scope["method"]), route, message["status"], elapsed)
            await send(message)

        await self._app(scope, receive, watched)


def _known(method: str) -> str:
    return method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT") else "other"

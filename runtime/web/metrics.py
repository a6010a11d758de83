"""What `GET /metrics` shows, in Prometheus' text form: requests, their seconds, the queue, the pictures in the library.

And where it is shown: with everything else, or on a port of its own.
"""

from collections.abc import Callable
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.web.faults import NOTHING_HERE, fault_answer

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestCounts(Protocol):
    """What is told of requests while they are answered."""

    def watch_queue(self, waiting: Callable[[], int]) -> None:
        """Show how many searches wait, by calling `waiting` whenever the figures are read."""

    def count_refusal(self) -> None:
        """Count one search that was refused since too many wait."""

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the path's template, so that no user's text becomes a label."""


class Uncounted:
    """Counts nothing, as nobody can read it: prometheus_client, whose import takes 20 ms, is not needed."""

    def watch_queue(self, waiting: Callable[[], int]) -> None:
        """Forget it."""

    def count_refusal(self) -> None:
        """Forget it."""

    def count(self, route: str, status: int, seconds: float) -> None:
        """Forget it."""


class Metrics:
    """The figures of one app, in a registry of its own: the default registry would mix those of two apps in one process."""

    def __init__(self, pictures: Callable[[], int]) -> None:
        """Start counting at zero; `pictures` returns how many the library holds now."""
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        self._requests = Counter("lookwhy_requests", "Requests answered", ["route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "lookwhy_request_seconds", "Time to answer", ["route"], buckets=SECONDS_BUCKETS, registry=self._registry
        )
        self._refusals = Counter("lookwhy_searches_refused", "Searches refused since too many wait", registry=self._registry)
        Gauge("lookwhy_pictures", "Pictures in the library", registry=self._registry).set_function(pictures)

    def watch_queue(self, waiting: Callable[[], int]) -> None:
        """Show how many searches wait, by calling `waiting` whenever the figures are read."""
        from prometheus_client import Gauge

        Gauge("lookwhy_searches_waiting", "Searches that wait", registry=self._registry).set_function(waiting)

    def count_refusal(self) -> None:
        """Count one search that was refused since too many wait."""
        self._refusals.inc()

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the path's template, so that no user's text becomes a label."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def render(self) -> bytes:
        """Return every figure, as Prometheus reads it."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)


class MetricsPort:
    """Answers `/metrics` on one port and nothing else there; on every other port, everything else."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app, self._port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer that there is no such route."""
        app = self._app
        if scope["type"] == "http":
            _, port = scope.get("server") or (None, None)
            if (port == self._port) != (scope["path"] == PATH):
                app = fault_answer(404, "not_found", NOTHING_HERE)
        await app(scope, receive, send)

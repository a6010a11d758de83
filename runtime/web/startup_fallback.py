"""StartupFallback: answers 503 while the app cannot be opened, and logs the reason. For AWS Lambda alone.

There, a process that fails in its init is started again by every request, answers each with a bare 502, and is billed each
time. A plain server ends with the error instead, in front of whoever started it.
"""

import logging
from collections.abc import Callable
from math import ceil
from time import monotonic

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.errors import LookwhyError, RemoteRefused
from runtime.web.faults import UNAVAILABLE, fault_answer

log = logging.getLogger(__name__)

RETRY_S = 30.0  # a repaired deployment is noticed this soon, and a broken one is not opened more often
RETRY_PASSING_S = 0.5  # after a fault that may pass by itself, such as a dropped connection; then twice as long each time


class StartupFallback:
    """Opens an app at once and passes requests on to it. If that fails, requests try again, at most every `retry_s`."""

    def __init__(
        self, open_app: Callable[[], ASGIApp], *, retry_s: float = RETRY_S, clock: Callable[[], float] = monotonic
    ) -> None:
        """Open the app. One of our own errors is kept and answered to requests; any other is raised and ends the init."""
        self._open_app, self._retry_s, self._clock = open_app, retry_s, clock
        self._app: ASGIApp | None = None
        self._fault, self._wait_s, self._retry_at = LookwhyError(), 0.0, clock()
        self._open()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 503."""
        if self._app is None and self._clock() >= self._retry_at:
            self._open()
            if self._app is not None:
                log.warning("Ready after all.")
        await (self._app or self._unavailable())(scope, receive, send)

    def _open(self) -> None:
        try:
            self._app = self._open_app()
        except LookwhyError as error:
            if str(error) != str(self._fault):  # the same cause is logged once
                log.error("Not ready: %s", error)
            passes = isinstance(error, RemoteRefused) and error.passes
            longer_s = max(RETRY_PASSING_S, 2 * self._wait_s)
            self._wait_s = min(longer_s, self._retry_s) if passes else self._retry_s
            self._fault, self._retry_at = error, self._clock() + self._wait_s

    def _unavailable(self) -> JSONResponse:
        return fault_answer(503, self._fault.code, UNAVAILABLE, {"retry-after": f"{ceil(self._wait_s)}"})

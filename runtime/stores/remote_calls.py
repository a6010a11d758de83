"""Calls of an engine on another machine: each within a deadline, tried again where that may help, and given up together.

Only calls that may be repeated come here: all that a search does are reads. A breaker keeps searches from waiting, each for
itself, for an engine that is known to be away.
"""

import logging
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from runtime.artefacts.remote.breaker import Breaker
from runtime.errors import RemoteRefused
from runtime.library.remote.faults import StoreUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
FAILURES_MAX = 3  # calls in a row that were given up, until all are for a while
COOL_DOWN_S, LONGEST_COOL_DOWN_S = 1.0, 4.0  # a search asks again so soon after, so that it recovers within seconds
REASON_MAX_CHARS = 300


@dataclass(frozen=True)
class CallLimits:
    """How long a call may take.

    All tries together end within `deadline_s`; one alone within `try_s`. Between two tries passes a random time, up to
    `first_wait_s`, then up to twice as much each time, at most `longest_wait_s` ("full jitter", as AWS's architecture blog
    calls it): clients that failed together do not return together.
    """

    deadline_s: float = 4.0
    try_s: float = 2.0
    tries: int = 4
    first_wait_s: float = 0.05
    longest_wait_s: float = 1.0


class RemoteCalls:
    """The calls of one engine. Any thread may call."""

    def __init__(
        self,
        name: str,
        faults: tuple[type[Exception], ...],
        is_passing: Callable[[Exception], bool],
        *,
        limits: CallLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Keep how calls are made.

        Args:
            name: what errors call the engine, such as its address.
            faults: what its client raises; anything else is a mistake of ours, and passes.
            is_passing: whether the same call may succeed later: the engine is away, starts, or is asked too often.
            limits: how long a call may take.
            clock: the time in seconds.
            sleep: waits so many seconds.
        """
        self._name, self._faults, self._is_passing = name, faults, is_passing
        self._limits, self._clock, self._sleep = limits or CallLimits(), clock, sleep
        self._breaker = Breaker(
            max_failures=FAILURES_MAX, cool_down_s=COOL_DOWN_S, longest_s=LONGEST_COOL_DOWN_S, clock=clock
        )

    def run(self, ask: Callable[[float], T]) -> T:
        """Return what `ask` does; it is called with the seconds that it may take.

        Raises:
            StoreUnavailable: the engine does not answer, within the deadline or for some time now.
            RemoteRefused: it refuses the call.
        """
        if not self._breaker.admits():
            raise self._unavailable("it does not answer for some time now")
        try:
            answer = self._try(ask)
        except StoreUnavailable as error:
            rest_s = self._breaker.failed()
            if rest_s:
                log.warning("%s It is not asked for %.0f s.", error, rest_s)
            raise
        except RemoteRefused:  # so it answers
            self._breaker.succeeded()
            raise
        if self._breaker.succeeded():
            log.warning("%s answers again.", self._name)
        return answer

    def _try(self, ask: Callable[[float], T]) -> T:
        limits, began_s = self._limits, self._clock()
        wait_s = limits.first_wait_s
        for last in [*[False] * (limits.tries - 1), True]:
            left_s = began_s + limits.deadline_s - self._clock()
            try:
                return ask(max(0.001, min(limits.try_s, left_s)))
            except self._faults as cause:
                reason = _first_line(cause)
                if not self._is_passing(cause):
                    raise RemoteRefused(self._name, reason, "See STORE in docs/settings.md.") from cause
                pause_s = random.uniform(0, wait_s)
                if last or self._clock() + pause_s >= began_s + limits.deadline_s:
                    raise self._unavailable(f"it does not answer ({reason})") from cause
                self._sleep(pause_s)
                wait_s = min(2 * wait_s, limits.longest_wait_s)
        raise AssertionError("the last try returns or raises")

    def _unavailable(self, reason: str) -> StoreUnavailable:
        return StoreUnavailable(self._name, reason, max(1, math.ceil(self._breaker.rest_s)))


def _first_line(cause: Exception) -> str:
    return next(iter(str(cause).splitlines()), type(cause).__name__)[:REASON_MAX_CHARS]

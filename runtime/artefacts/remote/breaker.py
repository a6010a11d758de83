"""Whether a service is worth asking now: a circuit breaker. Counts failures and keeps time; makes no call and logs nothing.

circuitbreaker 2.1.3 is not safe between threads and lets every waiting call probe at once; pybreaker 1.4.1 holds one lock
for as long as a call takes, so searches would queue. Neither can stay open for the time that a service's answer names.
"""

import threading
from collections.abc import Callable
from time import monotonic

MAX_FAILURES = 5
COOL_DOWN_S = 30.0
LONGEST_COOL_DOWN_S = 600.0


class Breaker:
    """Closed, it admits every search. After `max_failures` in a row it opens, and admits one probe after each cool-down.

    A probe that succeeds closes it; one that fails doubles the cool-down, up to `longest_s`. While it is open,
    the outcome of searches that were admitted before is ignored. Threads may share it.
    """

    def __init__(
        self,
        *,
        max_failures: int = MAX_FAILURES,
        cool_down_s: float = COOL_DOWN_S,
        longest_s: float = LONGEST_COOL_DOWN_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._max_failures, self._clock = max_failures, clock
        self._first_cool_down_s, self._longest_s = cool_down_s, longest_s
        self._lock = threading.Lock()
        self._failures, self._cool_down_s = 0, 0.0
        self._probe_at: float | None = None  # None: closed
        self._probing = False

    def admits(self) -> bool:
        """Return whether the service may be asked; a caller that gets True reports the outcome."""
        with self._lock:
            if self._probe_at is None:
                return True
            if self._clock() < self._probe_at:
                return False
            self._probing = True
            self._probe_at = self._clock() + self._cool_down_s  # when the next probe may go, should this one never report
            return True

    @property
    def rest_s(self) -> float:
        """In how many seconds the next probe may go; 0 where it is closed, or one may go now."""
        with self._lock:
            return max(0.0, self._probe_at - self._clock()) if self._probe_at is not None else 0.0

    def succeeded(self) -> bool:
        """Count a success; return whether it closed the breaker."""
        with self._lock:
            closes = self._probing
            if closes or self._probe_at is None:
                self._failures, self._probe_at, self._probing = 0, None, False
            return closes

    def failed(self, rest_s: float = 0.0) -> float | None:
        """Count a failure; return for how many seconds it rests from now, if it was this one that opened the breaker.

        Args:
            rest_s: for how long asking again is known to be of no use; more than 0 opens the breaker at once.
        """
        with self._lock:
            self._failures += 1
            if self._probe_at is not None:
                if self._probing:
                    self._open(rest_s or min(2 * self._cool_down_s, self._longest_s))
                return None
            if not rest_s and self._failures < self._max_failures:
                return None
            self._open(rest_s or self._first_cool_down_s)
            return self._cool_down_s

    def _open(self, cool_down_s: float) -> None:
        self._cool_down_s, self._probing = cool_down_s, False
        self._probe_at = self._clock() + cool_down_s

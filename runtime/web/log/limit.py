"""The log of a serving process: a line of one kind is written once in ten seconds, with how many more there were.

So nobody who sends requests can fill the disk. A kind is what the code wrote, not what it filled in.
"""

import copy
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

PERIOD_S = 10.0
KINDS_MAX = 200  # past that, all lines of a level are one kind

Kind = tuple[object, ...]


@dataclass
class _Period:
    """When the period of a kind ends, how many of its lines were left out in it, and the last of them."""

    ends_at: float
    left_out: int = 0
    last: logging.LogRecord | None = None


def _call_later(seconds: float, function: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, function)
    timer.daemon = True
    timer.start()


class LimitedHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in its stubs alone
    """Writes the first line of a kind, and one more at the end of each period in which others came. Any thread may log."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = monotonic,
        call_later: Callable[[float, Callable[[], None]], None] = _call_later,
    ) -> None:
        """Begin with nothing written."""
        super().__init__()
        self._clock, self._call_later = clock, call_later
        self._periods: dict[Kind, _Period] = {}
        self._periods_lock = threading.RLock()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it."""
        with self._periods_lock:
            kind, now = self._kind_of(record), self._clock()
            period = self._periods.get(kind)
            if period is None or (now >= period.ends_at and not period.left_out):
                self._periods[kind] = _Period(now + PERIOD_S)
                super().emit(record)
                return
            if not period.left_out:
                self._call_later(period.ends_at - now, lambda: self._end(kind))
            period.left_out, period.last = period.left_out + 1, record

    def close(self) -> None:
        """Write what was left out, and end."""
        for kind in list(self._periods):
            self._end(kind)
        super().close()

    def _end(self, kind: Kind) -> None:
        """Write the last of the lines that were left out, and how many they were."""
        with self._periods_lock:
            period = self._periods.pop(kind, None)
            if period is None or period.last is None:
                return
            self._periods[kind] = _Period(self._clock() + PERIOD_S)
            summary = copy.copy(period.last)
            first_line = summary.getMessage().partition("\n")[0]
            summary.msg, summary.args = f"{first_line} ({period.left_out:,} more such lines were left out)", None
            summary.exc_info = summary.exc_text = None
            super().emit(summary)

    def _kind_of(self, record: logging.LogRecord) -> Kind:
        """Return the kind of a line: its logger, its template's first line, and the types of the errors in it."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        errors = [type(argument) for argument in arguments if isinstance(argument, BaseException)]
        raised = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
        kind: Kind = (record.name, record.levelno, str(record.msg).partition("\n")[0], raised, *errors)
        return kind if kind in self._periods or len(self._periods) < KINDS_MAX else (record.levelno,)

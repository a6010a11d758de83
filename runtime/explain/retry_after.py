"""The `retry-after` header of an answer, as seconds from now. Waits for nothing and asks nobody."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time

LONGEST_S = 86_400.0  # a server that asks for more is left alone for this run in any case


def read_retry_after(header: str) -> float | None:
    """Return the wait that a header asks for, in seconds, at most `LONGEST_S` (RFC 9110, 10.2.3: a number, or a date).

    A date that has passed asks for 0 seconds. What is neither a date nor a number from 0 is None.
    """
    try:
        seconds = float(header)
    except ValueError:
        return _seconds_until(header)
    return min(seconds, LONGEST_S) if isfinite(seconds) and seconds >= 0 else None


def _seconds_until(date: str) -> float | None:
    try:
        when = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return min(max(when.replace(tzinfo=when.tzinfo or UTC).timestamp() - time(), 0.0), LONGEST_S)

"""Durations in ms: of one call, and of several that alternate, so that other load on the machine affects all alike."""

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from time import perf_counter
from typing import TypeVar

Name = TypeVar("Name")
Call = Callable[[], object]


def duration_ms(call: Call) -> float:
    """Return how long one call takes."""
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1e3


def median_ms(calls: Mapping[Name, Call], rounds: int) -> dict[Name, float]:
    """Return the median duration of each call over some rounds; one more round before them is not counted."""
    return median_prepared_ms({name: partial(_without_preparation, call) for name, call in calls.items()}, rounds)


def median_prepared_ms(preparations: Mapping[Name, Callable[[], Call]], rounds: int) -> dict[Name, float]:
    """Return the same for calls that must be prepared each time; the preparation, which returns the call, is not timed."""
    durations_ms: dict[Name, list[float]] = {name: [] for name in preparations}
    for _ in range(rounds + 1):
        for name, prepare in preparations.items():
            durations_ms[name].append(duration_ms(prepare()))
    return {name: median(durations[1:]) for name, durations in durations_ms.items()}


def _without_preparation(call: Call) -> Call:
    return call

"""Work timed in turns, so that whatever else the machine does meets all of it alike."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import TypeVar

Name = TypeVar("Name")


def median_ms(works: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, float]:
    """Return how long each work takes, the median of some rounds; one more round before them is not counted."""
    taken: dict[Name, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            start = perf_counter()
            work()
            taken[name].append((perf_counter() - start) * 1e3)
    return {name: median(times[1:]) for name, times in taken.items()}

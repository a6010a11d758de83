"""What both sides of the short benchmark measure: processor time, which other work changes less than time on the clock."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure.memory import status_bytes

ROOT = Path(__file__).resolve().parents[2]
PICTURES = 60
QUERIES = ("a castle", "a red boat at sunset", "two dogs on a beach", "people in a street", "a bridge at night")
ROUNDS_OF_QUERIES = 8
FIGURES = {
    "start_ms": "start to the first answer",
    "search_ms": "warm search",
    "explained_ms": "warm search with explanations",
    "index_ms": f"index of {PICTURES} pictures with captions",
    "peak_mb": "peak memory of searches",
}


def median_cpu_ms(search: Callable[[str], object]) -> float:
    """Return the median processor time of this process for one query, in milliseconds, over all queries several times."""

    def cpu_ms(query: str) -> float:
        before = time.process_time()
        search(query)
        return (time.process_time() - before) * 1e3

    return statistics.median(cpu_ms(query) for query in QUERIES * ROUNDS_OF_QUERIES)


def peak_mb() -> float:
    """Return the most memory that this process has held so far, mapped files included, in MB."""
    return status_bytes("VmHWM") / 1e6

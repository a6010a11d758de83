"""Measures the latency of graphs for the report. What users wait for is measured in `benchmarks/`."""

import statistics
import time
from collections.abc import Mapping
from pathlib import Path

from export.precision.sensitivity import Feed
from runtime.models.onnx_session import Session

RUNS = 5


def median_latencies_ms(feeds: Mapping[Path, Feed]) -> list[float]:
    """Return the median time of a run on one thread, in milliseconds, for each of some graphs with its inputs.

    The graphs run in turns, so that other work on the machine slows all of them alike.
    """
    runs = [(Session(path, threads=1), feed) for path, feed in feeds.items()]
    for session, feed in runs:
        session.run(session.output_names, feed)
    turns = [[_time_ms(session, feed) for session, feed in runs] for _ in range(RUNS)]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def _time_ms(session: Session, feed: Feed) -> float:
    start = time.perf_counter()
    session.run(session.output_names, feed)
    return (time.perf_counter() - start) * 1e3

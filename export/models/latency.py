"""Measures the latency of graphs for the report. What users wait for is measured in `benchmarks/`."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from export.precision.sensitivity import Feed
from runtime.models.onnx_session import Session

RUNS = 5


def median_latencies_ms(graphs: Sequence[Path], feed: Feed) -> list[float]:
    """Return the median time of a run on one thread, in milliseconds, for each of some graphs with the same inputs.

    The graphs run in turns, so that other work on the machine slows all of them alike.
    """
    sessions = [Session(path, threads=1) for path in graphs]
    outputs = sessions[0].output_names
    for session in sessions:
        session.run(outputs, feed)
    turns = [[_time_ms(session, outputs, feed) for session in sessions] for _ in range(RUNS)]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def _time_ms(session: Session, outputs: Sequence[str], feed: Feed) -> float:
    start = time.perf_counter()
    session.run(outputs, feed)
    return (time.perf_counter() - start) * 1e3

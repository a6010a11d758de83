"""One run, in a process of its own: python -m benchmarks.race.run IMPLEMENTATION TASK WORKLOAD

Prints the first answer as soon as it is there, and at the end a report as one line of JSON. Its timestamps are of the
system's monotonic clock, so that the parent process can tell how long the first answer took.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

from benchmarks.measure.memory import status_bytes
from benchmarks.measure.timing import duration_ms
from benchmarks.race.implementation import Implementation, Name, TokenIds, load_implementation
from benchmarks.race.workload import Workload, pictures_in

Task = Literal["search", "captions", "index", "captioned-index"]
CAPTIONING: tuple[Task, ...] = ("captions", "captioned-index")
WARM_UPS = 5
Report = dict[str, Any]


def time_searches(implementation: Implementation, workload: Workload) -> Report:
    """Time many searches; each query is run in every variant, so that other load on the machine affects all alike."""
    first, *queries = islice(workload.make_queries(), 1 + WARM_UPS + workload.queries)
    found = implementation.search(first)
    answered = _print_answer(found)
    figures, variants = {"peak_mb": _peak_mb()}, implementation.search_variants()
    times: dict[str, list[float]] = {name: [] for name in variants}
    for query in queries:
        for name, prepare in variants.items():
            times[name].append(duration_ms(prepare(query)))
    figures |= {name: median(taken[WARM_UPS:]) for name, taken in times.items()}
    return {"answered": answered, "figures": figures, "found": found}


def time_captions(implementation: Implementation, workload: Workload) -> Report:
    """Search and caption one picture; then time the seed project's whole request, a search and five captions."""
    (first, second), pictures = islice(workload.make_queries(), 2), workload.pictures_to_caption()
    variants = implementation.caption_variants()
    answered = _print_answer([implementation.search(first), variants["captions_ms"](pictures[:1])])
    token_ids: dict[str, TokenIds] = {}
    figures = {"request_ms": duration_ms(lambda: implementation.search(second))}
    for name, caption in variants.items():
        if name != "captions_ms":
            caption(pictures[:1])  # warm up
        start = time.perf_counter()
        token_ids[name] = caption(pictures)
        figures[name] = (time.perf_counter() - start) * 1e3
        figures.setdefault("peak_mb", _peak_mb())  # after the first variant, as only that is compared
    figures["request_ms"] += figures["captions_ms"]
    return {"answered": answered, "figures": figures, "token_ids": token_ids}


def time_index(implementation: Implementation, workload: Workload) -> Report:
    """Build an index of vectors alone."""
    return _time_build(implementation, workload, workload.pictures, captions=False)


def time_captioned_index(implementation: Implementation, workload: Workload) -> Report:
    """Build a small index with captions."""
    return _time_build(implementation, workload, workload.few_pictures, captions=True)


TASKS: dict[Task, Callable[[Implementation, Workload], Report]] = {
    "search": time_searches,
    "captions": time_captions,
    "index": time_index,
    "captioned-index": time_captioned_index,
}


def main(name: Name, task: Task, workload: Workload) -> None:
    """Import and open the implementation, run the task, and print the report."""
    open_implementation = load_implementation(name)
    imported = time.monotonic()
    implementation = open_implementation(workload, captions=task in CAPTIONING)
    opened = time.monotonic()
    report = TASKS[task](implementation, workload)
    timestamps = {"imported": imported, "opened": opened, "answered": report.pop("answered")}
    print(json.dumps(report | {"timestamps": timestamps}))


def _time_build(implementation: Implementation, workload: Workload, folder: Path, *, captions: bool) -> Report:
    """Build an index of one picture to warm up, then time the index of a folder."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "index"
        implementation.index(workload.one_picture, out, captions=captions)
        answered = _print_answer([])
        took_ms = duration_ms(lambda: implementation.index(folder, out, captions=captions))
    return {"answered": answered, "figures": {"pictures_per_s": len(pictures_in(folder)) / took_ms * 1e3}}


def _print_answer(answer: object) -> float:
    """Print an answer, and return the time at which that was done, in seconds."""
    print(answer, flush=True)
    return time.monotonic()


def _peak_mb() -> float:
    """Return the peak memory of this process; getrusage would include its parent's memory at the fork."""
    return status_bytes("VmHWM") / 1e6


if __name__ == "__main__":
    main(cast(Name, sys.argv[1]), cast(Task, sys.argv[2]), Workload.from_json(sys.argv[3]))

"""One heat, in a process of its own: python -m benchmarks.race.run CONTENDER TASK COURSE

Prints the first answer, as whoever waits for it would see it, and at the end a report as one line of JSON. The stamps are
of the system's monotonic clock, so that the process that started this one can tell how long the first answer took.
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

from benchmarks.race.implementation import Contender, Name, TokenIds, opener
from benchmarks.race.workload import Course, pictures_in

Task = Literal["search", "captions", "index", "captioned-index"]
CAPTIONING: tuple[Task, ...] = ("captions", "captioned-index")
WARM_UPS = 5
MB = 1024 / 1e6  # a kB as /proc counts it
Report = dict[str, Any]


def time_searches(contender: Contender, course: Course) -> Report:
    """Answer a query, then many more; each is asked in every way in turn, so that all meet the same disturbances."""
    first, *queries = islice(course.make_queries(), 1 + WARM_UPS + course.queries)
    found = contender.search(first)
    answered = _answer(found)
    figures, asks = {"peak_mb": _peak_mb()}, contender.asks()
    times: dict[str, list[float]] = {name: [] for name in asks}
    for query in queries:
        for name, ask in asks.items():
            times[name].append(_took_ms(ask(query)))
    figures |= {name: median(taken[WARM_UPS:]) for name, taken in times.items()}
    return {"answered": answered, "figures": figures, "found": found}


def time_captions(contender: Contender, course: Course) -> Report:
    """Answer a query and caption one picture; then make the seed's whole request, a query and five captions."""
    (first, second), pictures = islice(course.make_queries(), 2), course.unseen()
    ways = contender.captions()
    answered = _answer([contender.search(first), ways["captions_ms"](pictures[:1])])
    token_ids: dict[str, TokenIds] = {}
    figures = {"request_ms": _took_ms(lambda: contender.search(second))}
    for name, caption in ways.items():
        if name != "captions_ms":
            caption(pictures[:1])  # opens what it needs
        start = time.perf_counter()
        token_ids[name] = caption(pictures)
        figures[name] = (time.perf_counter() - start) * 1e3
        figures.setdefault("peak_mb", _peak_mb())  # after the first way: what comes later is beside the race
    figures["request_ms"] += figures["captions_ms"]
    return {"answered": answered, "figures": figures, "token_ids": token_ids}


def time_index(contender: Contender, course: Course) -> Report:
    """Build an index of vectors alone."""
    return _time_build(contender, course, course.pictures, captions=False)


def time_captioned_index(contender: Contender, course: Course) -> Report:
    """Build a small index with captions."""
    return _time_build(contender, course, course.few, captions=True)


TASKS: dict[Task, Callable[[Contender, Course], Report]] = {
    "search": time_searches,
    "captions": time_captions,
    "index": time_index,
    "captioned-index": time_captioned_index,
}


def main(name: Name, task: Task, course: Course) -> None:
    """Import, open, answer, measure and report."""
    open_contender = opener(name)
    imported = time.monotonic()
    contender = open_contender(course, captions=task in CAPTIONING)
    opened = time.monotonic()
    report = TASKS[task](contender, course)
    stamps = {"imported": imported, "opened": opened, "answered": report.pop("answered")}
    print(json.dumps(report | {"stamps": stamps}))


def _time_build(contender: Contender, course: Course, folder: Path, *, captions: bool) -> Report:
    """Build an index of one picture, so that all is open, then one of a folder."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "index"
        contender.index(course.one, out, captions=captions)
        answered = _answer([])
        took_ms = _took_ms(lambda: contender.index(folder, out, captions=captions))
    return {"answered": answered, "figures": {"pictures_per_s": len(pictures_in(folder)) / took_ms * 1e3}}


def _answer(answer: object) -> float:
    """Print an answer; returns when that was done."""
    print(answer, flush=True)
    return time.monotonic()


def _took_ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def _peak_mb() -> float:
    """Return the most memory that this process held; getrusage would count what its parent held when it was forked."""
    status = Path("/proc/self/status").read_text("utf-8")
    return float(status.partition("VmHWM:")[2].split()[0]) * MB


if __name__ == "__main__":
    main(cast(Name, sys.argv[1]), cast(Task, sys.argv[2]), Course.from_json(sys.argv[3]))

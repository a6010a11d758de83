"""Heats: fresh processes on pinned CPUs, the contenders in turn, and what they report by name of figure.

A heat's clock starts when its process is made. Figures are named "contender task figure", as in "seed search peak_mb".
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.race.implementation import NAMES, Name
from benchmarks.race.run import TASKS, Report, Task
from benchmarks.race.workload import Course
from runtime.errors import LookwhyError

ROOT = Path(__file__).resolve().parent.parent.parent
LAST_WORDS = 12  # lines of a failed process that are shown
Series = dict[str, list[float]]  # by figure: one value a round


class HeatFailed(LookwhyError):
    """A process of the race ended with an error; holds the end of what it said."""

    def __init__(self, name: str, stderr: str) -> None:
        super().__init__(f"{name} failed:\n" + "\n".join(stderr.strip().splitlines()[-LAST_WORDS:]))


class TokensDiffer(LookwhyError):
    """Captions have not the number of tokens that was asked for, so that their times do not compare."""

    def __init__(self, name: str, counts: Sequence[int], wanted: int) -> None:
        super().__init__(f"{name} made captions of {sorted(set(counts))} tokens where {wanted} were asked for.")


def plan_heats(rounds: int) -> Iterator[tuple[Name, Task]]:
    """Yield every heat: within a round each task by each contender, the order of contenders turned round each time.

    Plain ONNX sits out the index with captions: it has no aim, and would take as long as all the others together.
    """
    for number in range(rounds):
        for task in TASKS:
            for name in NAMES if number % 2 == 0 else reversed(NAMES):
                if (name, task) != ("plain", "captioned-index"):
                    yield name, task


def run_heat(name: Name, task: Task, course: Course) -> Report:
    """Return the report of one heat, with the times of its start among the figures.

    Raises:
        HeatFailed: its process ended with an error.
        TokensDiffer: a caption is longer or shorter than asked for.
    """
    command = [*pinned(course.threads), sys.executable, "-m", "benchmarks.race.run", name, task, course.to_json()]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment(course.threads), capture_output=True, text=True, check=False)
    if done.returncode:
        raise HeatFailed(f"{name}, {task}", done.stderr)
    report: Report = json.loads(done.stdout.splitlines()[-1])
    report["figures"] |= start_figures(begun, report.pop("stamps"))
    check_tokens(f"{name}, {task}", report.get("token_ids", {}), course.tokens)
    return report


def start_figures(begun: float, stamps: Mapping[str, float]) -> dict[str, float]:
    """Return how long a start took in ms, as a whole and by its parts; stamps are in seconds, as `begun` is."""
    imported, opened, answered = (stamps[name] for name in ("imported", "opened", "answered"))
    parts = {"start": answered - begun, "import": imported - begun, "open": opened - imported, "first": answered - opened}
    return {f"{name}_ms": took * 1e3 for name, took in parts.items()}


def check_tokens(name: str, token_ids: Mapping[str, Sequence[Sequence[int]]], wanted: int) -> None:
    """Refuse captions of another length.

    Raises:
        TokensDiffer: there are such.
    """
    counts = [len(row) for rows in token_ids.values() for row in rows]
    if set(counts) - {wanted}:
        raise TokensDiffer(name, counts, wanted)


def gather(reports: Sequence[tuple[Name, Task, Report]]) -> Series:
    """Return all figures of some heats by name, in the order of the rounds."""
    series: Series = defaultdict(list)
    for name, task, report in reports:
        for figure, value in report["figures"].items():
            series[f"{name} {task} {figure}"].append(value)
    return dict(series)


def pinned(threads: int) -> list[str]:
    """Return what is put before a command so that it keeps to as many CPUs; nothing where that cannot be."""
    taskset, allowed = shutil.which("taskset"), sorted(os.sched_getaffinity(0))
    return [taskset, "-c", ",".join(map(str, allowed[:threads]))] if taskset and len(allowed) >= threads else []


def environment(threads: int) -> dict[str, Any]:
    """Return the environment of a heat: its libraries' threads, no cache of answers, no network."""
    libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    quiet = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}
    return {**os.environ, **dict.fromkeys(libraries, str(threads)), **quiet, "QUERY_CACHE_SIZE": "0"}

"""The runs in their order, each a fresh process on pinned CPUs, and what they report by name of figure.

A run's clock starts when its process is started. Figures are named "implementation task figure": "seed search peak_mb".
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks import ROOT
from benchmarks.race.implementation import NAMES, Name
from benchmarks.race.run import TASKS, Report, Task
from benchmarks.race.workload import Workload
from runtime.errors import LookwhyError

MAX_STDERR_LINES = 12  # of a failed process that are shown
Series = dict[str, list[float]]  # by figure: one value a round


class RunFailed(LookwhyError):
    """A process ended with an error; the message has the last lines of its stderr."""

    def __init__(self, name: str, stderr: str) -> None:
        super().__init__(f"{name} failed:\n" + "\n".join(stderr.strip().splitlines()[-MAX_STDERR_LINES:]))


class TokenCountsDiffer(LookwhyError):
    """Captions do not have the number of tokens that was asked for, so their times cannot be compared."""

    def __init__(self, name: str, counts: Sequence[int], wanted: int) -> None:
        super().__init__(f"{name} made captions of {sorted(set(counts))} tokens where {wanted} were asked for.")


def plan_runs(rounds: int) -> Iterator[tuple[Name, Task]]:
    """Yield every run: in a round each task by each implementation, in an order that is reversed from round to round.

    Plain ONNX does not build the index with captions: no aim needs it, and it would take as long as all other runs.
    """
    for number in range(rounds):
        for task in TASKS:
            for name in NAMES if number % 2 == 0 else reversed(NAMES):
                if (name, task) != ("plain", "captioned-index"):
                    yield name, task


def execute_run(name: Name, task: Task, workload: Workload) -> Report:
    """Return the report of one run, with the times of its start among the figures.

    Raises:
        RunFailed: its process ended with an error.
        TokenCountsDiffer: a caption is longer or shorter than asked for.
    """
    command = [*pinned(workload.threads), sys.executable, "-m", "benchmarks.race.run", name, task, workload.to_json()]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment(workload.threads), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunFailed(f"{name}, {task}", done.stderr)
    report: Report = json.loads(done.stdout.splitlines()[-1])
    report["figures"] |= start_figures(begun, report.pop("timestamps"))
    check_tokens(f"{name}, {task}", report.get("token_ids", {}), workload.tokens)
    return report


def start_figures(begun: float, timestamps: Mapping[str, float]) -> dict[str, float]:
    """Return how long a start took in ms, as a whole and by its parts; timestamps are in seconds, as `begun` is."""
    imported, opened, answered = (timestamps[name] for name in ("imported", "opened", "answered"))
    parts = {"start": answered - begun, "import": imported - begun, "open": opened - imported, "first": answered - opened}
    return {f"{name}_ms": took * 1e3 for name, took in parts.items()}


def check_tokens(name: str, token_ids: Mapping[str, Sequence[Sequence[int]]], wanted: int) -> None:
    """Check that every caption has the number of tokens that was asked for.

    Raises:
        TokenCountsDiffer: one has not.
    """
    counts = [len(row) for rows in token_ids.values() for row in rows]
    if set(counts) - {wanted}:
        raise TokenCountsDiffer(name, counts, wanted)


def gather(reports: Sequence[tuple[Name, Task, Report]]) -> Series:
    """Return all figures of some runs by name, in the order of the rounds."""
    series: Series = defaultdict(list)
    for name, task, report in reports:
        for figure, value in report["figures"].items():
            series[f"{name} {task} {figure}"].append(value)
    return dict(series)


def pinned(threads: int) -> list[str]:
    """Return the `taskset` prefix that keeps a command on as many CPUs as threads; empty where that is not possible."""
    taskset, allowed = shutil.which("taskset"), sorted(os.sched_getaffinity(0))
    return [taskset, "-c", ",".join(map(str, allowed[:threads]))] if taskset and len(allowed) >= threads else []


def environment(threads: int) -> dict[str, Any]:
    """Return the environment of a run: its libraries' threads, no cache of answers, no network."""
    libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    quiet = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}
    return {**os.environ, **dict.fromkeys(libraries, str(threads)), **quiet, "QUERY_CACHE_SIZE": "0"}

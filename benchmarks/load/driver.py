"""The server under load: python -m benchmarks.load [--models MODELS --index INDEX] [--threads N] [--soak SECONDS]

Starts the real server on some cores and drives it with locust (FastHttpUser) from others: 1, 4, 16 and 64 clients that never
pause, with and without explanations, no question asked twice and nothing remembered. Then 64 clients with the memory for
queries on and 100 different questions; 256 clients, more than may wait; and if asked for, a soak, whose memory is watched.
Prints a Markdown table, writes the figures as JSON.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.load.figures import Round, summed_up
from benchmarks.load.queries import question_count
from benchmarks.load.server import Serving

ROOT = Path(__file__).resolve().parent.parent.parent
WARM_S = 2.0
SAMPLE_S = 5.0
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Load:
    """One round to be: so many clients for so long. `different` questions are asked in turn."""

    clients: int
    seconds: float
    explain: bool = False
    different: int = field(default_factory=question_count)
    note: str = ""


@dataclass
class Driver:
    """Drives one server from its own cores; `folder` takes what locust writes."""

    served: Serving
    cores: str
    folder: Path
    memory: list[tuple[float, float]] = field(default_factory=list)  # (seconds, MB) of the latest round
    _first: Iterator[int] = field(default_factory=lambda: itertools.count(0, 1_000_003))

    def drive(self, load: Load) -> Round:
        """Run one round."""
        out = self.folder / "answers.json"
        environment = {
            "LOAD_EXPLAIN": str(int(load.explain)),
            "LOAD_FIRST": str(next(self._first)),
            "LOAD_DIFFERENT": str(load.different),
            "LOAD_OUT": str(out),
        }
        used_s = self.served.cpu_s()
        self._watch(load, environment)
        answers = json.loads(out.read_text("utf-8"))
        cpu_ms = 1000 * (self.served.cpu_s() - used_s) / max(1, sum(status == 200 for _, _, status in answers))
        figures: dict[str, Any] = summed_up(answers, warm_s=WARM_S)
        return Round(load.clients, load.explain, load.note, cpu_ms=cpu_ms, rss_mb=self.served.rss_mb(), **figures)

    def _watch(self, load: Load, environment: dict[str, str]) -> None:
        """Run locust, and see how much memory the server holds meanwhile."""
        command = ["taskset", "-c", self.cores, sys.executable, "-m", "locust", "-f", "benchmarks/load/client.py"]
        command += ["--headless", "--only-summary", "--host", self.served.address, "--stop-timeout", "60"]
        command += ["--users", str(load.clients), "--spawn-rate", str(load.clients)]
        command += ["--run-time", f"{load.seconds + WARM_S:.0f}s"]
        self.memory, start = [], time.monotonic()
        with (self.folder / "locust.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)
            while process.poll() is None:
                self.memory.append((time.monotonic() - start, self.served.rss_mb()))
                with_patience(process)


def with_patience(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a process for as long as lies between two looks at memory."""
    try:
        process.wait(SAMPLE_S)
    except subprocess.TimeoutExpired:
        return

"""One round of load: runs locust against a server from other cores, and samples the server's memory meanwhile.

Owns locust's command line. Which rounds there are, `__main__.py` decides; what the clients do is in `client.py`.
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

from benchmarks import ROOT
from benchmarks.server.load.figures import RoundFigures, summarize
from benchmarks.server.load.queries import count_queries
from benchmarks.server.load.server import RunningServer

WARM_S = 2.0
SAMPLE_S = 5.0  # between two samples of memory


@dataclass(frozen=True)
class RoundSettings:
    """What one round does: how many clients, for how long, and how many distinct queries they send in rotation."""

    clients: int
    seconds: float
    explain: bool = False
    distinct_queries: int = field(default_factory=count_queries)
    note: str = ""


@dataclass
class Driver:
    """Runs rounds against one server from cores of its own; `folder` is where locust writes."""

    server: RunningServer
    cores: str
    folder: Path
    memory: list[tuple[float, float]] = field(default_factory=list)  # (seconds, MB) of the latest round
    _first: Iterator[int] = field(default_factory=lambda: itertools.count(0, 1_000_003))

    def drive(self, settings: RoundSettings) -> RoundFigures:
        """Run one round."""
        out = self.folder / "answers.json"
        environment = {
            "LOAD_EXPLAIN": str(int(settings.explain)),
            "LOAD_FIRST": str(next(self._first)),
            "LOAD_DISTINCT_QUERIES": str(settings.distinct_queries),
            "LOAD_OUT": str(out),
        }
        used_s = self.server.cpu_s()
        self._run_locust(settings, environment)
        answers = json.loads(out.read_text("utf-8"))
        cpu_ms = 1000 * (self.server.cpu_s() - used_s) / max(1, sum(status == 200 for _, _, status in answers))
        figures: dict[str, Any] = summarize(answers, warm_s=WARM_S)
        return RoundFigures(
            settings.clients, settings.explain, settings.note, cpu_ms=cpu_ms, rss_mb=self.server.rss_mb(), **figures
        )

    def _run_locust(self, settings: RoundSettings, environment: dict[str, str]) -> None:
        """Run locust, and sample how much memory the server holds meanwhile."""
        command = ["taskset", "-c", self.cores, sys.executable, "-m", "locust", "-f", "benchmarks/server/load/client.py"]
        command += ["--headless", "--only-summary", "--host", self.server.address, "--stop-timeout", "60"]
        command += ["--users", str(settings.clients), "--spawn-rate", str(settings.clients)]
        command += ["--run-time", f"{settings.seconds + WARM_S:.0f}s"]
        self.memory, start = [], time.monotonic()
        with (self.folder / "locust.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)
            while process.poll() is None:
                self.memory.append((time.monotonic() - start, self.server.rss_mb()))
                _wait_for_sample(process)


def _wait_for_sample(process: "subprocess.Popen[bytes]") -> None:
    """Wait until the process ends or the next sample of memory is due."""
    try:
        process.wait(SAMPLE_S)
    except subprocess.TimeoutExpired:
        return

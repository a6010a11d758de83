"""A new index, live: python -m tests.fuzz.live_switch [--generations 50] [--clients 64] [--clustered]

The real server on loopback, asked by clients without a pause while generations are put into force. Says how many requests
failed, how many answers mix two generations, how long a switch took to be seen, what requests took beside a switch and
without one, and what became of memory and open files. Exits with 1 where anything is not as it must be.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import ROOT
from tests.fuzz.generations import QUERIES, Switchboard, generations_in, write_generations
from tests.fuzz.server import Asked, Clients, Server, served

TAKEN_UP_LIMIT_S = 5.0
MEASURED = 5  # times, memory and open files, beside once before the first switch
AFTER_A_SWITCH_S = 0.5  # requests that begin so soon after it still count as beside it
SEEN_EVERY_S = 0.2  # the server is asked whether it serves the new one; more often would be load of its own
CALM_S = 1.6  # without a switch, after each


@dataclass
class Switch:
    """When a generation was put into force, and when the server said that it serves it."""

    began_s: float
    seen_s: float


def run(
    index: Path, models: Path, *, generations: int, clients: int, clustered: bool, calm_s: float = CALM_S
) -> dict[str, Any]:
    """Return the figures of one run over the index in `index`, made with `models`."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_generations(index, folder / "written", generations + 1, ivf_from=50 if clustered else 10**9)
        board = Switchboard(folder / "written", folder / "index")
        environment = {"MODELS_DIR": str(models), "INDEX_DIR": str(folder / "index"), "QUEUE_MAX": "1000"}
        with served(environment, folder / "log") as server:
            asking = Clients(server, clients, lambda number: {"query": QUERIES[number % len(QUERIES)], "top_k": 5})
            switches: list[Switch] = []
            try:
                time.sleep(calm_s)
                memory_mb, open_files = [server.rss_mb()], [server.open_files()]
                for number in range(1, generations + 1):
                    switches.append(_switch(server, board, calm_s))
                    if number % max(1, generations // MEASURED) == 0:
                        memory_mb.append(server.rss_mb())
                        open_files.append(server.open_files())
            finally:
                asked = asking.end()
            log = (folder / "log").read_text("utf-8")
    return _figures(asked, switches) | {
        "memory_mb": [round(value) for value in memory_mb],
        "open_files": open_files,
        "switches_logged": log.count("now serving"),
        "tracebacks": log.count("Traceback"),
    }


def _switch(server: Server, board: Switchboard, calm_s: float) -> Switch:
    began = time.monotonic()
    number = board.switch()
    while server.ask("GET", "/readyz")[1]["generation"] != f"g{number:06d}":
        assert time.monotonic() < began + 10 * TAKEN_UP_LIMIT_S, "the new generation is not taken up"
        time.sleep(SEEN_EVERY_S)
    seen = time.monotonic()
    time.sleep(AFTER_A_SWITCH_S + calm_s)
    return Switch(began, seen)


def _figures(asked: list[Asked], switches: list[Switch]) -> dict[str, Any]:
    beside: list[float] = []
    calm: list[float] = []
    for one in asked:
        is_beside = any(one.start_s <= at.seen_s + AFTER_A_SWITCH_S and one.end_s >= at.began_s for at in switches)
        (beside if is_beside else calm).append(one.took_ms)
    answered = [one for one in asked if one.status == 200]
    p99 = {name: float(np.percentile(times, 99)) if times else 0.0 for name, times in (("beside", beside), ("calm", calm))}
    return {
        "requests": len(asked),
        "failed": len(asked) - len(answered),
        "mixed": sum(len(generations_in(one.answer)) != 1 for one in answered),
        "generations_met": len({number for one in answered for number in generations_in(one.answer)}),
        "taken_up_max_s": round(max(at.seen_s - at.began_s for at in switches), 2),
        "p50_ms": [round(float(np.percentile(times, 50)), 1) if times else 0 for times in (beside, calm)],
        "p99_beside_a_switch_ms": round(p99["beside"], 1),
        "p99_without_ms": round(p99["calm"], 1),
        "p99_ratio": round(p99["beside"] / p99["calm"], 2) if p99["calm"] else None,
        "requests_beside": len(beside),
    }


def faults_of(figures: dict[str, Any]) -> list[str]:
    """Return what is not as it must be, but for times."""
    wrong = [name for name in ("failed", "mixed", "tracebacks") if figures[name]]
    return wrong + (["taken_up_max_s"] if figures["taken_up_max_s"] > TAKEN_UP_LIMIT_S else [])


def main() -> int:
    """Run, print the figures, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--index", type=Path, default=ROOT / "artifacts/sample/index")
    options.add_argument("--models", type=Path, default=ROOT / "sample/models")
    options.add_argument("--generations", type=int, default=50)
    options.add_argument("--clients", type=int, default=64)
    options.add_argument("--clustered", action="store_true")
    given = options.parse_args()
    figures = run(given.index, given.models, generations=given.generations, clients=given.clients, clustered=given.clustered)
    wrong = faults_of(figures) + (["p99_ratio"] if (figures["p99_ratio"] or 0) > 2 else [])
    print(json.dumps(figures, indent=1))
    print(f"not as it must be: {', '.join(wrong)}" if wrong else "all as it must be")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.load_figures import HEAD, Round, growth_mb, p99_limit_ms, row, summed_up
from benchmarks.load_queries import question_count
from benchmarks.load_server import Serving, serving
from runtime.settings import Settings
from runtime.terminal import told_errors

ROOT = Path(__file__).resolve().parent.parent
CLIENTS, MANY, TOO_MANY = (1, 4, 16, 64), 64, 256
REPEATED = 100  # different questions, where some are to be known already
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
        command = ["taskset", "-c", self.cores, sys.executable, "-m", "locust", "-f", "benchmarks/load_client.py"]
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


def main(
    models: Annotated[Path | None, typer.Option(help="The exported models (MODELS_DIR).")] = None,
    index: Annotated[Path | None, typer.Option(help="The index (INDEX_DIR).")] = None,
    threads: Annotated[int, typer.Option(min=1, help="THREADS of the server.")] = 1,
    server_cores: Annotated[str, typer.Option(help="The server's cores, as taskset takes them.")] = "0",
    driver_cores: Annotated[str, typer.Option(help="Locust's.")] = "1",
    seconds: Annotated[float, typer.Option(min=1, help="How long a round takes.")] = 15.0,
    soak: Annotated[float, typer.Option(min=0, help="How long 64 clients stay on in the end; 0 leaves it out.")] = 0.0,
    checkout: Annotated[Path, typer.Option(help="Whose server is measured: another one, to compare.")] = ROOT,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("artifacts/load.json"),
) -> None:
    """Measure, print the table, and write the figures."""
    with told_errors(), TemporaryDirectory() as scratch:
        models_dir, index_dir = Settings.read(models_dir=models, index_dir=index).artefact_dirs()
        environment = {"MODELS_DIR": str(models_dir.absolute()), "INDEX_DIR": str(index_dir.absolute())}
        environment |= {"THREADS": str(threads), "GROQ_API_KEY": "", "GROQ_SECRET_ID": ""}
        figures: dict[str, Any] = {"threads": threads, "server_cores": server_cores, "rounds": []}
        console.print(f"THREADS={threads}, server on {server_cores}, driver on {driver_cores}\n\n{HEAD}", markup=False)
        for cache_size, loads in ((0, _main_loads(seconds, soak)), (1024, _remembered_loads(seconds))):
            environment["QUERY_CACHE_SIZE"] = str(cache_size)
            log = Path(scratch) / "server.log"
            with serving(environment, cores=server_cores, checkout=checkout.absolute(), log=log) as served:
                driver = Driver(served, driver_cores, Path(scratch))
                figures.setdefault("rss_mb_at_start", served.rss_mb())
                for load in loads:
                    found = driver.drive(load)
                    figures["rounds"].append(asdict(found) | {"cache_size": cache_size, "memory": driver.memory})
                    console.print(row(found), markup=False)
        console.print("\n".join(["", *_verdicts(figures)]), markup=False)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(figures, indent=1), "utf-8")


def _main_loads(seconds: float, soak: float) -> Iterator[Load]:
    for explain in (False, True):
        for clients in CLIENTS:
            yield Load(clients, seconds, explain)
    yield Load(TOO_MANY, seconds, note="more than may wait")
    if soak:
        yield Load(MANY, soak, note="soak")


def _remembered_loads(seconds: float) -> Iterator[Load]:
    for explain in (False, True):
        yield Load(MANY, seconds, explain, REPEATED, note=f"{REPEATED} questions, remembered")


def _verdicts(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what the rounds say about the aims, one a line."""
    yield f"Memory before the first round: {figures['rss_mb_at_start']:.0f} MB"
    plain = [found for found in figures["rounds"] if not found["explain"] and not found["note"]]
    best = max(found["answers_a_second"] for found in plain)
    most = plain[-1]
    limit_ms = p99_limit_ms(plain[0]["p50_ms"], most["clients"], figures["threads"])
    yield f"{most['clients']} clients: {most['answers_a_second'] / best:.0%} of the best throughput"
    yield f"their p99 {most['p99_ms']:.0f} ms of {limit_ms:.0f} ms allowed"
    for found in figures["rounds"]:
        if found["note"] == "soak":
            yield f"memory over the soak: {growth_mb(found['memory']):+.1f} MB from its second quarter to its last"


if __name__ == "__main__":
    typer.run(main)

"""The server under load: python -m benchmarks.load [--models MODELS --index INDEX] [--threads N] [--soak SECONDS]"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.load.driver import ROOT, Driver, Load
from benchmarks.load.figures import HEAD, growth_mb, p99_limit_ms, row
from benchmarks.load.server import serving
from runtime.settings import Settings
from runtime.terminal import told_errors

CLIENTS, MANY, TOO_MANY = (1, 4, 16, 64), 64, 256
REPEATED = 100  # different questions, where some are to be known already
console = Console(highlight=False, soft_wrap=True)


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

"""The server under load: python -m benchmarks.server.load [--models MODELS --index INDEX] [--threads N] [--soak SECONDS]

Starts the real server on some cores and drives it with locust (FastHttpUser) from others: 1, 4, 16 and 64 clients that send
one request after another, with and without explanations, no query sent twice and the query cache off. Then 256 clients, more
than the admission queue holds, a soak if asked for, and 64 clients with the query cache on and 100 distinct queries. Prints
a Markdown table and writes the figures as JSON.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import ROOT
from benchmarks.server.load.driver import Driver, RoundSettings
from benchmarks.server.load.figures import HEAD, growth_mb, p99_limit_ms, row
from benchmarks.server.load.server import start_server
from runtime.settings import Settings
from runtime.terminal import told_errors

CLIENTS, SATURATING_CLIENTS, OVERLOADING_CLIENTS = (1, 4, 16, 64), 64, 256
REPEATED_QUERIES = 100  # distinct queries of the rounds with the query cache
console = Console(highlight=False, soft_wrap=True)


def main(
    models: Annotated[Path | None, typer.Option(help="The exported models (MODELS_DIR).")] = None,
    index: Annotated[Path | None, typer.Option(help="The index (INDEX_DIR).")] = None,
    threads: Annotated[int, typer.Option(min=1, help="THREADS of the server.")] = 1,
    server_cores: Annotated[str, typer.Option(help="The server's cores, as taskset takes them.")] = "0",
    driver_cores: Annotated[str, typer.Option(help="Locust's cores, in the same form.")] = "1",
    seconds: Annotated[float, typer.Option(min=1, help="Length of a round.")] = 15.0,
    soak: Annotated[float, typer.Option(min=0, help="Length of the soak with 64 clients; 0: none.")] = 0.0,
    checkout: Annotated[Path, typer.Option(help="The checkout whose server is measured.")] = ROOT,
    out: Annotated[Path, typer.Option(help="The file of the figures.")] = Path("artifacts/load.json"),
) -> None:
    """Measure, print the table, and write the figures."""
    with told_errors(), TemporaryDirectory() as scratch:
        models_dir, index_dir = Settings.read(models_dir=models, index_dir=index).artefact_dirs()
        environment = {"MODELS_DIR": str(models_dir.absolute()), "INDEX_DIR": str(index_dir.absolute())}
        environment |= {"THREADS": str(threads), "GROQ_API_KEY": "", "GROQ_SECRET_ID": ""}
        figures: dict[str, Any] = {"threads": threads, "server_cores": server_cores, "rounds": []}
        console.print(f"THREADS={threads}, server on {server_cores}, driver on {driver_cores}\n\n{HEAD}", markup=False)
        for cache_size, rounds in ((0, _uncached_rounds(seconds, soak)), (1024, _cached_rounds(seconds))):
            environment["QUERY_CACHE_SIZE"] = str(cache_size)
            log = Path(scratch) / "server.log"
            with start_server(environment, cores=server_cores, checkout=checkout.absolute(), log=log) as server:
                driver = Driver(server, driver_cores, Path(scratch))
                figures.setdefault("rss_mb_at_start", server.rss_mb())
                for settings in rounds:
                    measured = driver.drive(settings)
                    figures["rounds"].append(asdict(measured) | {"cache_size": cache_size, "memory": driver.memory})
                    console.print(row(measured), markup=False)
        console.print("\n".join(["", *_conclusions(figures)]), markup=False)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(figures, indent=1), "utf-8")


def _uncached_rounds(seconds: float, soak: float) -> Iterator[RoundSettings]:
    for explain in (False, True):
        for clients in CLIENTS:
            yield RoundSettings(clients, seconds, explain)
    yield RoundSettings(OVERLOADING_CLIENTS, seconds, note="more than may wait")
    if soak:
        yield RoundSettings(SATURATING_CLIENTS, soak, note="soak")


def _cached_rounds(seconds: float) -> Iterator[RoundSettings]:
    for explain in (False, True):
        yield RoundSettings(
            SATURATING_CLIENTS, seconds, explain, REPEATED_QUERIES, note=f"{REPEATED_QUERIES} queries, cached"
        )


def _conclusions(figures: dict[str, Any]) -> Iterator[str]:
    """Yield a line on each aim."""
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

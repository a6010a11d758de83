"""Processor time of a start and of searches, beside another checkout: python -m benchmarks.start.start_beside CHECKOUT INDEX

Each round starts the function's handler once in each checkout, in turns, with that checkout's own sample models over an
index that it can read, and searches. What is told is the time that the process has computed, which other work on the
machine changes far less than the time on the clock. Prints Markdown: medians, and what they are beside the other's.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import ROOT
from runtime.terminal import told_errors

FIGURES = ("start, ms", "first search, ms", "warm search, ms")
START = """
import json, time
began = time.process_time()
import handler
queries = ["a castle", "a red boat at sunset", "two dogs on a beach", "people in a street", "a bridge at night"]

class Context:
    aws_request_id = "1"

def search(query):
    http = {"method": "POST", "path": "/search", "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1", "userAgent": ""}
    event = {"version": "2.0", "routeKey": "$default", "rawPath": "/search", "rawQueryString": "", "isBase64Encoded": False,
             "headers": {"host": "a.lambda-url.eu-central-1.on.aws", "content-type": "application/json"},
             "requestContext": {"http": http, "domainName": "a.lambda-url.eu-central-1.on.aws", "requestId": "1"},
             "body": json.dumps({"query": query, "top_k": 5})}
    answer = handler.handler(event, Context())
    assert answer["statusCode"] == 200, answer

opened = time.process_time()
search(queries[0])
first = time.process_time()
for query in queries * 8:
    search(query)
warm = (time.process_time() - first) / (8 * len(queries))
print(json.dumps([1e3 * (opened - began), 1e3 * (first - opened), 1e3 * warm]))
"""


def measure(checkout: Path, library: Mapping[str, str]) -> list[float]:
    """Return `FIGURES` of one start in a checkout, over the library that some settings name."""
    own = {"PYTHONPATH": str(checkout), "MODELS_DIR": str(checkout / "sample" / "models"), **library}
    own |= {"QUERY_CACHE_SIZE": "0", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=checkout, env=os.environ | own, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise typer.BadParameter(f"{checkout}: {done.stderr}")
    told: list[float] = [float(one) for one in done.stdout.splitlines()[-1].strip("[]").split(",")]
    return told


def main(
    other: Annotated[Path, typer.Argument(help="Another checkout of this repository.", metavar="CHECKOUT")],
    index: Annotated[Path, typer.Argument(help="An index that was made with this checkout's models.")],
    other_index: Annotated[
        Path | None, typer.Option(help="One that was made with the other's, where it cannot read the same.")
    ] = None,
    models: Annotated[Path | None, typer.Option(help="Other models than this checkout's sample models.")] = None,
    other_models: Annotated[Path | None, typer.Option(help="Other models than the other's sample models.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Starts of each.")] = 10,
) -> None:
    """Print the table."""
    libraries = {other.resolve(): _library(other_index or index, other_models), ROOT: _library(index, models)}
    found: dict[Path, list[list[float]]] = {checkout: [] for checkout in libraries}
    with told_errors():
        for _ in range(rounds):
            for checkout, several in found.items():
                several.append(measure(checkout, libraries[checkout]))
    print_table(("the other", "this"), *found.values())


def _library(index: Path, models: Path | None) -> dict[str, str]:
    return {"INDEX_DIR": str(index.absolute())} | ({"MODELS_DIR": str(models.absolute())} if models else {})


def print_table(names: tuple[str, str], first: list[list[float]], second: list[list[float]]) -> None:
    """Print the medians of the figures of two kinds of starts, and those of the second beside those of the first."""
    print(f"| | {names[0]} | {names[1]} | {names[1]} beside {names[0]} |\n|---|---|---|---|")
    one, other = ([statistics.median(column) for column in zip(*several, strict=True)] for several in (first, second))
    for name, before, now in zip(FIGURES, one, other, strict=True):
        print(f"| {name} | {before:.1f} | {now:.1f} | {now / before:.2f} |")


if __name__ == "__main__":
    typer.run(main)

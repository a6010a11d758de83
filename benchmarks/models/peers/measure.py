"""One peer's figures in a process of its own: python -m benchmarks.models.peers.measure PEER GRAPHS PICTURES BEGAN

PEER is a module beside this one; BEGAN is when its process was asked for, in seconds of the monotonic clock. Prints JSON.
Imports nothing of this project but the peer's module: rclip runs in an environment of its own.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Protocol

QUERIES = ["a red boat at sunset", "two dogs on a beach", "people in a street at night", "a castle above a forest"]
ROUNDS = 10


class PeerEncoder(Protocol):
    """Queries and pictures to vectors, as a peer does it."""

    def embed_query(self, query: str) -> object:
        """Return a query's vector."""
        ...

    def embed_picture(self, path: Path) -> object:
        """Open a picture and return its vector."""
        ...


def median_ms(call: Callable[[], object], rounds: int) -> float:
    """Return the median duration of a call in milliseconds; one more before them is not counted."""
    took = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1e3)
    return median(took[1:])


def peak_mb() -> float:
    """Return the most memory that this process has held so far, mapped files included, in MB."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def main(peer: str, graphs: Path, pictures: Path, began: float) -> None:
    """Print the figures."""
    encoder: PeerEncoder = import_module(f"benchmarks.models.peers.{peer}").open_encoder(graphs)
    encoder.embed_query(QUERIES[0])
    figures = {"start_ms": (time.monotonic() - began) * 1e3}
    figures["query_ms"] = median(median_ms(partial(encoder.embed_query, query), ROUNDS) for query in QUERIES)
    figures["query_mb"] = peak_mb()
    few = sorted(path for path in pictures.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))[:10]
    figures["picture_ms"] = median(median_ms(partial(encoder.embed_picture, path), 2) for path in few)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]))

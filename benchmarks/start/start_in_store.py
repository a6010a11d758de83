"""Processor time of a start over S3 Vectors, beside one over files: python -m benchmarks.start.start_in_store

As `start_beside.py`, of the sample library, in turns. A server on this machine plays S3 Vectors: what the service itself
takes is not in it. Needs the environment of `make cluster-test`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import ROOT
from benchmarks.start.start_beside import measure, print_table
from export.cluster.load.to_s3vectors import load_s3vectors
from export.index.chosen_models import open_models
from runtime.terminal import told_errors
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand, settings_of
from tests.cluster.sample_answers import index_shards
from tests.sample_library import MODELS, build_sample_library


def main(rounds: Annotated[int, typer.Option(min=1, help="Starts of each.")] = 10) -> None:
    """Print a table of medians."""
    with told_errors(), TemporaryDirectory() as scratch, bucket_at_hand() as server:
        library = build_sample_library(Path(scratch))
        shards = index_shards(library.index, Path(scratch) / "shards")
        load_s3vectors(shards, STORE, open_models(MODELS), Console(quiet=True), vectors_a_second=1e6)
        in_files = {"INDEX_DIR": str(library.index)}
        in_store = settings_of(server) | {"STORE": STORE, "FETCH_DIR": f"{scratch}/fetched"}
        found: list[list[list[float]]] = [[], []]
        for _ in range(rounds):
            for several, settings in zip(found, (in_files, in_store), strict=True):
                several.append(measure(ROOT, settings))
    print_table(("files", "S3 Vectors"), *found)


if __name__ == "__main__":
    typer.run(main)

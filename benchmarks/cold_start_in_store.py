"""Cold start of a function whose library is in S3 Vectors, beside one in files: python -m benchmarks.cold_start_in_store

As `benchmarks.cold_start`, of the sample library, in turns. A server on this machine plays S3 Vectors, so that the service's
own time is not in it. Needs the environment of `make cluster-test`, and SAM_TOOLS as it sets it.
"""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.cold_start import TABLE_HEAD, Deployment, Figures, measure, row_of_table
from export.cluster.load_s3vectors import load_s3vectors
from export.index.chosen_models import open_models
from runtime.terminal import told_errors
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand, settings_of
from tests.cluster.sample_answers import index_shards
from tests.sample_library import MODELS, SampleLibrary, build_sample_library


@dataclass(frozen=True)
class StoreDeployment(Deployment):
    """A function whose library is in S3 Vectors; of the library on this machine, the pictures alone."""

    settings: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The function's environment variables."""
        return {name: value for name, value in super().environment.items() if name != "INDEX_DIR"} | dict(self.settings)


def measure_both(library: SampleLibrary, folder: Path, rounds: int) -> dict[str, list[Figures]]:
    """Return the figures of each round by where the library is."""
    shards, found = index_shards(library.index, folder / "shards"), dict[str, list[Figures]]()
    with bucket_at_hand() as server:
        load_s3vectors(shards, STORE, open_models(MODELS), Console(quiet=True), vectors_a_second=1e6)
        own = {"AWS_EC2_METADATA_DISABLED": "true", "STORE": STORE, "FETCH_DIR": str(folder / "fetched")}
        deployments = {
            "files": Deployment(MODELS, library),
            "S3 Vectors": StoreDeployment(MODELS, library, settings_of(server) | own),
        }
        for _ in range(rounds):
            for name, deployment in deployments.items():
                found.setdefault(name, []).append(measure(deployment, folder, live_captions=False))
    return found


def main(rounds: Annotated[int, typer.Option(min=1, help="Cold starts of each.")] = 10) -> None:
    """Print a Markdown table of medians."""
    console = Console()
    with told_errors(), TemporaryDirectory() as scratch:
        library = build_sample_library(Path(scratch))
        console.print(TABLE_HEAD, markup=False)
        for name, runs in measure_both(library, Path(scratch), rounds).items():
            medians = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
            console.print(row_of_table(f"sample, in {name}", "index", medians), markup=False, highlight=False)


if __name__ == "__main__":
    typer.run(main)

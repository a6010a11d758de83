"""Pictures a second of a build on Ray with one worker and with two: python -m benchmarks.library.cluster_workers

Draws scenes, and builds shards of them on a Ray that is started here, with one actor and with two, in turns. The time is
that of the job, from its first task to its last row; Ray's own start is not in it, that of the actors is. Needs the extra
`cluster`, and two cores that nobody else uses; where others do, the CPU time of a picture says what a second worker costs.
Prints Markdown.
"""

import io
import statistics
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from benchmarks.measure.cpu_of_children import CpuOfChildren
from export.cluster.build import ShardOptions, build_shards
from export.cluster.job import ActorSetup, Count, Tables
from export.cluster.ray_cluster import RayCluster
from export.cluster.stages import Work
from export.storybook.folder import DrawingOptions, draw_folder
from runtime.terminal import told_errors

if TYPE_CHECKING:
    import pyarrow as pa

SEED = 0
WORKERS = (1, 2)


class TimedCluster(RayCluster):
    """Ray, which notes how long pictures were looked at, in seconds."""

    spent_s = cpu_s = 0.0

    def look_at_pictures(self, tables: Tables, work: Work, setup: ActorSetup, *, schema: "pa.Schema", count: Count) -> None:
        """Do it, and note the time."""
        with CpuOfChildren() as used:
            began_s = time.perf_counter()
            super().look_at_pictures(tables, work, setup, schema=schema, count=count)
            TimedCluster.spent_s = time.perf_counter() - began_s
        TimedCluster.cpu_s = used.seconds


def build(pictures: Path, shards: Path, models: Path, workers: int) -> tuple[float, float]:
    """Return the seconds in which so many workers look at all pictures, and those of CPU, of all processes of Ray."""
    connect = partial(TimedCluster, "auto", actors=workers)
    console = Console(file=io.StringIO())
    build_shards(str(pictures), str(shards), models, connect=connect, options=ShardOptions(), console=console)
    return TimedCluster.spent_s, TimedCluster.cpu_s


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `lookwhy models` wrote.")] = Path("sample/models"),
    count: Annotated[int, typer.Option("--pictures", min=1, help="How many pictures.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=1, help="Builds with each number of workers.")] = 3,
) -> None:
    """Print a table of medians."""
    with told_errors(), TemporaryDirectory() as scratch:
        folder, spent = Path(scratch), dict[int, list[tuple[float, float]]]()
        draw_folder(folder / "pictures", DrawingOptions(count, SEED))
        for number in range(rounds):
            for workers in WORKERS:
                shards = folder / f"shards-{workers}-{number}"
                spent.setdefault(workers, []).append(build(folder / "pictures", shards, models, workers))
        medians = {
            workers: [statistics.median(some) for some in zip(*several, strict=True)] for workers, several in spent.items()
        }
        print("| workers | pictures/s | beside one | CPU, s a picture |\n|---|---|---|---|")
        for workers, (wall_s, cpu_s) in medians.items():
            print(f"| {workers} | {count / wall_s:.2f} | {medians[1][0] / wall_s:.2f} | {cpu_s / count:.3f} |")


if __name__ == "__main__":
    typer.run(main)

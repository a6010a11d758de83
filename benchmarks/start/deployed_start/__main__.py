"""Cold starts of what is deployed: python -m benchmarks.start.deployed_start NAME=MODELS,INDEX ... [--code CHECKOUT]

The files of the image lie in a folder that no other process reads; the index is on S3 (moto), published as `lookwhy publish
release` does. Needs Linux on x86_64, a Python of Lambda's version, and root where the kernel tells others nothing of its
page cache.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import ROOT
from benchmarks.start.deployed_start.image_files import make_image_files, make_packages
from benchmarks.start.deployed_start.page_cache import read_ahead_bytes
from benchmarks.start.deployed_start.tiers import Figures, Function, start_from_image, start_from_snapshot
from export.publish.release import ReleaseContents, publish_release
from runtime.artefacts.manifest import read_index_manifest
from runtime.terminal import told_errors
from tests.deploy.cloud import Cloud, cloud_served
from tests.deploy.published import addresses_in, folder_of, write_layout_before

HEAD = """\
| models | tier | init, ms | first search, ms | CPU to the first answer, ms | MB touched | warm search, ms |
|---|---|---|---|---|---|---|"""
SHOWN = ("init_ms", "first_ms", "cpu_ms", "touched_mb", "warm_ms")


def publish(cloud: Cloud, bucket: str, index: Path) -> None:
    """Publish an index as a release, and as versions before releases did, so that code of both finds it."""
    cloud.make_bucket(bucket)
    publish_release(ReleaseContents(index), addresses_in(cloud, bucket))
    write_layout_before(index, read_index_manifest(index), folder_of(cloud, bucket, "index"))


def measure(function: Function, rounds: int) -> dict[str, list[Figures]]:
    """Return the figures of each tier's starts; the tiers alternate."""
    has_snapshot = (function.image.root / "task/runtime/artefacts/snapstart.py").is_file()
    found: dict[str, list[Figures]] = {"image, not in memory": [], "image, in memory": []}
    if has_snapshot:
        found["snapshot"] = []
    for _ in range(rounds):
        for tier, runs in found.items():
            with TemporaryDirectory() as folder:
                if tier == "snapshot":
                    runs.append(start_from_snapshot(function, Path(folder)))
                else:
                    runs.append(start_from_image(function, Path(folder), evicted=tier == "image, not in memory"))
    return found


def main(
    given: Annotated[
        list[str], typer.Argument(help="NAME=MODELS,INDEX: a name, and two folders.", metavar="NAME=MODELS,INDEX")
    ],
    code: Annotated[Path, typer.Option(help="The checkout whose code is deployed.")] = ROOT,
    packages: Annotated[Path, typer.Option(help="Where the image's packages are kept from run to run.")] = ROOT
    / "artifacts"
    / "image-packages",
    folder: Annotated[
        Path | None,
        typer.Option(exists=True, help="Where the image's files are put: a file system may have a read-ahead of its own."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Starts of each tier.")] = 10,
) -> None:
    """Start each in every tier, and print a Markdown table of medians."""
    console = Console()
    with told_errors(), TemporaryDirectory(dir=folder) as scratch, cloud_served() as cloud:
        kept = make_packages(packages)
        console.print(HEAD, markup=False, soft_wrap=True)
        for number, (name, models, index) in enumerate(map(_parts, given)):
            image = make_image_files(code, models, kept, Path(scratch) / str(number))
            bucket = f"lookwhy-{number}"
            publish(cloud, bucket, index)
            function = Function(
                image, cloud.environment | {"INDEX_URL": f"s3://{bucket}/index", "PREVIEWS_URL": f"s3://{bucket}/previews"}
            )
            for tier, runs in measure(function, rounds).items():
                console.print(_row(name, tier, runs), markup=False, highlight=False, soft_wrap=True)
            read_ahead = f"the kernel reads {read_ahead_bytes(image.root) >> 10:,} KiB ahead"
            console.print(f"{name}: the image's files have {image.bytes() / 1e6:.0f} MB; {read_ahead}", highlight=False)


def _parts(given: str) -> tuple[str, Path, Path]:
    name, _, folders = given.partition("=")
    models, _, index = folders.partition(",")
    return name, Path(models), Path(index)


def _row(name: str, tier: str, runs: Sequence[Figures]) -> str:
    cells = []
    for figure in SHOWN:
        values = [run[figure] for run in runs if figure in run]
        cells.append(f"{statistics.median(values):.{int(figure == 'warm_ms')}f}" if values else "")
    return f"| {name} | {tier} | {' | '.join(cells)} |"


if __name__ == "__main__":
    typer.run(main)

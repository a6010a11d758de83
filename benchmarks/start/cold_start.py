"""Time and memory of a cold start on Lambda: python -m benchmarks.start.cold_start NAME=MODELS,INDEX ...

AWS's Runtime Interface Emulator starts the real runtime client with `handler.handler` on one CPU, as on Lambda with
1,769 MB; nothing else of Lambda is emulated. Files are in the page cache, so the time in which Lambda fetches the image is
not included. A search asks for five pictures, with explanations.
"""

import re
import shutil
import sqlite3
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.measure.memory import read_status, status_bytes
from runtime.artefacts.file_record import record_file
from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest
from runtime.terminal import told_errors
from tests.deploy.emulator import Emulator, emulated, post
from tests.sample_library import SampleLibrary

ONE_CPU = ("taskset", "-c", "0")
QUERIES = ("a castle", "a red boat at sunset", "two dogs on a beach", "people in a street", "a bridge at night")
WARM_ROUNDS = 4
TABLE_HEAD = "| models | captions | init | first search | warm search | peak MB |\n|---|---|---|---|---|---|"
Figures = dict[str, float]


@dataclass(frozen=True)
class Deployment:
    """The models and the library of the function that is measured."""

    models: Path
    library: SampleLibrary

    @property
    def environment(self) -> dict[str, str]:
        """The function's environment variables; the query cache is off, as queries repeat."""
        return self.library.environment | {"MODELS_DIR": str(self.models.absolute()), "QUERY_CACHE_SIZE": "0"}


def measure(deployment: Deployment, folder: Path, *, live_captions: bool) -> Figures:
    """Return times in ms and memory in MB of a cold start and some searches; with live captions, of one search."""
    with emulated(deployment.environment, folder / "log", under=ONE_CPU) as function:
        for query in QUERIES[:1] if live_captions else QUERIES * WARM_ROUNDS:
            search(function, query)
        figures = {"peak MB": _peak_mb(function.pid)}
    first, *later = invoke_ms(function.log)
    warm = {"warm search": statistics.median(later)} if later else {}
    return figures | {"init": init_ms(function.log), "first search": first} | warm


def without_captions(index: Path, folder: Path) -> Path:
    """Return a copy of an index without captions, so that each search runs the captioner."""
    copy = shutil.copytree(index, folder / "index")
    manifest = read_index_manifest(copy)
    with sqlite3.connect(copy / manifest.catalog.path) as catalog:
        catalog.execute("UPDATE images SET caption = NULL")
    catalog.close()
    changed = manifest.model_copy(update={"catalog": record_file(copy, manifest.catalog.path)})
    (copy / MANIFEST_NAME).write_text(changed.model_dump_json(), "utf-8")
    return copy


def search(function: Emulator, query: str) -> None:
    """Search for five pictures, with explanations."""
    answer = post(function, "/search", {"query": query, "top_k": 5})
    if answer.status != 200:
        raise typer.BadParameter(answer.body.decode())


def init_ms(log: str) -> float:
    """Return how long the init took, as the emulator logged it."""
    return float(re.findall(r"INIT REPORT\(durationMs: ([\d.]+)\)", log)[0])


def invoke_ms(log: str) -> list[float]:
    """Return how long each answer took, as the emulator logged them."""
    return [float(ms) for ms in re.findall(r"INVOKE RTDONE\(.*duration: ([\d.]+)ms\)", log)]


def _peak_mb(emulator_pid: int) -> float:
    """Return the peak memory of the function's process, the only child of the emulator."""
    [pid] = children_of(emulator_pid)
    return status_bytes("VmHWM", pid) / 1e6


def children_of(parent_pid: int) -> Iterator[int]:
    """Yield the processes that a process has started."""
    for process in Path("/proc").glob("[0-9]*"):
        if read_status(int(process.name)).get("PPid") == str(parent_pid):
            yield int(process.name)


def main(
    given: Annotated[
        list[str],
        typer.Argument(help="NAME=MODELS,INDEX: a name, and two folders.", metavar="NAME=MODELS,INDEX"),
    ],
    rounds: Annotated[int, typer.Option(min=1, help="Cold starts of each.")] = 10,
) -> None:
    """Measure each, with captions from the index and with live ones, and print a Markdown table of medians."""
    console = Console()
    console.print(TABLE_HEAD, markup=False)
    with told_errors(), TemporaryDirectory() as scratch:
        for number, (name, models, index) in enumerate(map(_parts, given)):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            for source, used in (("index", index), ("live", without_captions(index, folder))):
                deployment = Deployment(models, SampleLibrary(images=Path(), index=used.absolute()))
                runs = [measure(deployment, folder, live_captions=source == "live") for _ in range(rounds)]
                medians = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
                console.print(_row(name, source, medians), markup=False, highlight=False)


def _parts(given: str) -> tuple[str, Path, Path]:
    name, _, folders = given.partition("=")
    models, _, index = folders.partition(",")
    return name, Path(models), Path(index)


def _row(name: str, source: str, medians: Figures) -> str:
    times = [f"{medians[figure]:,.0f} ms" if figure in medians else "" for figure in ("init", "first search")]
    warm = f"{medians['warm search']:.1f} ms" if "warm search" in medians else ""
    return f"| {name} | {source} | {' | '.join(times)} | {warm} | {medians['peak MB']:.0f} |"


if __name__ == "__main__":
    typer.run(main)

"""From the start of a process to its first answer, by the clock: python -m benchmarks.start.first_answer INDEX MODELS ...

One or more libraries, each an index and the models that it was made with. Every round starts a fresh process for each, in
turns, once for a search alone and once for one with explanations, on one CPU and one thread. Prints Markdown: medians, and
the least in brackets. Files are in the page cache, so what a disk takes is not in it.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import ROOT
from benchmarks.race.schedule import environment, pinned
from runtime.terminal import told_errors

HEAD = """\
| models | search | import, ms | open, ms | first search, ms | all, ms | memory, MB |
|---|---|---|---|---|---|---|"""
FURTHER_QUERIES = ("a castle", "two dogs on a beach", "people in a street", "a bridge at night")
PROCESS = f"""
import sys, time
from runtime.web.server.heap import collect_garbage_later
with collect_garbage_later():  # as the commands do
    from runtime.bootstrap import open_engine
    from runtime.settings import Settings
    imported = time.monotonic()
    index, models, explain = sys.argv[1:]
    engine = open_engine(Settings.read(index_dir=index, models_dir=models, threads=1, groq_api_key=""))
opened = time.monotonic()

def search(query):
    return engine.search(engine.limits.check_search(query, 5, explain=explain == "explained")).hits

assert search("a red boat at sunset")
print(imported, opened, time.monotonic())
for query in {FURTHER_QUERIES}:
    search(query)
from benchmarks.measure.memory import status_bytes
print(status_bytes("VmHWM") / 1e6)
"""


def measure(index: Path, models: Path, kind: str) -> list[float]:
    """Return the row of one process: its four times in ms, and the most memory that it held in five searches, in MB."""
    begun = time.monotonic()
    command = [*pinned(1), sys.executable, "-c", PROCESS, str(index.absolute()), str(models.absolute()), kind]
    done = subprocess.run(command, cwd=ROOT, env=environment(1), capture_output=True, text=True, check=False)
    if done.returncode:
        raise typer.BadParameter(f"{index} with {models}: {done.stderr}")
    times, memory = done.stdout.splitlines()
    imported, opened, answered = map(float, times.split())
    steps = (imported - begun, opened - imported, answered - opened, answered - begun)
    return [*(1e3 * step for step in steps), float(memory)]


def main(
    folders: Annotated[list[Path], typer.Argument(help="INDEX MODELS, and more such pairs.", exists=True, file_okay=False)],
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 9,
) -> None:
    """Print the table."""
    if len(folders) % 2:
        raise typer.BadParameter("folders come in pairs: an index, and the models that it was made with")
    kinds = [(*pair, kind) for pair in zip(folders[::2], folders[1::2], strict=True) for kind in ("alone", "explained")]
    found: dict[int, list[list[float]]] = {number: [] for number in range(len(kinds))}
    with told_errors():
        for _ in range(rounds):
            for number, (index, models, kind) in enumerate(kinds):
                found[number].append(measure(index, models, kind))
    print(HEAD)
    for number, (_, models, kind) in enumerate(kinds):
        *times, memory = zip(*found[number], strict=True)
        told = " | ".join(f"{statistics.median(column):.0f} ({min(column):.0f})" for column in times)
        print(f"| {models.name} | {kind} | {told} | {statistics.median(memory):.0f} |")


if __name__ == "__main__":
    typer.run(main)

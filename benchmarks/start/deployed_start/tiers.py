"""One start of the function in each tier, and what it cost until its first answer, and each answer after that.

Owns what is counted and how. The function runs on one CPU.
"""

import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure.timing import duration_ms
from benchmarks.start.cold_start import ONE_CPU, children_of, init_ms, invoke_ms, search
from benchmarks.start.deployed_start.image_files import ImageFiles
from benchmarks.start.deployed_start.page_cache import cached_bytes, evict
from tests.deploy.emulator import emulated
from tests.deploy.events import url_event
from tests.deploy.runtime_api import LIMIT_S, RuntimeApi, runtime_api_served

FIRST, LATER = "a red boat at sunset", ("a castle", "two dogs on a beach", "people in a street", "a bridge at night")
LATER_ROUNDS = 5
REFERENCED = re.compile(r"^Referenced: +(\d+) kB$", re.MULTILINE)
REFERENCED_ANEW = "1"  # written to clear_refs: what was referenced so far is forgotten
Figures = dict[str, float]


@dataclass(frozen=True)
class Function:
    """The image's files, and the variables of the stack: where the index is, and who may read it."""

    image: ImageFiles
    variables: dict[str, str]

    def environment(self, fetch_dir: Path) -> dict[str, str]:
        """Return all variables. Queries are not remembered, as the same ones are asked again."""
        return self.image.environment | self.variables | {"FETCH_DIR": str(fetch_dir), "QUERY_CACHE_SIZE": "0"}


def start_from_image(function: Function, folder: Path, *, evicted: bool) -> Figures:
    """Return what a start cost in AWS's emulator, with nothing of the image in memory before, or all."""
    files = function.image.files()
    if evicted:
        evict(files)
    else:
        for file in files:
            file.read_bytes()
    with emulated(
        function.environment(folder / "fetched"), folder / "log", under=ONE_CPU, function=function.image.function
    ) as emulator:
        search(emulator, FIRST)
        [pid] = children_of(emulator.pid)
        figures = {"cpu_ms": _cpu_ms(pid)}
        if evicted:
            figures["touched_mb"] = sum(map(cached_bytes, files)) / 1e6
        for query in LATER * LATER_ROUNDS:
            search(emulator, query)
        cpu_ms_of_later = _cpu_ms(pid) - figures["cpu_ms"]
    first, *later = invoke_ms(emulator.log)
    warm = {"warm_ms": statistics.median(later), "warm_cpu_ms": cpu_ms_of_later / len(later)}
    return figures | {"init_ms": init_ms(emulator.log), "first_ms": first} | warm


def start_from_snapshot(function: Function, folder: Path) -> Figures:
    """Return what it costs to go on from where Lambda makes the snapshot: AWS's own client waits there.

    The process stays the same; Lambda would begin another one with a copy of its memory, of which it loads what is touched.
    That is counted by the kernel, in pages, from there to the first answer.
    """
    with runtime_api_served() as api, _opened_for_snapshot(function, folder, api) as process:
        if not api.is_snapshot.wait(LIMIT_S):
            raise RuntimeError((folder / "log").read_text("utf-8"))
        time.sleep(0.2)  # until its request has been read, nothing of which belongs to what follows
        Path(f"/proc/{process.pid}/clear_refs").write_text(REFERENCED_ANEW, "utf-8")
        before_ms = _cpu_ms(process.pid)

        def go_on() -> None:
            api.restored.set()
            _ask(api, FIRST)

        figures = {"first_ms": duration_ms(go_on)}
        figures["cpu_ms"] = _cpu_ms(process.pid) - before_ms
        figures["touched_mb"] = _referenced_bytes(process.pid) / 1e6
        later = [duration_ms(partial(_ask, api, query)) for query in LATER * LATER_ROUNDS]
        return figures | {"warm_ms": statistics.median(later)}


@contextmanager
def _opened_for_snapshot(function: Function, folder: Path, api: RuntimeApi) -> "Iterator[subprocess.Popen[bytes]]":
    of_lambda = {"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    environment = function.environment(folder / "fetched") | of_lambda | {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}
    with (folder / "log").open("w") as log:
        command = [*ONE_CPU, *function.image.function]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _ask(api: RuntimeApi, query: str) -> None:
    body = f'{{"query": "{query}", "top_k": 5}}'.encode()
    answer = api.ask(url_event("POST", "/search", headers={"content-type": "application/json"}, body=body))
    if answer.get("statusCode") != 200:
        raise RuntimeError(str(answer))


def _cpu_ms(pid: int) -> float:
    """Return the CPU time that a process has used, in the kernel, too. Its clock's number: `man 3 clock_getcpuclockid`."""
    return time.clock_gettime(~pid << 3 | 2) * 1e3


def _referenced_bytes(pid: int) -> int:
    [kilobytes] = REFERENCED.findall(Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8"))
    return int(kilobytes) * 1024

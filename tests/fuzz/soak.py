"""The real server at half its load for an hour: python -m tests.fuzz.soak --minutes 60

Searches, explanations, uploads, heatmaps and pictures come at random moments, half as many as the server can answer. All
the while a language model answers well, badly or not at all, some clients never finish their request, and every few
minutes the library is indexed anew. Prints a line a minute. Exit code 1 where an answer is neither 200 nor 503, the log
has a traceback, or memory grew.
"""

import argparse
import asyncio
import contextlib
import io
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import httpx
from PIL import Image

from benchmarks.server.load.figures import growth_mb, percentiles
from benchmarks.server.load.queries import make_query
from benchmarks.server.load.server import RunningServer, start_server
from tests.conftest import ROOT
from tests.runtime.explain.groq.groq_server import FAULTS, GroqPlayer, explains, groq_server
from tests.sample_library import MODELS, SampleLibrary, build_sample_library, run_module

CLIENTS, TRIAL_S, MOOD_S, INDEX_EVERY_S, HALF_SENT = 16, 10.0, 7.0, 180.0, 4
LIMIT_S = 60.0  # of one request
MAX_GROWTH = 0.05  # of memory, from the second quarter to the last
ANSWERED = {200, 503}


@dataclass
class Tally:
    """What was answered: statuses by kind of request, and the times of searches in ms."""

    statuses: Counter[str] = field(default_factory=Counter)
    search_ms: list[float] = field(default_factory=list)

    def bad(self) -> dict[str, int]:
        """Return how often which answer was neither good nor a deliberate refusal."""
        return {name: count for name, count in self.statuses.items() if int(name.split()[-1]) not in ANSWERED}


class Visitor:
    """Sends one request of a random kind at a time to one server."""

    def __init__(self, client: httpx.AsyncClient, library: SampleLibrary, seed: int) -> None:
        self.client, self.random = client, random.Random(seed)
        self.pictures = sorted(path.name for path in library.images.glob("*.jpg"))
        self.uploads = [_picture(self.random) for _ in range(20)]
        kinds: dict[str, tuple[int, Callable[[], Awaitable[httpx.Response]]]] = {
            "search": (70, self._search),
            "explain": (8, self._explain),
            "heatmap": (2, self._heatmap),
            "upload": (5, self._upload),
            "picture": (15, self._picture),
        }
        self._names, self._weights = list(kinds), [weight for weight, _ in kinds.values()]
        self._send = {name: send for name, (_, send) in kinds.items()}

    async def visit(self, tally: Tally) -> None:
        """Send a request and note its status; 0 where no answer came."""
        [name] = self.random.choices(self._names, self._weights)
        begun = time.perf_counter()
        try:
            status = (await self._send[name]()).status_code
        except httpx.HTTPError:
            status = 0
        tally.statuses[f"{name} {status}"] += 1
        if name == "search":
            tally.search_ms.append((time.perf_counter() - begun) * 1e3)

    def _query(self) -> str:
        return make_query(self.random.randrange(10**6))

    async def _search(self) -> httpx.Response:
        return await self.client.post("/search", json={"query": self._query(), "explain": False})

    async def _explain(self) -> httpx.Response:
        return await self.client.post("/search", json={"query": self._query(), "top_k": 3})

    async def _heatmap(self) -> httpx.Response:
        return await self.client.post("/explain", json={"query": self._query(), "ids": [1], "heatmap": True})

    async def _upload(self) -> httpx.Response:
        return await self.client.post("/search/image", files={"image": self.random.choice(self.uploads)})

    async def _picture(self) -> httpx.Response:
        return await self.client.get(f"/images/{quote(self.random.choice(self.pictures))}")


def _picture(chance: random.Random) -> bytes:
    size = chance.randrange(200, 1200), chance.randrange(200, 1200)
    written = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(written, chance.choice(("JPEG", "PNG", "WEBP")))
    return written.getvalue()


def moody(player: GroqPlayer) -> None:
    """Behave for some seconds as a language model does on a good day, then in one of the ways in which it fails."""
    moods = [_writes_well, *(behave for behave in FAULTS.values() if behave)]
    moods[int(time.monotonic() / MOOD_S) % len(moods)](player)


def _writes_well(player: GroqPlayer) -> None:
    [*_, asked] = player.server.requests
    ids = re.findall(r'\\"id\\": (\d+)', json.dumps(asked))
    explains(*((int(hit_id), "The picture may show some of this.") for hit_id in ids))(player)


@contextlib.asynccontextmanager
async def half_sent_requests(server: RunningServer) -> AsyncIterator[None]:
    """Keep some connections busy with requests that never end, opened again when the server closes them."""

    async def stall() -> None:
        address = urlsplit(server.address)
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                writer.write(b"POST /search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 30\r\n\r\n{")
                await reader.read()
                writer.close()
            await asyncio.sleep(1)

    stalling = [asyncio.create_task(stall()) for _ in range(HALF_SENT)]
    yield
    for task in stalling:
        task.cancel()
    await asyncio.gather(*stalling, return_exceptions=True)


async def capacity(visitor: Visitor) -> float:
    """Return how many requests a second are answered to clients that send one after another."""
    tally, end = Tally(), time.monotonic() + TRIAL_S

    async def repeat() -> None:
        while time.monotonic() < end:
            await visitor.visit(tally)

    await asyncio.gather(*(repeat() for _ in range(CLIENTS)))
    return tally.statuses.total() / TRIAL_S


async def soak(server: RunningServer, library: SampleLibrary, minutes: int, seed: int) -> list[str]:
    """Run the trial; return what is wrong."""
    memory, whole = list[tuple[float, float]](), Tally()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.address, timeout=LIMIT_S, limits=limits, trust_env=False) as client:
        visitor = Visitor(client, library, seed)
        rate = await capacity(visitor) / 2
        print(f"seed {seed}: {rate:.0f} requests a second, half of what {CLIENTS} clients get answered")
        async with half_sent_requests(server), _indexed_anew(library):
            for minute in range(minutes):
                tally = await _minute(visitor, rate)
                memory.append((60.0 * minute, server.rss_mb()))
                p50, p99 = percentiles(tally.search_ms, (50, 99))
                statuses = ", ".join(f"{name}: {count}" for name, count in sorted(tally.statuses.items()))
                line = f"minute {minute + 1}: {memory[-1][1]:.0f} MB, search p50 {p50:.1f} ms, p99 {p99:.0f} ms; {statuses}"
                print(line, flush=True)
                whole.statuses += tally.statuses
    wrong = [f"{name}: {count} times" for name, count in whole.bad().items()]
    grown = growth_mb(memory)
    print(f"{whole.statuses.total()} requests; memory {grown:+.1f} MB from the second quarter to the last")
    if grown > MAX_GROWTH * memory[0][1]:
        wrong.append(f"memory grew by {grown:.0f} MB")
    return wrong


async def _minute(visitor: Visitor, rate: float) -> Tally:
    tally, end, running = Tally(), time.monotonic() + 60, set[asyncio.Task[None]]()
    while time.monotonic() < end:
        task = asyncio.create_task(visitor.visit(tally))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(visitor.random.expovariate(rate))
    await asyncio.gather(*running)
    return tally


@contextlib.asynccontextmanager
async def _indexed_anew(library: SampleLibrary) -> AsyncIterator[None]:
    """Every few minutes, add a picture to the library or take it away, and index it."""

    async def repeat() -> None:
        added = library.images / "added.jpg"
        while True:
            await asyncio.sleep(INDEX_EVERY_S)
            if added.exists():
                added.unlink()
            else:
                Image.effect_noise((64, 64), 60).convert("RGB").save(added)
            options = ("index", str(library.images), "--models", str(MODELS), "--out", str(library.index))
            done = await asyncio.to_thread(run_module, "export", *options)
            print(f"indexed anew: {done.returncode}", flush=True)

    task = asyncio.create_task(repeat())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial; return 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.soak", description="The server at half its load.")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None, help="of the requests; default: a random one, which is printed")
    given = parser.parse_args(arguments)
    seed = random.randrange(2**32) if given.seed is None else given.seed
    with _served() as (server, library, log):
        wrong = asyncio.run(soak(server, library, given.minutes, seed))
        lines = log.read_text("utf-8").splitlines()
    print(f"log: {len(lines)} lines")
    wrong += [f"log: {line}" for line in lines if "Traceback" in line]
    for line in wrong:
        print(f"WRONG: {line}")
    return bool(wrong)


@contextlib.contextmanager
def _served() -> Iterator[tuple[RunningServer, SampleLibrary, Path]]:
    with TemporaryDirectory() as scratch, groq_server(moody) as groq:
        library, log = build_sample_library(Path(scratch)), Path(scratch) / "server.log"
        environment = library.environment | {"GROQ_API_KEY": "any", "GROQ_BASE_URL": groq.url, "THREADS": "1"}
        with start_server(environment, cores="0", checkout=ROOT, log=log) as server:
            yield server, library, log


if __name__ == "__main__":
    sys.exit(main())

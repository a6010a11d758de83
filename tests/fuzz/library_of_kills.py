"""A folder that changes while its builds are killed: its pictures, what happens to it, and what its index must show."""

import io
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from export.index.build import Models, build_index
from export.index.catalog import IndexedImage
from runtime.artefacts.file_record import sha256_of
from runtime.images import open_image
from tests.export.index.small_library import (
    MeanCaptioner,
    build,
    catalog_of,
    draw,
    small_models,
    told_by,
)
from tests.fuzz.children import REFUSED, ended, in_child
from tests.fuzz.tallying_models import TallyingCaptioner, TallyingEncoder

SECONDS_A_PICTURE = 0.004
EVENTS_MAX = 90  # that may write, in one build
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "sqlite3.connect"}
OPENED_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
NOBODY = 65534


@dataclass
class Picture:
    """What must be known of a picture of the folder."""

    sha256: str
    caption: str
    id: int | None = None


class Library:
    """A folder that changes, its index, and what must stand in it."""

    def __init__(self, scratch: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder, self.out, self.away = scratch / "photos", scratch / "index", scratch / "away"
        self.tallies = scratch / "embedded", scratch / "captioned"
        self.pictures: dict[str, Picture] = {}
        self.touched: set[str] = set()
        self.drawn = 0
        self.mounted = True
        self.counts: Counter[str] = Counter()
        self.next_id = 1
        for number in range(24):
            self.add("NAS/" * (number % 3 == 0) + f"{number}.png")

    def models(self) -> Models:
        embedded, captioned = self.tallies
        encoder = TallyingEncoder(embedded, SECONDS_A_PICTURE)
        return replace(small_models(), encoder=encoder, open_captioner=lambda: TallyingCaptioner(captioned))

    def build(self) -> None:
        build_index(self.folder, self.out, models=self.models(), console=Console(file=io.StringIO()))

    # what happens to the folder

    def add(self, path: str, old: Picture | None = None) -> None:
        self.drawn += 1
        file = draw(self.folder / path, self.drawn)
        captioner = MeanCaptioner()
        [caption] = captioner.caption_pixels(captioner.prepare(open_image(file))[None])
        self.pictures[path] = Picture(sha256_of(file), caption, old.id if old else None)

    def change(self) -> None:
        """Add, remove, rename and overwrite a few pictures; now and then the drive is mounted or unmounted."""
        for _ in range(self.chance.choice([1, 3, 5, 25])):
            self.add(f"{self.some_folder()}new {self.drawn}.png")
        for _ in range(self.chance.choice([0, 4, 8])):  # fewer than are taken for a drive that is not mounted
            gone = self.some_path()
            (self.folder / gone).unlink()
            del self.pictures[gone]
        renamed, path = self.some_path(), f"{self.some_folder()}renamed {self.drawn}.png"
        (self.folder / renamed).rename(self.folder / path)
        self.pictures[path] = self.pictures.pop(renamed)
        self.touched.add(path)
        changed = self.some_path()
        self.add(changed, self.pictures[changed])
        self.touched.add(changed)
        if self.chance.random() < 0.3:
            self.unmount() if self.mounted else self.mount()

    def some_folder(self) -> str:
        return "NAS/" if self.mounted and self.chance.random() < 0.3 else ""

    def some_path(self) -> str:
        """Return a picture that can be reached, and was neither renamed nor overwritten since a build was let through.

        One that was both is a new picture to whoever saw neither.
        """
        reached = [path for path in sorted(self.pictures) if self.mounted or not path.startswith("NAS/")]
        return self.chance.choice([path for path in reached if path not in self.touched])

    def unmount(self) -> None:
        """Leave an empty mount point. What was never indexed below it cannot be known."""
        if not self.let_through():
            return
        (self.folder / "NAS").rename(self.away)
        (self.folder / "NAS").mkdir()
        self.mounted = False
        self.counts["drive unmounted"] += 1

    def mount(self) -> None:
        (self.folder / "NAS").rmdir()
        self.away.rename(self.folder / "NAS")
        self.mounted = True

    # what happens to builds

    def kill_at_a_moment(self, life_s: float) -> bool:
        child = in_child(self.build)
        time.sleep(self.chance.uniform(0, life_s))
        os.kill(child, signal.SIGKILL)
        return ended(child) == -signal.SIGKILL

    def kill_at_an_event(self, _: float) -> bool:
        return ended(in_child(partial(self.build_to_event, self.chance.randrange(1, EVENTS_MAX)))) == -signal.SIGKILL

    def build_to_event(self, last: int) -> None:
        seen = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            writes = event in WRITES or (event == "open" and int(str(arguments[2])) & OPENED_TO_WRITE)
            if writes and str(arguments[0]).startswith(str(self.out)):
                seen += 1
                if seen == last:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        self.build()

    def fill_disk(self) -> None:
        """Let a build meet the largest size that a file may have: it is refused, or it gets through."""
        limit = self.chance.choice([0, 2_000, 20_000, 40_000])

        def with_limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            build(self.folder, self.out)

        assert ended(in_child(with_limit)) in {0, REFUSED}
        self.counts["disk full"] += 1

    def forbid_writing(self) -> None:
        """Let a user build who may read everything and write nothing."""
        if os.geteuid() or not self.out.exists():
            return

        def as_nobody() -> None:
            os.setuid(NOBODY)
            build(self.folder, self.out)

        assert ended(in_child(as_nobody)) in {0, REFUSED}
        self.counts["read-only"] += 1

    def jump_in_time(self) -> None:
        """Let a build run in another year, and kill it or not."""
        now, jump_ns = time.time_ns, self.chance.choice([-1, 1]) * 10 * 365 * 86_400 * 10**9

        def in_another_year() -> None:
            time.time_ns = lambda: now() + jump_ns
            self.build()

        assert ended(in_child(in_another_year)) == 0
        self.counts["clock jumps"] += 1

    def build_twice_at_once(self) -> None:
        outcomes = sorted(ended(child) for child in [in_child(self.build), in_child(self.build)])
        assert outcomes in ([0, 0], [0, REFUSED]), outcomes
        self.counts["two builds at once"] += 1

    # what must hold

    def look(self) -> None:
        """Hold every row that a reader sees now against what is known; a row may be old, but never wrong."""
        if not (self.out / "manifest.json").exists():
            return
        told_by(self.out)  # opens stores and catalogue, and reads every vector
        for row in catalog_of(self.out).rows:
            known = self.pictures.get(row.image_path)
            if known and known.sha256 == row.sha256:
                assert row.caption in (None, known.caption), row
                assert known.id in (None, row.id), (row, known)

    def let_through(self) -> bool:
        """Build undisturbed, then hold the index against the folder: every picture, its id, its caption."""
        assert ended(in_child(self.build)) == 0
        rows = {row.image_path: row for row in catalog_of(self.out).rows}
        assert rows.keys() == self.pictures.keys(), rows.keys() ^ self.pictures.keys()
        for path, row in sorted(rows.items(), key=lambda item: item[1].id):
            self.check(path, row)
        self.next_id = max(self.next_id, max(row.id for row in rows.values()) + 1)
        self.touched.clear()
        self.counts["builds let through"] += 1
        return True

    def check(self, path: str, row: IndexedImage) -> None:
        known = self.pictures[path]
        assert (row.sha256, row.caption) == (known.sha256, known.caption), (path, row, known)
        assert row.id >= self.next_id if known.id is None else row.id == known.id, (path, row, known, self.next_id)
        known.id = row.id

    def repeated(self, tally: Path) -> int:
        """Return how many pictures went through a model more than once, counted each time."""
        lines = tally.read_bytes().splitlines()
        return len(lines) - len(set(lines))

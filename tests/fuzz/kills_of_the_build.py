"""Builds of an index that are killed over and over, while the folder of pictures changes and a drive comes and goes.

Each build is a process of its own that gets SIGKILL: at a random moment of its life, or at a random event that may write
below the index folder. After each kill, the index must show right rows only. A build that is let through must have lost no
picture, id or caption, and nothing may have been embedded or captioned twice but what was under way. In between, builds meet
a full disk, a folder that they may not write, a clock that jumps, and a second build.

    python -m tests.fuzz.kills_of_the_build --count 200 --seed 7
"""

import argparse
import shutil
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.export.index.small_library import (
    build,
    catalog_of,
    manifest_of,
)
from tests.fuzz.children import ended, in_child
from tests.fuzz.library_of_kills import Library

UNDER_WAY = 20  # pictures that one kill may cost: those decoded, in the model, or waiting to be recorded


def run(scratch: Path, count: int, seed: int) -> None:
    library = Library(scratch, seed)
    counts, chance = library.counts, library.chance
    began = time.monotonic()
    assert ended(in_child(library.build)) == 0
    life_s = time.monotonic() - began
    library.let_through()
    others = [library.fill_disk, library.forbid_writing, library.jump_in_time, library.build_twice_at_once]
    kills = 0
    while kills < count:
        library.change()
        kind = chance.choice([library.kill_at_a_moment, library.kill_at_an_event])
        if kind(life_s):
            kills += 1
            counts[kind.__name__.replace("_", " ")] += 1
        library.look()
        if chance.random() < 0.15:
            chance.choice(others)()
            library.look()
        if chance.random() < 0.2:
            library.let_through()
    if not library.mounted:
        library.mount()
    library.let_through()
    check_end(library, kills)
    print(f"{kills} kills, seed {seed}, {time.monotonic() - began:.0f} s; a build takes {life_s:.2f} s")
    print(", ".join(f"{name}: {number}" for name, number in sorted(counts.items())))


def check_end(library: Library, kills: int) -> None:
    """Hold the index against one that nothing ever disturbed, and the models' work against what there was to do."""
    fresh = library.out.with_name("fresh")
    assert ended(in_child(partial(build, library.folder, fresh))) == 0
    one, other = (catalog_of(out).rows for out in (library.out, fresh))
    assert {(row.image_path, row.sha256, row.caption) for row in one} == {
        (row.image_path, row.sha256, row.caption) for row in other
    }
    embedded, captioned = map(library.repeated, library.tallies)
    print(f"{len(one)} pictures of {library.drawn} drawn, generation {manifest_of(library.out).generation}, none lost")
    print(f"embedded again: {embedded}, captioned again: {captioned}; at most {UNDER_WAY} a kill are under way")
    assert max(embedded, captioned) <= kills * UNDER_WAY
    shutil.rmtree(fresh)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="how many kills")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    memory = Path("/dev/shm")  # a kill needs no disk
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        Path(scratch).chmod(0o755)  # for the build of another user
        run(Path(scratch), given.count, given.seed)


if __name__ == "__main__":
    main()

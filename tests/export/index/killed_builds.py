"""Builds an index, is killed with SIGKILL, builds on, and compares with a build that nothing interrupted.

Run by `test_journal.py` as a program of its own, because it forks: every build is a real process, killed for real.

    python tests/export/index/killed_builds.py random|every-write SCRATCH_FOLDER
"""

import gc
import io
import os
import random
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import faiss  # noqa: F401 (here and not in each child)
from PIL import Image
from rich.console import Console

from export.index.build import BuildOptions, build_index
from export.index.probabilities import fit_calibration
from tests.export.index.small_library import FEW_QUESTIONS, draw, draw_many, small_models, told_by
from tests.fuzz.children import ended, in_child

SECONDS_A_PICTURE = 0.012
ROUNDS = 10
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "sqlite3.connect"}
OPENED_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def build(folder: Path, out: Path, seconds: float = 0.0, *, previews: bool = True) -> None:
    options = BuildOptions(previews=previews)
    build_index(folder, out, models=small_models(seconds), console=Console(file=io.StringIO()), options=options)


def previews_in(out: Path) -> set[str]:
    """Return the previews by name; all have something in them."""
    files = list((out / "previews").glob("*/*.jpg"))
    assert all(path.stat().st_size for path in files)
    return {path.name for path in files}


def prepare(scratch: Path, new: int) -> tuple[Path, Path, Path]:
    """Return a folder of pictures that changed since `before` was built from it, and what is to come out of it."""
    folder, before, expected = scratch / "photos", scratch / "before", scratch / "expected"
    draw_many(folder, [f"{number:02d}.png" for number in range(20)])
    ended(in_child(lambda: build(folder, before)))
    (folder / "03.png").unlink()
    (folder / "04.png").rename(folder / "renamed.png")
    draw(folder / "05.png", 500)
    (folder / "broken.png").write_bytes(b"broken")
    draw_many(folder / "new", [f"{number:02d}.jpg" for number in range(new)])
    shutil.copytree(before, expected)
    ended(in_child(lambda: build(folder, expected)))
    return folder, before, expected


def kill_at_random(scratch: Path) -> None:
    """Kill ten builds, each at a random moment of its life, and let each be ended by a second one."""
    folder, before, expected = prepare(scratch, new=50)
    wanted, old = told_by(expected), told_by(before)
    started = time.monotonic()
    shutil.copytree(before, scratch / "timed")
    ended(in_child(lambda: build(folder, scratch / "timed", SECONDS_A_PICTURE)))
    life_s = time.monotonic() - started
    seed = random.randrange(2**32)
    chance, killed = random.Random(seed), 0
    print(f"seed {seed}, a build takes {life_s:.2f} s")
    while killed < ROUNDS:
        out = scratch / "killed"
        shutil.copytree(before, out)
        child = in_child(partial(build, folder, out, SECONDS_A_PICTURE))
        moment_s = chance.uniform(0, life_s)
        time.sleep(moment_s)  # any moment of the build's life is what is tried
        os.kill(child, signal.SIGKILL)
        killed += ended(child) == -signal.SIGKILL
        assert told_by(out) in (old, wanted), f"killed after {moment_s:.3f} s: a reader sees neither"
        assert ended(in_child(partial(build, folder, out))) == 0
        assert told_by(out) == wanted, f"killed after {moment_s:.3f} s: the end differs"
        assert previews_in(out) == previews_in(expected), f"killed after {moment_s:.3f} s: other previews"
        shutil.rmtree(out)
    print(f"{killed} killed")


def kill_at_every_write(scratch: Path) -> None:
    """Kill a build at its first event that may write below the index folder, another at its second, and so on to the end.

    Previews, each a file of its own, would only make it longer: `kill_at_random` has them.
    """
    folder, before, expected = prepare(scratch, new=12)
    wanted, old, event, killed = told_by(expected), told_by(before), 0, True
    out = scratch / "killed"
    while killed:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(before, out)
        event += 1
        killed = ended(in_child(partial(build_to_event, folder, out, event))) == -signal.SIGKILL
        assert told_by(out) in (old, wanted), f"killed at event {event}: a reader sees neither"
        assert ended(in_child(lambda: build(folder, out, previews=False))) == 0
        assert told_by(out) == wanted, f"killed at event {event}: the end differs"
        assert {path.name for path in out.iterdir()} == {
            "manifest.json",
            "previews",
            "signatures.sqlite",
            "g000001",
            "g000002",
        }
    assert event > 10, f"only {event} events: the hook sees nothing"
    print(f"{event - 1} killed")


def build_to_event(folder: Path, out: Path, last: int) -> None:
    seen = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        writes = event in WRITES or (event == "open" and int(str(arguments[2])) & OPENED_TO_WRITE)
        if writes and str(arguments[0]).startswith(str(out)):
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    build(folder, out, previews=False)


if __name__ == "__main__":
    fit_calibration.QUESTIONS = FEW_QUESTIONS
    Image.init()
    gc.freeze()  # or each child's first collection would copy every page that has an object
    {"random": kill_at_random, "every-write": kill_at_every_write}[sys.argv[1]](Path(sys.argv[2]))

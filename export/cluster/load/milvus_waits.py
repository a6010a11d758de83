"""Waiting for Milvus, which tells of no end: with a bar, for as long as it gets on. Knows no collection and asks nothing."""

import time
from collections.abc import Callable

from rich.console import Console

from export.cluster.load.errors import LoadRefused
from export.console import ProgressBar

# Milvus counts whole segments. One has up to 250,000 rows of 512 dimensions, whose graph takes a core some minutes, and on a
# machine that does other work several times as long.
STILL_MAX_S = 1_800.0
LOOK_EVERY_S = 0.5
AGAIN = "Look into its log, then give the command again: it goes on from here."


def wait_for(
    name: str,
    what: str,
    look: Callable[[], tuple[int, int]],
    console: Console,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Return once a step of Milvus's is done.

    Args:
        name: what errors call the library.
        what: the step, such as "Indexing".
        look: returns how many are done, and of how many; that may change.
        console: where a bar goes.
        clock: the time in seconds.
        sleep: waits so many seconds.

    Raises:
        LoadRefused: nothing has changed for `STILL_MAX_S`.
    """
    seen, since_s = (0, 0), clock()
    with ProgressBar(console) as bar:
        while True:
            done, total = found = look()
            if found != seen:
                if total != seen[1]:
                    bar.begin(what, total)
                bar.show(done, "")
                seen, since_s = found, clock()
            if done >= total:
                return
            if clock() - since_s >= STILL_MAX_S:
                minutes = STILL_MAX_S / 60
                raise LoadRefused(name, f"{what} stands at {done:,} of {total:,} for {minutes:.0f} minutes now", AGAIN)
            sleep(min(LOOK_EVERY_S, 0.1 + (total - done) / 100_000))

"""What a build says ahead: how long it takes here, from its first pictures, and whether the disk will hold what it makes.

Times and sizes are rough. They are said once; the progress bar goes on from there.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from export.errors import DiskTooSmall
from export.index.folder.found import FoundImage

HALF = 50  # pictures, at least; the pace is measured twice
SAID_FROM_S = 30.0  # what takes less is over before it is read
PREVIEWS_MAX_BYTES = 360_000  # of a photo of 12 megapixels, in the mean
ROW_BYTES = 1_000  # of the catalogue, in its files together
COPIES = 3  # of all but the previews: this generation, the one before, and the journal
SPARE = 0.9  # of what is free; the rest is for what a guess is off by
DISK_SAID_FROM = 1_000  # pictures

Tell = Callable[[int, float], None]


class Forecast:
    """Foretells once, from the first pictures, how many seconds the rest takes."""

    def __init__(self, total: int, tell: Tell, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to measure.

        Args:
            total: how many pictures there are.
            tell: takes how many are left, and in how many seconds they are done.
            clock: seconds.
        """
        self._left, self._tell, self._clock = total, tell, clock
        self._paces: list[float] = []
        self._begin()

    def count(self, done: int) -> None:
        """Count pictures just done; 0 where there was nothing to do for some, which then say nothing of the pace."""
        self._left -= done
        self._done += done
        if not self._done:
            self._begin()
        if self._done < HALF or len(self._paces) == 2:
            return
        self._paces.append((self._clock() - self._began_s) / self._done)
        self._begin()
        if len(self._paces) == 2:  # the shorter: in one of both, the program may have been stopped (Ctrl-Z)
            self._tell(max(0, self._left), min(self._paces) * max(0, self._left))

    def _begin(self) -> None:
        self._began_s, self._done = self._clock(), 0


def say_embedding(left: int, left_s: float, console: Console) -> None:
    """Say how long it takes until every picture can be searched."""
    if left_s >= SAID_FROM_S:
        line = f"{left:,} pictures are still to be embedded, which takes {in_words(left_s)} here."
        console.print(line, highlight=False)


def say_captions(left: int, left_s: float, console: Console) -> None:
    """Say how long captions take."""
    if left_s >= SAID_FROM_S:
        line = f"{left:,} captions are still to be made, which takes {in_words(left_s)} here."
        console.print(f"{line} Every picture can be searched meanwhile.", highlight=False)


def say_disk(out: Path, images: Sequence[FoundImage], dimension: int, console: Console, *, previews: bool) -> None:
    """Say how much disk new pictures may take, at a rough guess from the lengths of their files, and how much is free."""
    if len(images) < DISK_SAID_FROM:
        return
    guessed = sum(min(PREVIEWS_MAX_BYTES, 2 * image.bytes) for image in images) if previews else 0
    needed, free = _index_bytes(len(images), dimension) + guessed, shutil.disk_usage(out).free
    line = f"Index{' and previews' if previews else ''} will take about {in_bytes(needed)}; {in_bytes(free)} are free."
    console.print(line, style="yellow" if needed > SPARE * free else None, highlight=False)


def check_disk(out: Path, pictures: int, dimension: int, previews_bytes: int, *, free_bytes: int | None = None) -> None:
    """Refuse to go on where the disk will not hold what is to be made.

    Args:
        out: the index's folder.
        pictures: how many the index will hold.
        dimension: of their vectors.
        previews_bytes: what the previews will take that are still to be made, from the mean of those that are.
        free_bytes: what is free; None looks it up.

    Raises:
        DiskTooSmall: it will not.
    """
    needed = _index_bytes(pictures, dimension) + previews_bytes
    free = shutil.disk_usage(out).free if free_bytes is None else free_bytes
    if SPARE * needed > free:
        raise DiskTooSmall(out, in_bytes(needed), in_bytes(free), in_bytes(previews_bytes))


def in_words(seconds: float) -> str:
    """Return a rough time as people say it."""
    if seconds < 90:
        return "about a minute"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5_400 else f"about {seconds / 3_600:.1f} hours"


def in_bytes(count: float) -> str:
    """Return a size as people say it: "340 MB", "6.6 GB"."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def _index_bytes(pictures: int, dimension: int) -> int:
    """Return what generations and journal take: two vectors of 32-bit floats a picture, and its row."""
    return COPIES * pictures * (2 * 4 * dimension + ROW_BYTES)

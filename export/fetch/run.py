"""A list of addresses -> a folder of pictures: the seed's download step, parallel and resumable.

Owns the run: what is still missing, the threads, the progress, the summary. How the list is read is left to `url_list.py`,
how bytes arrive to `client.py`, what is kept of them to `shrink.py`, names and files to `folder.py`.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.markup import escape

from export.console import progress_bar
from export.fetch.client import Downloader, DownloadFailed, DownloadStopped, Limits
from export.fetch.folder import FAILURES_NAME, Failure, FetchFolder, open_folder
from export.fetch.shrink import explain_unreadable, shape_picture
from export.fetch.url_list import UrlRow, read_urls
from runtime.errors import ImageTooLarge, ImageUnreadable, SettingInvalid

MAX_SIDE_PX = 800  # the seed's
JPEG_SIDE_PX = 65_535  # the format has 16 bits for it
PARALLEL = 16
DEFAULT_LIMITS = Limits()
STOPPING_S = 2.0  # how long Ctrl-C waits for the threads; what they still hold has no final name yet
FAILURES_SHOWN = 20


@dataclass(frozen=True)
class FetchSummary:
    """What one run did. `duplicates` maps a row to the earlier one with the same address, which holds the picture."""

    folder: Path
    listed: int
    present_before: int
    fetched: int
    duplicates: dict[int, int]
    failures: list[Failure]
    interrupted: bool


def fetch_images(
    urls: Path,
    folder: Path,
    *,
    column: str | None = None,
    max_side_px: int = MAX_SIDE_PX,
    parallel: int = PARALLEL,
    limits: Limits = DEFAULT_LIMITS,
) -> FetchSummary:
    """Download what the folder still lacks of the list; Ctrl-C ends the run early, and the next one goes on from there.

    A picture is known by its row's number alone: a list with rows inserted or removed further up needs a new folder.

    Args:
        urls: the list, as `read_urls` takes it.
        folder: where the pictures go, as `0001.jpg` ... by their row; made where it is missing.
        column: the list's column of addresses.
        max_side_px: longest side of what is saved, as upright JPEG, never enlarged; 0 keeps the bytes as they came.
        parallel: threads; `limits.per_host` of them at most ask the same host.
        limits: of each download.

    Raises:
        UrlListUnusable: the list cannot be read, or names no address.
        OutputUnwritable: the disk is full, the folder cannot be written, or another run is writing to it.
        SettingInvalid: a number cannot be used, or the environment's proxy.
    """
    if parallel < 1:
        raise SettingInvalid("--parallel", str(parallel), "a whole number from 1")
    if not 0 <= max_side_px <= JPEG_SIDE_PX:
        accepted = f"a whole number of pixels up to {JPEG_SIDE_PX}, or 0 to keep the bytes"
        raise SettingInvalid("--max-side", str(max_side_px), accepted)
    rows = read_urls(urls, column)
    duplicates = _find_duplicates(rows)
    with open_folder(folder) as files:
        present = files.numbers()
        missing = [row for row in rows if row.number not in duplicates and row.number not in present]
        outcomes, interrupted = _collect(_fetch_missing(missing, files, max_side_px, parallel=parallel, limits=limits))
        failures = sorted(filter(None, outcomes), key=lambda failure: failure.row)
        files.write_failures(failures)
    before = len(rows) - len(duplicates) - len(missing)
    return FetchSummary(
        folder=folder,
        listed=len(rows),
        present_before=before,
        fetched=len(outcomes) - len(failures),
        duplicates=duplicates,
        failures=failures,
        interrupted=interrupted,
    )


def print_summary(summary: FetchSummary, console: Console) -> None:
    """Say what was fetched, list the failures, and after Ctrl-C how to go on."""
    console.print(
        f"{summary.fetched:,} fetched, {summary.present_before:,} were there, {len(summary.failures):,} failed, "
        f"{len(summary.duplicates):,} listed twice; {summary.listed:,} rows in all.",
        highlight=False,
    )
    for failure in summary.failures[:FAILURES_SHOWN]:
        console.print(f"  row {failure.row}: {escape(failure.url)}: {escape(failure.reason)}", highlight=False)
    if summary.failures:
        more = len(summary.failures) - FAILURES_SHOWN
        all_are = f"{more:,} more; all are" if more > 0 else "all are"
        console.print(f"  {all_are} in {escape(str(summary.folder / FAILURES_NAME))}", highlight=False)
    if summary.interrupted:
        console.print("Stopped. The same command goes on from here.")


def _find_duplicates(rows: Sequence[UrlRow]) -> dict[int, int]:
    """Return, for each row whose address an earlier row has, the number of the first such row."""
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.url, row.number)
    return {row.number: first[row.url] for row in rows if row.url and first[row.url] != row.number}


def _collect(outcomes: Generator[Failure | None, None, None]) -> tuple[list[Failure | None], bool]:
    """Return the outcomes until the last or until Ctrl-C, and whether that came."""
    collected: list[Failure | None] = []
    with closing(outcomes):  # ends the threads also where Ctrl-C comes between two outcomes
        try:
            collected.extend(outcomes)
        except KeyboardInterrupt:
            return collected, True
    return collected, False


def _fetch_missing(
    missing: Sequence[UrlRow], files: FetchFolder, max_side_px: int, *, parallel: int, limits: Limits
) -> Generator[Failure | None, None, None]:
    """Yield one outcome for each row, as they come, behind a progress bar."""
    stopped = threading.Event()
    shown = progress_bar(Console(stderr=True), "Fetching", len(missing))
    with closing(Downloader(limits, stopped)) as downloader, shown as advance:
        fetcher = Fetcher(downloader, files, max_side_px)
        for outcome in run_parallel(fetcher.fetch, missing, parallel, stopped):
            yield outcome
            advance(1)


class Fetcher:
    """One row -> one picture in the folder, or the reason why not."""

    def __init__(self, downloader: Downloader, files: FetchFolder, max_side_px: int) -> None:
        self._downloader, self._files, self._max_side_px = downloader, files, max_side_px

    def fetch(self, row: UrlRow) -> Failure | None:
        """Download, check and save one row's picture; return its failure, if it failed.

        Raises:
            OutputUnwritable: the disk is full, or the folder cannot be written.
            DownloadStopped: the run is over.
        """
        try:
            content = self._downloader.download(row.url)
            shaped, suffix = shape_picture(content, self._max_side_px)
        except DownloadFailed as error:
            return Failure(row.number, row.url, str(error))
        except ImageUnreadable as error:
            return Failure(row.number, row.url, explain_unreadable(content, error))
        except ImageTooLarge as error:
            return Failure(row.number, row.url, f"it has {error.given:,} {error.unit}; {error.allowed:,} are allowed")
        self._files.save_picture(row.number, shaped, suffix)
        return None


def run_parallel(
    work: Callable[[UrlRow], Failure | None], rows: Iterable[UrlRow], parallel: int, stopped: threading.Event
) -> Iterator[Failure | None]:
    """Yield the outcome of `work` for each row, in the order in which they end; raise what it raises.

    The threads are daemons and are not waited for beyond `STOPPING_S`: an executor would hold up Ctrl-C until the slowest
    server has answered.
    """
    todo: queue.SimpleQueue[UrlRow] = queue.SimpleQueue()
    for row in rows:
        todo.put(row)
    waiting = todo.qsize()
    done: queue.SimpleQueue[Failure | BaseException | None] = queue.SimpleQueue()

    def work_through() -> None:
        while not stopped.is_set():
            try:
                done.put(work(todo.get_nowait()))
            except (queue.Empty, DownloadStopped):
                return
            except BaseException as error:  # the thread that waits raises it
                done.put(error)
                return

    threads = [threading.Thread(target=work_through, name="fetch", daemon=True) for _ in range(min(parallel, waiting))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(waiting):
            outcome = done.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        stopped.set()
        deadline = monotonic() + STOPPING_S
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))

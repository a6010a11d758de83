"""What is sent to S3, many at once, behind a bar; and the files of a release, each where its sha256 says."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

from rich.console import Console

from export.console import progress_bar
from export.publish.errors import ChangedMeanwhile
from export.publish.release_state import ReleaseState
from export.publish.s3 import S3Folder
from runtime.artefacts.file_record import FileRecord, sha256_of_opened
from runtime.artefacts.releases.release_file import FILES_PREFIX, file_key

FOR_GOOD = "public, max-age=31536000, immutable"  # what is named by its content
SENT_AT_ONCE = 8
MEGABYTE = 1_000_000
T = TypeVar("T")
R = TypeVar("R")


def in_parallel(work: Callable[[T], R], things: Sequence[T]) -> list[R]:
    """Return what `work` returns for each; after the first exception, which is raised, nothing more is begun."""
    with ThreadPoolExecutor(SENT_AT_ONCE) as pool:
        try:
            return list(pool.map(work, things))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def send_files(
    folder: Path, records: Iterable[FileRecord], there: S3Folder, state: ReleaseState, console: Console
) -> tuple[dict[str, int], int]:
    """Send the files of the next release that do not lie there yet.

    A file stays where a release that is kept has it, or where an attempt at this same release has sent it. Nothing else that
    lies there is relied on, as another publisher may be removing it.

    Returns:
        The number of the release that each was sent for, by its sha256, and how many were sent now.

    Raises:
        ChangedMeanwhile: a file is not what its record says.
        RemoteRefused: AWS did not take one.
    """
    wanted = list({record.sha256: record for record in records}.values())
    present, known, number = there.paths(FILES_PREFIX), state.brought_by, state.number + 1

    def standing_number(record: FileRecord) -> int | None:
        for brought_by in (known.get(record.sha256), number):
            key = file_key(brought_by or number, record.sha256)
            if present.get(key, (-1, 0.0))[0] == record.bytes and there.sha256(key) == record.sha256:
                return brought_by or number
        return None

    found = in_parallel(standing_number, wanted)
    new = [record for record, at in zip(wanted, found, strict=True) if at is None]
    with progress_bar(console, "Sending (MB)", sum(record.bytes for record in new) // MEGABYTE, transient=True) as advance:
        sent = _Megabytes(advance)

        def send(record: FileRecord) -> None:
            key, path = file_key(number, record.sha256), folder / record.path
            changed = ChangedMeanwhile(path, "Run this again once nothing writes there.")
            with _opened(path, changed) as file:
                if sha256_of_opened(file) != record.sha256:
                    raise changed
                before = _written(file)
                again = os.fdopen(os.dup(file.fileno()), "rb")  # which the transfer closes
                there.write(key, again, cache=FOR_GOOD, sha256=record.sha256, sent=sent.add)
                if _written(file) != before:
                    there.remove([key])  # so that no later attempt relies on it
                    raise changed

        in_parallel(send, new)
    return {record.sha256: at or number for record, at in zip(wanted, found, strict=True)}, len(new)


def _opened(path: Path, changed: ChangedMeanwhile) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise changed from None


def _written(file: BinaryIO) -> tuple[int, int]:
    facts = os.fstat(file.fileno())
    return facts.st_mtime_ns, facts.st_size


class _Megabytes:
    """Counts bytes from many threads, and tells a bar of each whole megabyte."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance, self._bytes, self._lock = advance, 0, threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            before, self._bytes = self._bytes, self._bytes + count
            if whole := self._bytes // MEGABYTE - before // MEGABYTE:
                self._advance(whole)

"""A file that is there whole or not at all: written under another name, synced, then renamed. Both sides use it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART_SUFFIX = ".part"


@contextmanager
def whole_file(path: Path, *, shared: bool = False, synced: bool = True) -> Iterator[BinaryIO]:
    """Yield a file to write to, which is at `path` once the block has ended and all of it is on the disk.

    Until then it is `path` with `PART_SUFFIX`. What a killed process left under that name, the next one writes over.

    Args:
        path: where the file will be; its folder exists.
        shared: whether other processes may be writing it at this moment; each then writes under a name of its own.
        synced: whether to wait for the disk. Only a file that is checked before it is used can do without.

    Raises:
        OSError: it cannot be written. After this and any other exception, what stood there before still does.
    """
    writer = f".{secrets.token_hex(4)}" if shared else ""
    unfinished = path.with_name(f"{path.name}{writer}{PART_SUFFIX}")
    try:
        with unfinished.open("wb") as file:
            yield file
            if synced:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):  # the first exception is the one to raise
            unfinished.unlink()
        raise
    if synced:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Write the new name through to the disk, too; else the old file may be back after a power cut."""
    with suppress(OSError):  # the file is in place by now, and not every network file system can sync a folder
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

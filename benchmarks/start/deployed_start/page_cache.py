"""Linux' page cache: which bytes of some files are in memory, and how to have none of them there.

Whole pages, as the kernel reads them: a few at once around each that is needed. So a sum of them is what a start needed of
the files, with what the kernel read along.
"""

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


def read_ahead_bytes(folder: Path) -> int:
    """Return how much the kernel reads at once of a file in this folder, where it reads one page after the other."""
    device = folder.stat().st_dev
    kilobytes = Path(f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb").read_text("ascii")
    return int(kilobytes) * 1024


def evict(files: Iterable[Path]) -> None:
    """Have the kernel drop the pages of these files. Pages that a running process has mapped stay."""
    os.sync()  # what is not written yet cannot be dropped
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def cached_bytes(file: Path) -> int:
    """Return how many bytes of a file are in the page cache; of a part of a page, the whole page counts.

    Raises:
        OSError: the kernel does not say.
    """
    size = file.stat().st_size
    if not size:
        return 0
    pages = (ctypes.c_ubyte * (-(-size // mmap.PAGESIZE)))()
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as mapped,
    ):
        # mmap's own address is had through a buffer that may be written; private, so nothing reaches the file
        start = (ctypes.c_char * size).from_buffer(mapped)
        failed = _LIBC.mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(size), pages)
        fault = ctypes.get_errno()
        del start
    if failed:
        raise OSError(fault, os.strerror(fault), str(file))
    return sum(page & 1 for page in pages) * mmap.PAGESIZE

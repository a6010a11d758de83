"""How much of a mapped file stays in memory: all of it where it may, else what was read last."""

import ctypes
import mmap

RESIDENT_PER_READ = 4  # at most: the kernel maps sixteen pages at a time
KEPT_BYTES = 96 << 20  # where nobody says how much may stay


class MappedMemory:
    """The pages of one mapping: counted, roughly, as they are read, and given back to the system before they are too many.

    The kernel keeps what is given back in its cache while it has room; reading it again takes about a third of the time of a
    search of a million pictures. Without this, a process would keep every page that it ever read, and a container, which
    counts resident memory, could be ended for it. A file that may stay in memory as a whole is never given back.
    """

    def __init__(self, address: int, size_bytes: int, kept_bytes: int) -> None:
        """Keep where the mapping begins, at a page, its length, and how much of it may stay in memory."""
        self._address, self._size_bytes = address, size_bytes
        self.read_max_bytes = size_bytes if size_bytes <= kept_bytes else kept_bytes // RESIDENT_PER_READ
        self._keeps_all = size_bytes <= kept_bytes
        self._read_bytes = 0  # two threads may overwrite each other's addition: the count may be a little low

    def count_read(self, read_bytes: int) -> None:
        """Count what was just read; where it is too much in all, give back the whole mapping."""
        self._read_bytes += read_bytes
        if not self._keeps_all and self._read_bytes > self.read_max_bytes:
            self._read_bytes = 0
            # only a hint, so its result does not matter; safe while other threads read, as the file is mapped again
            advise = ctypes.CDLL(None).madvise
            advise(ctypes.c_void_p(self._address), ctypes.c_size_t(self._size_bytes), mmap.MADV_DONTNEED)

"""The memory that a mapped file takes of a process, and giving it back."""

import ctypes
import mmap


class MappedMemory:
    """The pages of one mapping, counted roughly as they are touched and given back before they are too many.

    What is given back stays in the kernel's cache as long as there is room; touching it again maps it again, which costs a
    search of a million pictures about a third of its time. Without this, a process would in time hold as much of its files
    as there is, and who counts resident memory, as containers do, could not tell that it would not miss it.
    """

    def __init__(self, address: int, size_bytes: int, max_bytes: int) -> None:
        """Keep where the mapping begins, at a page, how long it is, and how much of it may be held."""
        self._address, self._size_bytes, self._max_bytes = address, size_bytes, max_bytes
        self._touched_bytes = 0  # threads may lose an addition to each other; the next one makes up for it

    def touch(self, bytes_read: int) -> None:
        """Count what was just read; where it is too much in all, give back the whole."""
        self._touched_bytes += bytes_read
        if self._touched_bytes > self._max_bytes:
            self._touched_bytes = 0
            # only a hint, so its result does not matter; safe while others read, who see the same file again
            advise = ctypes.CDLL(None).madvise
            advise(ctypes.c_void_p(self._address), ctypes.c_size_t(self._size_bytes), mmap.MADV_DONTNEED)

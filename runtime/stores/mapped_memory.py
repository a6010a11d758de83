"""How much of a mapped file stays in memory: all of it where it may, else about as much as it may, of what was read."""

import ctypes
import mmap

import numpy as np
from numpy.typing import NDArray

WINDOW_BYTES = 65_536  # the kernel maps sixteen pages where one is read ("fault around"), if it has them
PARTS = 16  # of the mapping, given back one at a time
KEPT_BYTES = 96 << 20  # where nobody says how much may stay


class MappedMemory:
    """The pages of one mapping: noted as they are read, and given back to the system before they are too many.

    The kernel keeps what is given back in its cache while it has room; to read it again costs as much as to compare what it
    holds. Without this, a process would keep every page that it ever read, and a container, which counts resident memory,
    could be ended for it. A file that may stay in memory as a whole is never given back.
    """

    def __init__(self, address: int, size_bytes: int, kept_bytes: int) -> None:
        """Keep where the mapping begins, its length, and how much of it may stay in memory."""
        self.keeps_all = size_bytes <= kept_bytes
        self._kept_windows = kept_bytes // WINDOW_BYTES
        before = address % WINDOW_BYTES  # the mapping's first window may have begun before it
        self._first_byte, self._end = address - before, address + size_bytes
        self._address, self._before = address, before
        self._is_held = np.zeros(-(-(before + size_bytes) // WINDOW_BYTES), np.bool_)
        self._next_part = 0  # two threads may write these at once: a window is then held that is not noted, or the reverse

    def make_room(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        """Note that these parts, (n,) each in bytes from the beginning, are about to be read; give others back for them."""
        if self.keeps_all:
            return
        count = len(self._is_held)
        opening, closing = (starts + self._before) // WINDOW_BYTES, -(-(ends + self._before) // WINDOW_BYTES)
        depth = np.cumsum(np.bincount(opening, minlength=count + 1) - np.bincount(closing, minlength=count + 1))
        wanted = np.flatnonzero(depth[:count])
        self._is_held[wanted] = True
        for _ in range(PARTS):
            if int(np.count_nonzero(self._is_held)) <= self._kept_windows:
                return
            self._give_back_a_part()
            self._is_held[wanted] = True

    def _give_back_a_part(self) -> None:
        """Give back the part that was longest ago given back: as good a choice as any where all are read alike."""
        count = len(self._is_held)
        first, last = count * self._next_part // PARTS, count * (self._next_part + 1) // PARTS
        self._next_part = (self._next_part + 1) % PARTS
        self._is_held[first:last] = False
        start = max(self._address, self._first_byte + first * WINDOW_BYTES)
        end = min(self._end, self._first_byte + last * WINDOW_BYTES)
        # only a hint, so its result does not matter; safe while other threads read, as the file is mapped again
        advise = ctypes.CDLL(None).madvise
        advise(ctypes.c_void_p(start), ctypes.c_size_t(max(0, end - start)), mmap.MADV_DONTNEED)

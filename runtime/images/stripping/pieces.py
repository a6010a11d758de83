"""A file read at any place, and the pieces of it that are kept: what is sent, without a copy of it in memory."""

import io
import os
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from runtime.images.metadata import ORIENTATION_TAG

WINDOW_BYTES = 1 << 16
ZEROS = bytes(WINDOW_BYTES)


class Source:
    """An open file. Bytes after its end are absent, as in a file that was cut short."""

    def __init__(self, descriptor: int) -> None:
        """Keep the descriptor, which stays the caller's to close."""
        self.descriptor, self.size = descriptor, os.fstat(descriptor).st_size
        self._window, self._window_at = b"", 0

    def read(self, at: int, length: int) -> bytes:
        """Return the bytes at a place, fewer where the file ends; many small reads near each other cost one of the disk."""
        first = at - self._window_at
        if first < 0 or first + length > len(self._window):
            self._window, self._window_at, first = os.pread(self.descriptor, max(length, WINDOW_BYTES), at), at, 0
        return self._window[first : first + length]


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the file, from `start` to before `end`."""

    start: int
    end: int


@dataclass
class Pieces:
    """What is kept of a file, in order: spans of it, and bytes of our own between them."""

    parts: list[Span | bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many bytes all of it has."""
        return sum(map(_length, self.parts))

    def keep(self, start: int, end: int) -> None:
        """Add a span of the file; one that follows the last one makes it longer."""
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Span) and last.end == start:
            self.parts[-1] = Span(last.start, end)
        elif end > start:
            self.parts.append(Span(start, end))

    def add(self, content: bytes) -> None:
        """Add bytes of our own."""
        if content:
            self.parts.append(content)

    def add_zeros(self, count: int) -> None:
        """Add so many zeros."""
        while count > 0:
            self.add(ZEROS[:count])
            count -= len(ZEROS)


class PieceFile(io.RawIOBase):
    """The pieces of an open file, read as one file."""

    def __init__(self, descriptor: int, pieces: Pieces) -> None:
        """Keep the descriptor, which must stay open as long as this is read, and is not closed with it."""
        self._descriptor, self._parts, self._at = descriptor, pieces.parts, 0
        self._starts = list(accumulate(map(_length, pieces.parts), initial=0))

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, and return it."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # of any writable buffer: BufferedReader's
        """Fill a buffer up to the end of a piece, and return how many bytes that were."""
        if self._at >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        part, first = self._parts[number], self._at - self._starts[number]
        count = min(len(buffer), self._starts[number + 1] - self._at)
        content = (
            os.pread(self._descriptor, count, part.start + first) if isinstance(part, Span) else part[first : first + count]
        )
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


def orientation_block(orientation: int) -> bytes:
    """Return EXIF that says the orientation and nothing else: a TIFF of one directory with one entry."""
    entry = ORIENTATION_TAG.to_bytes(2, "big") + b"\0\3" + b"\0\0\0\1" + orientation.to_bytes(2, "big") + b"\0\0"
    return b"MM\0*" + b"\0\0\0\x08" + b"\0\1" + entry + bytes(4)


def _length(part: Span | bytes) -> int:
    return part.end - part.start if isinstance(part, Span) else len(part)

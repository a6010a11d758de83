"""The directories of a TIFF, which EXIF is, too: numbered tags with their values. Reads those that are asked for alone.

A damaged or hostile file has fewer tags; nothing is raised, and no more is read than the limits here.
"""

import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""(offset, length) -> the bytes there; fewer, or none, behind the end."""

Value = bytes | tuple[int, ...] | tuple[float, ...]
"""Bytes as they are; whole numbers; or fractions, NaN where the denominator is 0."""

ENTRIES_MAX = 512  # of one directory; cameras write some sixty
VALUE_BYTES_MAX = 1_000_000
NUMBERS_MAX = 100  # of one value
TYPES = {
    1: "B",
    2: "c",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "c",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
}
AS_BYTES = frozenset({1, 2, 6, 7})
BLOCKS = frozenset({0x02BC, 0x83BB})  # XMP and IPTC: bytes, though some write them as 32-bit numbers
FRACTIONS = frozenset({5, 10})
# The number behind the byte order: of TIFF, of BigTIFF, and of raw files of Olympus and Panasonic, which are TIFF otherwise
TIFF, BIG_TIFF, OTHERS = 42, 43, frozenset({0x4F52, 0x5352, 0x55})


@dataclass(frozen=True, slots=True)
class Tiff:
    """A TIFF whose first directory is at `first`. Offsets count from its own beginning."""

    read: ReadAt
    order: str
    is_big: bool
    first: int

    def tags(self, at: int, wanted: Collection[int]) -> dict[int, Value]:
        """Return the values of these tags in the directory at an offset, as far as they are there."""
        try:
            return self._tags(at, wanted)
        except struct.error:  # cut off before the directory's end
            return {}

    def _tags(self, at: int, wanted: Collection[int]) -> dict[int, Value]:
        head, step, word = (8, 20, "Q") if self.is_big else (2, 12, "I")
        [count] = struct.unpack(self.order + ("Q" if self.is_big else "H"), self.read(at, head))
        entries = self.read(at + head, step * min(count, ENTRIES_MAX))
        found: dict[int, Value] = {}
        for start in range(0, len(entries) - step + 1, step):
            tag, form = struct.unpack_from(self.order + "HH", entries, start)
            if tag not in wanted or form not in TYPES or tag in found:
                continue
            [values] = struct.unpack_from(self.order + word, entries, start + 4)
            length = values * struct.calcsize(self.order + TYPES[form])
            is_block = form in AS_BYTES or tag in BLOCKS
            if length > VALUE_BYTES_MAX or (values > NUMBERS_MAX and not is_block):
                continue
            inside = start + (12 if self.is_big else 8)
            if length > step - (inside - start):
                [offset] = struct.unpack_from(self.order + word, entries, inside)
                content = self.read(offset, length)
            else:
                content = entries[inside : inside + length]
            if len(content) == length:
                found[tag] = content if is_block else self._value(form, content)
        return found

    def _value(self, form: int, content: bytes) -> Value:
        numbers = [*struct.iter_unpack(self.order + TYPES[form], content)]
        if form in FRACTIONS:
            return tuple(above / below if below else float("nan") for above, below in numbers)
        return tuple(number for (number,) in numbers)


def open_tiff(read: ReadAt) -> Tiff | None:
    """Return the TIFF that begins at offset 0; None where there is none."""
    head = read(0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return None
    [kind] = struct.unpack_from(order + "H", head, 2)
    if kind == BIG_TIFF and len(head) == 16:
        return Tiff(read, order, True, struct.unpack_from(order + "Q", head, 8)[0])
    if kind == TIFF or kind in OTHERS:
        return Tiff(read, order, False, struct.unpack_from(order + "I", head, 4)[0])
    return None


def read_within(content: bytes) -> ReadAt:
    """Return how to read bytes that are in memory."""
    return lambda at, length: content[at : at + length]

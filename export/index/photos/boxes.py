"""EXIF and XMP in files made of boxes (ISO 14496-12): HEIC and AVIF, Canon's CR3, JPEG 2000."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from export.index.photos.tiff import ReadAt, Tiff, open_tiff, read_within

BOX_KINDS = frozenset({b"ftyp", b"jP  "})  # of the first box
BOXES_MAX = 64
BLOCK_BYTES_MAX = 1_000_000
ITEMS_MAX = 4096
# Items of the kinds wanted, in the list of items: the number, in 16 or 32 bits, and the kind
LISTED = re.compile(rb"infe(?:\x02.{3}(.{2})|\x03.{3}(.{4})).{2}(Exif|mime[^\0]{0,100}\0application/rdf\+xml\0)", re.DOTALL)
CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
JP2_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
JP2_EXIF = b"JpgTiffExif->JP2"


@dataclass(slots=True)
class BoxedBlocks:
    """What was found; `exif` and `gps` in files of Canon's, which have blocks for them."""

    first: Tiff | None = None
    exif: Tiff | None = None
    gps: Tiff | None = None
    xmp: bytes = b""


def find_in_boxes(read: ReadAt, size: int) -> BoxedBlocks:
    """Return the blocks of a file of `size` bytes, as far as they are found."""
    found = BoxedBlocks()
    for kind, start, end in _boxes(read, 0, size):
        if kind == b"meta":
            _note_items(read, read(start, min(end - start, BLOCK_BYTES_MAX)), found)
        elif kind == b"moov":
            for inner, at, inner_end in _boxes(read, start, end):
                if inner == b"uuid" and read(at, 16) == CANON:
                    _note_canon(read, at + 16, inner_end, found)
        elif kind == b"uuid":
            name, content = read(start, 16), read(start + 16, min(end - start - 16, BLOCK_BYTES_MAX))
            if name == JP2_XMP:
                found.xmp = found.xmp or content
            elif name == JP2_EXIF:
                found.first = found.first or open_tiff(read_within(content))
    return found


def _boxes(read: ReadAt, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes in a range: each kind, where its content begins, and where it ends."""
    for _ in range(BOXES_MAX):
        head = read(at, 16)
        if len(head) < 8 or at >= end:
            return
        length, begin = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, begin = int.from_bytes(head[8:], "big"), 16
        elif length == 0:
            length = end - at
        if length < begin:
            return
        yield head[4:8], at + begin, min(at + length, end)
        at += length


def _note_canon(read: ReadAt, at: int, end: int, found: BoxedBlocks) -> None:
    for kind, start, box_end in _boxes(read, at, end):
        if kind in {b"CMT1", b"CMT2", b"CMT4"}:
            tiff = open_tiff(read_within(read(start, min(box_end - start, BLOCK_BYTES_MAX))))
            if kind == b"CMT1":
                found.first = tiff
            elif kind == b"CMT2":
                found.exif = tiff
            else:
                found.gps = tiff


def _note_items(read: ReadAt, meta: bytes, found: BoxedBlocks) -> None:
    wanted = {int.from_bytes(short or long, "big"): kind for short, long, kind in LISTED.findall(meta)}
    if not wanted:
        return
    for number, (at, length) in _places(meta, wanted.keys()).items():
        content = read(at, min(length, BLOCK_BYTES_MAX))
        if wanted[number] != b"Exif":
            found.xmp = found.xmp or content
        elif found.first is None:
            found.first = open_tiff(read_within(content[4 + int.from_bytes(content[:4], "big") :]))


def _places(meta: bytes, wanted: Container[int]) -> dict[int, tuple[int, int]]:
    """Return offset in the file and length of these items; of one in several parts, of the first."""
    start = meta.find(b"iloc") + 4
    if start < 4 or len(meta) < start + 8:
        return {}
    version, sizes = meta[start], int.from_bytes(meta[start + 4 : start + 6], "big")
    offset_bytes, length_bytes, base_bytes = sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    number_bytes = 4 if version > 1 else 2
    numbers = _Numbers(meta, start + 6)
    found = {}
    for _ in range(min(numbers.take(number_bytes), ITEMS_MAX)):
        number = numbers.take(number_bytes)
        is_elsewhere = bool(version and numbers.take(2) & 15)  # within another box, or another item
        numbers.take(2)
        base = numbers.take(base_bytes)
        if parts := numbers.take(2):
            numbers.take(index_bytes)
            at, length = base + numbers.take(offset_bytes), numbers.take(length_bytes)
            numbers.at += (parts - 1) * (index_bytes + offset_bytes + length_bytes)
            if number in wanted and not is_elsewhere:
                found[number] = at, length
        if numbers.at > len(meta):
            break
    return found


class _Numbers:
    """Whole numbers one behind the other; 0 behind the end."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content, self.at = content, at

    def take(self, length: int) -> int:
        self.at += length
        return int.from_bytes(self._content[self.at - length : self.at], "big")

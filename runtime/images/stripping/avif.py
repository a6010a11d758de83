"""AVIF: boxes in boxes. Items of EXIF and XMP become zeros under another name, as what lies behind them must keep its place.

The structure is ISO/IEC 14496-12 (8.11, the boxes of `meta`). Orientation and colours are properties, which stay.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.images.stripping.pieces import Pieces, Source

BRANDS = frozenset({b"avif", b"avis"})
# Boxes of a file; any other, as of applications (uuid) or with who holds the rights (udta), becomes free space.
KEPT_BOXES = frozenset({b"ftyp", b"meta", b"mdat", b"moov"})
MOVIE_BOXES = frozenset({b"moov", b"trak"})
MOVIE_METADATA = frozenset({b"udta", b"meta", b"uuid"})
# Pictures, and how others are put together of them; any other item, as Exif, mime (XMP) and uri, is none.
KEPT_ITEMS = frozenset({b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato"})
FREE, PASSED_OVER = b"free", b"skip"
META_MAX_BYTES, BOXES_MAX = 4_000_000, 10_000
IN_FILE, IN_ITEM_DATA = 0, 1


@dataclass(frozen=True, slots=True)
class Box:
    """A box: where it starts, where its content does, where it ends."""

    kind: bytes
    start: int
    content: int
    end: int


class Unreadable(Exception):
    """The boxes cannot be read."""


def is_avif(start: bytes) -> bool:
    """Return whether a file that begins like this has a brand of AVIF."""
    length = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[at : at + 4] for at in (8, *range(16, length, 4))}
    return start[4:8] == b"ftyp" and bool(brands & BRANDS)


def strip_avif(source: Source) -> Pieces | None:
    """Return an AVIF with zeros in place of its metadata; None of one that cannot be read so far."""
    try:
        return _patched(source.size, sorted(_patches(source), key=lambda patch: patch[0]))
    except (Unreadable, struct.error, IndexError):
        return None


def _patched(size: int, patches: list[tuple[int, int, bytes | None]]) -> Pieces:
    kept, at = Pieces(), 0
    for start, end, content in patches:
        first, last = max(start, at), min(end, size)
        if first >= last:
            continue
        kept.keep(at, first)
        if content is None:
            kept.add_zeros(last - first)
        else:
            kept.add(content[first - start : last - start])
        at = last
    kept.keep(at, size)
    return kept


def _patches(source: Source) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield what is written over: from where, to where, and with what; None for zeros."""
    for box in _boxes(source, 0, source.size):
        if box.kind == b"meta":
            yield from _metadata_items(source, box)
        elif box.kind in MOVIE_BOXES:
            yield from _movie_metadata(source, box)
        elif box.kind not in KEPT_BOXES:
            yield from _freed(box)


def _movie_metadata(source: Source, box: Box) -> Iterator[tuple[int, int, bytes | None]]:
    for inner in _boxes(source, box.content, box.end):
        if inner.kind in MOVIE_METADATA:
            yield from _freed(inner)
        elif inner.kind in MOVIE_BOXES:
            yield from _movie_metadata(source, inner)


def _freed(box: Box) -> Iterator[tuple[int, int, bytes | None]]:
    yield box.start + 4, box.start + 8, FREE
    yield box.content, box.end, None


def _metadata_items(source: Source, meta: Box) -> Iterator[tuple[int, int, bytes | None]]:
    if meta.end - meta.start > META_MAX_BYTES:
        raise Unreadable
    inner = {box.kind: box for box in _boxes(source, meta.content + 4, meta.end)}
    if b"iinf" not in inner:
        return
    names = dict(_item_names(source, inner[b"iinf"]))
    unwanted = {item for item, (_, kind) in names.items() if kind not in KEPT_ITEMS}
    for item in unwanted:
        yield names[item][0], names[item][0] + 4, PASSED_OVER
    if not unwanted:
        return
    item_data = inner[b"idat"].content if b"idat" in inner else None
    for item, method, start, end in _extents(source, inner[b"iloc"]) if b"iloc" in inner else ():
        if item not in unwanted:
            continue
        if method not in {IN_FILE, IN_ITEM_DATA} or end <= start or (method == IN_ITEM_DATA and item_data is None):
            raise Unreadable
        base = item_data or 0 if method == IN_ITEM_DATA else 0
        yield base + start, base + end, None


def _item_names(source: Source, iinf: Box) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Yield each item's number, and where its type stands and which it is."""
    wide = source.read(iinf.content, 1)[0] > 0
    for infe in _boxes(source, iinf.content + (8 if wide else 6), iinf.end):
        version = source.read(infe.content, 1)[0]
        if infe.kind != b"infe" or version not in {2, 3}:
            raise Unreadable
        number_bytes = 2 if version == 2 else 4
        number = int.from_bytes(source.read(infe.content + 4, number_bytes), "big")
        kind_at = infe.content + 6 + number_bytes
        yield number, (kind_at, source.read(kind_at, 4))


def _extents(source: Source, iloc: Box) -> Iterator[tuple[int, int, int, int]]:
    """Yield each extent: its item, how it is addressed, its first byte and the one after its last."""
    content = source.read(iloc.content, iloc.end - iloc.content)
    version = content[0]
    sizes, more = content[4], content[5]
    offset_bytes, length_bytes, base_bytes = sizes >> 4, sizes & 15, more >> 4
    index_bytes = more & 15 if version else 0
    at = 6

    def number(size: int) -> int:
        nonlocal at
        if at + size > len(content):
            raise Unreadable
        at += size
        return int.from_bytes(content[at - size : at], "big")

    wide = 4 if version == 2 else 2
    for _ in range(number(wide)):
        item = number(wide)
        method = number(2) & 15 if version else IN_FILE
        if number(2):  # the data is in another file
            raise Unreadable
        base = number(base_bytes)
        for _ in range(number(2)):
            number(index_bytes)
            start = base + number(offset_bytes)
            yield item, method, start, start + number(length_bytes)


def _boxes(source: Source, at: int, end: int) -> Iterator[Box]:
    for _ in range(BOXES_MAX):
        if at >= end:
            return
        length, kind = struct.unpack(">I4s", source.read(at, 8))
        content = at + 8
        if length == 1:
            [length] = struct.unpack(">Q", source.read(content, 8))
            content += 8
        last = min(source.size, at + length) if length else end
        if last < content or last > end:
            raise Unreadable
        yield Box(kind, at, content, last)
        at = last
    raise Unreadable

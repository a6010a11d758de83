"""JPEG: segments, scans, and whatever cameras put behind the end."""

import re

from runtime.images.metadata import EXIF_PREFIX, UPRIGHT, read_orientation
from runtime.images.stripping.pieces import Pieces, Source, orientation_block

START, ENDED, SCAN, END = b"\xff\xd8", b"\xff\xd9", 0xDA, 0xD9
STANDALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
METADATA = frozenset({*range(0xE0, 0xF0), 0xFE})
KEPT_METADATA = {0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}  # colours
JFIF, JFIF_BYTES = b"JFIF\0", 12  # up to where its thumbnail begins
TABLES = frozenset({0xC4, 0xDB, 0xDC, 0xDD, *range(0xC0, 0xC4)})  # what may follow a scan, beside another one
UNSEEN = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})  # lossless, hierarchical, arithmetic
SEGMENTS_MAX = 100_000
# In a scan, 0xFF is followed by 0x00, by the number of a restart, or by a fill byte; anything else ends it.
MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
SCANNED_BYTES = 1 << 20


def strip_jpeg(source: Source) -> Pieces | None:
    """Return the first picture of a file without EXIF, XMP, IPTC, comments, previews and what lies behind its end.

    Colour profiles stay, and so does the orientation. None of a file that no browser shows, or that has no scan.
    """
    kept, orientation, jfif = Pieces(), UPRIGHT, b""
    at, in_scans = 2, False
    for _ in range(SEGMENTS_MAX):
        found = _next_marker(source, at)
        start, marker = found or (source.size, END)
        if in_scans:
            kept.keep(at, start)
        if marker == END:
            break
        if marker in STANDALONE or (in_scans and marker not in TABLES | METADATA | {SCAN}):
            at = start + 2  # in a damaged scan, any marker may turn up
            if in_scans:
                kept.keep(start, at)
            continue
        at = min(source.size, start + 2 + int.from_bytes(source.read(start + 2, 2), "big"))
        if marker in UNSEEN:
            return None
        if marker == 0xE0 and not jfif:
            jfif = _without_thumbnail(source.read(start + 4, JFIF_BYTES))
        elif marker == 0xE1 and orientation == UPRIGHT:
            orientation = _orientation_in(source.read(start + 4, at - start - 4))
        beginning = KEPT_METADATA.get(marker, b"")
        if marker not in METADATA or (beginning and source.read(start + 4, len(beginning)) == beginning):
            kept.keep(start, at)
        in_scans = in_scans or marker == SCAN
    else:
        return None
    if not in_scans:
        return None
    return Pieces([START + jfif + _exif(orientation), *kept.parts, *([ENDED] if found else [])])


def _next_marker(source: Source, at: int) -> tuple[int, int] | None:
    """Return where the next marker stands and which it is; None where there is none."""
    here = source.read(at, 2)
    if MARKER.fullmatch(here):
        return at, here[1]
    while at + 1 < source.size:
        block = source.read(at, SCANNED_BYTES)
        if found := MARKER.search(block):
            return at + found.start(), found[1][0]
        if len(block) < 2:
            break
        at += len(block) - 1  # its last byte may be a marker's first
    return None


def _orientation_in(segment: bytes) -> int:
    return read_orientation(segment) if segment.startswith(EXIF_PREFIX) else UPRIGHT


def _without_thumbnail(segment: bytes) -> bytes:
    if len(segment) < JFIF_BYTES or not segment.startswith(JFIF):
        return b""
    return b"\xff\xe0\x00\x10" + segment + b"\0\0"


def _exif(orientation: int) -> bytes:
    content = EXIF_PREFIX + orientation_block(orientation)
    return b"" if orientation == UPRIGHT else b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content

"""PNG and WebP: files of chunks, of which those that make up the picture are kept."""

import zlib

from runtime.images.metadata import PNG_SIGNATURE, UPRIGHT, read_orientation
from runtime.images.stripping.pieces import Pieces, Source, orientation_block

CHUNKS_MAX = 1_000_000
EXIF_MAX_BYTES = 1_000_000
# The picture, its colours and its frames: no text, no time, no EXIF.
PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)
WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
WEBP_EXIF_FLAG, WEBP_XMP_FLAG = 0x08, 0x04


def strip_png(source: Source) -> Pieces | None:
    """Return a PNG without texts, EXIF, time and what lies behind its end; the orientation stays."""
    before, after, orientation = Pieces(), Pieces(), UPRIGHT
    kept, at = before, len(PNG_SIGNATURE)
    before.keep(0, at)
    for _ in range(CHUNKS_MAX):
        header = source.read(at, 8)
        if len(header) < 8:
            break
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        end = min(source.size, at + 12 + length)
        if kind == b"IDAT":
            kept = after
        if kind in PNG_KEPT:
            kept.keep(at, end)
        elif kind == b"eXIf" and length < EXIF_MAX_BYTES:
            orientation = read_orientation(source.read(at + 8, length))
        at = end
        if kind == b"IEND":
            break
    else:
        return None
    exif = b"eXIf" + orientation_block(orientation)
    chunk = (len(exif) - 4).to_bytes(4, "big") + exif + zlib.crc32(exif).to_bytes(4, "big")
    return Pieces([*before.parts, *([] if orientation == UPRIGHT else [chunk]), *after.parts])


def strip_webp(source: Source) -> Pieces | None:
    """Return a WebP without EXIF, XMP and what lies behind its end; the orientation stays."""
    kept, orientation, at = Pieces(), UPRIGHT, 12
    file_end = min(source.size, 8 + int.from_bytes(source.read(4, 4), "little"))
    for _ in range(CHUNKS_MAX):
        header = source.read(at, 8)
        if len(header) < 8 or at >= file_end:
            break
        kind, length = header[:4], int.from_bytes(header[4:], "little")
        end = min(source.size, at + 8 + length + length % 2)
        if kind == b"EXIF" and length < EXIF_MAX_BYTES:
            orientation = read_orientation(source.read(at + 8, length))
        elif kind == b"VP8X" and length == 10:
            flags_at = len(kept.parts)
            kept.add(source.read(at, 18))
        elif kind in WEBP_KEPT:
            kept.keep(at, end)
        at = end
    else:
        return None
    flagged = [part for part in kept.parts if isinstance(part, bytes)]
    if flagged:
        turned = 0 if orientation == UPRIGHT else WEBP_EXIF_FLAG
        flags = flagged[0][8] & ~(WEBP_EXIF_FLAG | WEBP_XMP_FLAG) | turned
        kept.parts[flags_at] = flagged[0][:8] + bytes([flags]) + flagged[0][9:]
    if flagged and orientation != UPRIGHT:
        block = orientation_block(orientation)
        kept.add(b"EXIF" + len(block).to_bytes(4, "little") + block)
    return Pieces([b"RIFF" + (kept.size + 4).to_bytes(4, "little") + b"WEBP", *kept.parts])

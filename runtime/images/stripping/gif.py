"""GIF: blocks, each of sub-blocks; comments and applications' own data go, but for what makes it move."""

from runtime.images.stripping.pieces import Pieces, Source

EXTENSION, PICTURE, TRAILER = 0x21, 0x2C, 0x3B
GRAPHIC_CONTROL, APPLICATION = 0xF9, 0xFF
KEPT_APPLICATIONS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"})  # loops and colours
BLOCKS_MAX, SUB_BLOCKS_MAX = 100_000, 1_000_000


def strip_gif(source: Source) -> Pieces | None:
    """Return a GIF without comments, XMP and what lies behind its end; None of one whose blocks cannot be told apart."""
    kept, left = Pieces(), SUB_BLOCKS_MAX
    at = min(source.size, 13 + _colour_table_bytes(source.read(10, 1)))
    kept.keep(0, at)
    for _ in range(BLOCKS_MAX):
        start, kind = at, source.read(at, 1)
        if not kind or kind[0] == TRAILER:
            kept.keep(start, start + len(kind))
            return kept
        if kind[0] == EXTENSION:
            label = source.read(at + 1, 1)
            at, is_kept = at + 2, _is_kept(label, source.read(at + 3, 11))
        elif kind[0] == PICTURE:
            at, is_kept = at + 11 + _colour_table_bytes(source.read(at + 9, 1)), True
        else:
            return None
        while (size := source.read(at, 1)) and size[0]:
            at, left = at + 1 + size[0], left - 1
            if not left:
                return None
        at = min(at + 1, source.size)
        if is_kept:
            kept.keep(start, at)
    return None


def _is_kept(label: bytes, application: bytes) -> bool:
    return label == bytes([GRAPHIC_CONTROL]) or (label == bytes([APPLICATION]) and application in KEPT_APPLICATIONS)


def _colour_table_bytes(flags: bytes) -> int:
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0

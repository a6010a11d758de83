"""What the decoder of JPEG 2000 will take, by its codestream's header, which may differ from that of the file around it."""

import struct
from math import ceil

CODESTREAM = b"\xff\x4f\xff\x51"
SIZES = struct.Struct(">8I H")  # after the markers: right, bottom, left, top; width, height of a tile, and their left, top
SIZES_AT = 8
# Measured: 5.2 bytes a sample with 8 bits. OpenJPEG keeps samples as integers of 32 bits.
SAMPLE_BYTES = 6
TILE_BYTES, COMPONENT_BYTES = 6_000, 1_200  # OpenJPEG's parameters of each tile, and of each component in it
BOX_NAMES_MAX = 1000


def decoder_bytes(content: bytes) -> int:
    """Return a bound of what OpenJPEG takes for a file, without the picture that it makes; 0 where it will refuse it."""
    at = _codestream_at(content)
    if at is None or len(content) < at + SIZES_AT + SIZES.size:
        return 0
    right, bottom, left, top, width, height, tiles_left, tiles_top, components = map(
        int, SIZES.unpack_from(content, at + SIZES_AT)
    )
    if not (width and height):
        return 0
    tiles: int = ceil(max(0, right - tiles_left) / width) * ceil(max(0, bottom - tiles_top) / height)
    held = min(width, max(0, right - left)) * min(height, max(0, bottom - top))
    return held * components * SAMPLE_BYTES + tiles * (TILE_BYTES + components * COMPONENT_BYTES)


def _codestream_at(content: bytes) -> int | None:
    if content.startswith(CODESTREAM):
        return 0
    at = 0
    for _ in range(BOX_NAMES_MAX):
        if at + 16 > len(content):
            return None
        length, name = struct.unpack_from(">I4s", content, at)
        header = 16 if length == 1 else 8
        if name == b"jp2c":
            return at + header
        at += struct.unpack_from(">Q", content, at + 8)[0] if length == 1 else length
        if length == 0:
            return None
    return None

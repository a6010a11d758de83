"""Where a picture file keeps its EXIF, XMP and IPTC: found by the outer structure of its format, nothing decoded.

Goes by content, not by suffix. `boxes.py` knows the formats that are made of boxes: HEIC, AVIF, CR3, JPEG 2000.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from export.index.photos.boxes import BOX_KINDS, find_in_boxes
from export.index.photos.tiff import ReadAt, Tiff, open_tiff, read_within
from runtime.images.metadata import EXIF_PREFIX, JPEG_SCAN, JPEG_STANDALONE, JPEG_START, PNG_SIGNATURE

PARTS_MAX = 120  # segments of a JPEG, chunks of a PNG or WebP, blocks of a Photoshop file
BLOCK_BYTES_MAX = 1_000_000
TAIL_BYTES = 65_536  # of a PNG of so many chunks; its EXIF may come last
JPEG_XMP, JPEG_PHOTOSHOP = b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
PNG_XMP = b"XML:com.adobe.xmp\0"
PNG_PROFILE = b"Raw profile type "  # ImageMagick, GIMP and exiv2 write the blocks so, as hexadecimal digits
PHOTOSHOP_IPTC, PHOTOSHOP_EXIF, PHOTOSHOP_XMP = 1028, 1058, 1060
FUJI_RAW, FUJI_JPEG_AT = b"FUJIFILMCCD-RAW", 84


@dataclass(slots=True)
class Blocks:
    """What was found. `exif` and `gps` are there where EXIF and position have blocks of their own."""

    first: Tiff | None = None
    exif: Tiff | None = None
    gps: Tiff | None = None
    xmp: bytes = b""
    iptc: bytes = b""

    def note_exif(self, block: bytes) -> None:
        """Keep a block of EXIF, if it is the first that can be read."""
        self.first = self.first or open_tiff(read_within(block.removeprefix(EXIF_PREFIX)))


def find_blocks(read: ReadAt, size: int) -> Blocks:
    """Return the blocks of a file of `size` bytes; of one that is damaged, or of another format, those before the fault."""
    head, blocks = read(0, 16), Blocks()
    if head.startswith(JPEG_START):
        _find_in_jpeg(read, blocks)
    elif head.startswith(PNG_SIGNATURE):
        _find_in_png(read, size, blocks)
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        _find_in_webp(read, blocks)
    elif head.startswith((b"II", b"MM")):
        blocks.first = open_tiff(read)
    elif head[4:8] in BOX_KINDS:
        found = find_in_boxes(read, size)
        blocks.first, blocks.exif, blocks.gps = found.first, found.exif, found.gps
        blocks.xmp = found.xmp
    elif head.startswith(b"8BPS"):
        _find_in_photoshop(read, blocks)
    elif head.startswith(FUJI_RAW):
        start = int.from_bytes(read(FUJI_JPEG_AT, 4), "big")
        _find_in_jpeg(lambda at, length: read(start + at, length), blocks)
    return blocks


def _find_in_jpeg(read: ReadAt, blocks: Blocks) -> None:
    at, resources = 2, b""
    for _ in range(PARTS_MAX):
        head = read(at, 4)
        if len(head) < 4 or head[0] != 0xFF:
            break
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker == 0xFF or marker in JPEG_STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == JPEG_SCAN:
            break
        if marker in {0xE1, 0xED}:
            content = read(at + 4, max(0, length - 2))
            if content.startswith(EXIF_PREFIX):
                blocks.note_exif(content)
            elif content.startswith(JPEG_XMP):
                blocks.xmp = blocks.xmp or content.removeprefix(JPEG_XMP)
            elif content.startswith(JPEG_PHOTOSHOP):
                resources += content.removeprefix(JPEG_PHOTOSHOP)
        at += 2 + length
    _note_resources(resources, blocks)


def _find_in_png(read: ReadAt, size: int, blocks: Blocks) -> None:
    at = len(PNG_SIGNATURE)
    for _ in range(PARTS_MAX):
        head = read(at, 8)
        if len(head) < 8:
            return
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"eXIf":
            blocks.note_exif(read(at + 8, min(length, BLOCK_BYTES_MAX)))
        elif kind == b"iTXt" and not blocks.xmp:
            blocks.xmp = _png_text(read(at + 8, min(length, BLOCK_BYTES_MAX)))
        elif kind in {b"zTXt", b"tEXt"} and read(at + 8, len(PNG_PROFILE)) == PNG_PROFILE:
            _note_profile(read(at + 8, min(length, BLOCK_BYTES_MAX)), blocks, is_packed=kind == b"zTXt")
        elif kind == b"IEND":
            return
        at += 12 + length
    tail = read(max(0, size - TAIL_BYTES), TAIL_BYTES)
    found = tail.find(b"eXIf")
    if found >= 4 and blocks.first is None:
        end = found + 4 + int.from_bytes(tail[found - 4 : found], "big")
        if int.from_bytes(tail[end : end + 4], "big") == zlib.crc32(tail[found:end]):
            blocks.note_exif(tail[found + 4 : end])


def _png_text(chunk: bytes) -> bytes:
    """Return the XMP in a text chunk; empty where it holds another text, or cannot be unpacked."""
    if not chunk.startswith(PNG_XMP):
        return b""
    is_packed = chunk[len(PNG_XMP) : len(PNG_XMP) + 1] == b"\1"
    *_, text = chunk[len(PNG_XMP) + 2 :].split(b"\0", 2)  # behind two texts that say the language
    return _unpacked(text) if is_packed else text


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, BLOCK_BYTES_MAX)
    except zlib.error:
        return b""


def _note_profile(chunk: bytes, blocks: Blocks, *, is_packed: bool) -> None:
    """Keep the block in a text chunk: its name, a 0, perhaps packed, on lines: the name again, its length, its digits."""
    name, _, text = chunk.removeprefix(PNG_PROFILE).partition(b"\0")
    lines = (_unpacked(text[1:]) if is_packed else text).split(b"\n")  # a packed text begins with the way of packing
    try:
        content = bytes.fromhex(b"".join(lines[3:]).decode("ascii"))
    except ValueError:  # UnicodeDecodeError is one
        return
    if name in {b"exif", b"APP1"} and not content.startswith(JPEG_XMP):
        blocks.note_exif(content)
    elif name in {b"xmp", b"APP1"}:
        blocks.xmp = blocks.xmp or content.removeprefix(JPEG_XMP)
    elif name in {b"iptc", b"8bim"}:
        _note_resources(content, blocks)


def _find_in_webp(read: ReadAt, blocks: Blocks) -> None:
    at = 12
    for _ in range(PARTS_MAX):
        head = read(at, 8)
        if len(head) < 8:
            return
        kind, length = head[:4], int.from_bytes(head[4:], "little")
        if kind == b"EXIF":
            blocks.note_exif(read(at + 8, min(length, BLOCK_BYTES_MAX)))
        elif kind == b"XMP ":
            blocks.xmp = blocks.xmp or read(at + 8, min(length, BLOCK_BYTES_MAX))
        at += 8 + length + length % 2


def _find_in_photoshop(read: ReadAt, blocks: Blocks) -> None:
    at = 26  # behind the header come the colours, then the resources
    at += 4 + int.from_bytes(read(at, 4), "big")
    length = int.from_bytes(read(at, 4), "big")
    _note_resources(read(at + 4, min(length, 4 * BLOCK_BYTES_MAX)), blocks)


def _note_resources(content: bytes, blocks: Blocks) -> None:
    for kind, resource in _resources(content):
        if kind == PHOTOSHOP_IPTC:
            blocks.iptc = blocks.iptc or resource
        elif kind == PHOTOSHOP_EXIF:
            blocks.note_exif(resource)
        elif kind == PHOTOSHOP_XMP:
            blocks.xmp = blocks.xmp or resource


def _resources(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield Photoshop's blocks, each "8BIM", its number, a name of its own length, and the content; all even."""
    at = 0
    for _ in range(PARTS_MAX):
        if content[at : at + 4] != b"8BIM" or len(content) < at + 12:
            return
        name_bytes = 1 + content[at + 6]
        start = at + 6 + name_bytes + name_bytes % 2
        length = int.from_bytes(content[start : start + 4], "big")
        yield int.from_bytes(content[at + 4 : at + 6], "big"), content[start + 4 : start + 4 + length]
        at = start + 4 + length + length % 2

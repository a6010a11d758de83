"""A picture file without its metadata, and what in it counts: which way up the picture is, and its colour profile.

Metadata is where cameras and editors write nonsense, and where decoders give up for it. So it is taken out before a decoder
sees the file: texts, colour profiles, EXIF, previews. What is damaged here costs orientation or profile, not the picture.
Knows the formats' outer structure alone, and no pixels.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from runtime.images.psd import PSD_START, without_layers

UPRIGHT = 1
ORIENTATION_TAG = 0x0112
INTEGER_FORMS = {1: "B", 3: "H", 4: "I"}  # by TIFF's number of the type: BYTE, SHORT, LONG
TEXT_FORMS = frozenset({1, 2, 6, 7})  # of bytes, which stay as they are
PRIVATE_TAGS = 32_768  # from here on, of programs' own, which no decoder reads
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})  # tRNS goes, too: transparency is dropped
JPEG_START, JPEG_SCAN, JPEG_END = b"\xff\xd8", 0xDA, b"\xff\xd9"
JPEG_STANDALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})  # markers that no length follows
JPEG_METADATA = frozenset({*range(0xE0, 0xF0), 0xFE})
JPEG_COLOURS = {0xE0: (b"JFIF\0", 18), 0xEE: (b"Adobe", 16)}  # say the colour space; their beginning and least length
EXIF_PREFIX = b"Exif\0\0"
PROFILE_PREFIX = b"ICC_PROFILE\0"  # then the number of the part, and how many there are
PROFILE_MAX_BYTES = 1_000_000  # of a colour profile; those of cameras and screens have 500 to 20,000
# An item of the type Exif in an AVIF's list of items. Orientation is said by the container (irot, imir) there.
AVIF_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{3}.{2}|\x03.{3}.{4}).{2})Exif", re.DOTALL)
AVIF_CODING = re.compile(rb"av1C.{2}(.)", re.DOTALL)  # the byte with the bit that says more than 8 bits a sample
AVIF_DEEP = 0x40
AVIF_LIST_BYTES = 1_000_000  # the list comes first


@dataclass(frozen=True, slots=True)
class BareFile:
    """A file without metadata.

    `orientation` is EXIF's number, 1 to 8. `is_whole` is whether the content is the file itself, not a copy. `ended` is
    False where a JPEG has no end marker, so that one had to be added. `scans` is whether a JPEG comes in more than one scan,
    so that its decoder holds all coefficients. `deep` is whether an AVIF has more than 8 bits a sample.
    `values` is how many numbers the longest list in a TIFF's directory has: of strips, of tiles.
    `size` is a WebP's, whose decoder takes its canvases as soon as it is opened. `profile` is the ICC profile of a JPEG or
    PNG, as it was taken out; empty where there is none, or a larger one than `PROFILE_MAX_BYTES`.
    """

    content: bytes
    orientation: int = UPRIGHT
    is_whole: bool = False
    ended: bool = True
    scans: bool = False
    deep: bool = False
    values: int = 0
    size: tuple[int, int] | None = None
    profile: bytes = b""


def without_metadata(content: bytes) -> BareFile:
    """Return a file of any format as its decoder is to see it; what is of none of ours comes back as it is."""
    for start, bare in ((JPEG_START, _bare_jpeg), (PNG_SIGNATURE, _bare_png), (PSD_START, _bare_psd)):
        if content.startswith(start):
            return bare(content)
    if content.startswith((b"II", b"MM")):
        lists = (entry.numbers for entry in _entries(content) if entry.tag < PRIVATE_TAGS and entry.form not in TEXT_FORMS)
        values = max(lists, default=0)
        return BareFile(content, read_orientation(content), is_whole=True, values=values)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return BareFile(content, is_whole=True, size=_webp_size(content[12:30]))
    if content[4:8] == b"ftyp":
        return _bare_avif(content)
    return BareFile(content, is_whole=True)


def _bare_psd(content: bytes) -> BareFile:
    return BareFile(without_layers(content))


def _bare_avif(content: bytes) -> BareFile:
    """Return the file with its item of EXIF under a name that decoders pass over."""
    start = content[:AVIF_LIST_BYTES]
    deep = any(coding[0] & AVIF_DEEP for coding in AVIF_CODING.findall(start))
    return BareFile(AVIF_EXIF_ITEM.sub(rb"\1skip", start) + content[AVIF_LIST_BYTES:], deep=deep)


def _webp_size(chunk: bytes) -> tuple[int, int] | None:
    """Return the size in a WebP's first chunk: of the canvas, or of the only picture."""
    try:
        match chunk[:4]:
            case b"VP8X":
                return 1 + int.from_bytes(chunk[12:15], "little"), 1 + int.from_bytes(chunk[15:18], "little")
            case b"VP8L":
                [bits] = struct.unpack_from("<I", chunk, 9)
                return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
            case b"VP8 ":
                width, height = struct.unpack_from("<HH", chunk, 14)
                return width & 0x3FFF, height & 0x3FFF
    except struct.error:
        pass
    return None


def read_orientation(exif: bytes) -> int:
    """Return the orientation in a block of EXIF or at the start of a TIFF: 1 (upright) where there is none to be read."""
    block = exif.removeprefix(EXIF_PREFIX)
    for entry in _entries(block):
        if entry.tag == ORIENTATION_TAG and entry.form in INTEGER_FORMS:
            try:
                [value] = struct.unpack_from(entry.order + INTEGER_FORMS[entry.form], block, entry.value_at)
            except struct.error:
                return UPRIGHT
            return int(value) if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


class _Entry(NamedTuple):
    tag: int
    form: int
    numbers: int
    value_at: int
    order: str


def _entries(block: bytes) -> Iterator[_Entry]:
    """Return what the first directory of a TIFF lists, as far as it is there."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return
    try:
        is_big = struct.unpack_from(order + "H", block, 2)[0] == 43  # BigTIFF: offsets and counts of 8 bytes
        [at] = struct.unpack_from(order + ("Q" if is_big else "I"), block, 8 if is_big else 4)
        at = min(at, len(block))  # an offset that no file has is one past the end
        [count] = struct.unpack_from(order + ("Q" if is_big else "H"), block, at)
        form, first, step, value_at = ("HHQ", at + 8, 20, 12) if is_big else ("HHI", at + 2, 12, 8)
        for entry in range(first, min(first + count * step, len(block)), step):
            tag, kind, numbers = struct.unpack_from(order + form, block, entry)
            yield _Entry(tag, kind, numbers, entry + value_at, order)
    except struct.error:  # cut off
        return


def _bare_jpeg(content: bytes) -> BareFile:
    kept, orientation, components, at = io.BytesIO(), UPRIGHT, 0, 2  # one buffer: a file may have millions of pieces
    kept.write(JPEG_START)
    profile: dict[int, bytes] = {}
    while (at := content.find(b"\xff", at)) >= 0 and at + 4 <= len(content):
        marker = content[at + 1]
        if marker == 0xFF or marker in JPEG_STANDALONE:
            at += 1
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == JPEG_SCAN:
            break
        segment = content[at:end]
        start, least_bytes = JPEG_COLOURS.get(marker, (b"", 0))
        if marker not in JPEG_METADATA or (start and segment[4:].startswith(start) and len(segment) >= least_bytes):
            kept.write(segment)
        elif segment[4:].startswith(EXIF_PREFIX) and orientation == UPRIGHT:
            orientation = read_orientation(segment[4:])
        elif segment[4:].startswith(PROFILE_PREFIX) and len(segment) > 18:
            profile[segment[16]] = segment[18:]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # a frame's header
            components = segment[9] if len(segment) > 9 else 0
            scans = marker not in {0xC0, 0xC1}
        at = end
    else:
        return BareFile(content, orientation, is_whole=True)  # without a scan: no decoder will take it
    ended = content.find(JPEG_END, at) >= 0
    several = bool(components) and (scans or content[at + 4 : at + 5] != bytes([components]))
    kept.write(memoryview(content)[at:])
    kept.write(b"" if ended else JPEG_END)
    return BareFile(kept.getvalue(), orientation, ended=ended, scans=several, profile=_joined_profile(profile))


def _joined_profile(parts: dict[int, bytes]) -> bytes:
    """Return a profile of its parts by number. Where one is lacking, it is damaged, and so passed over later."""
    is_taken = sum(map(len, parts.values())) <= PROFILE_MAX_BYTES
    return b"".join(parts[number] for number in sorted(parts)) if is_taken else b""


def _bare_png(content: bytes) -> BareFile:
    kept, orientation, at, view = io.BytesIO(), UPRIGHT, len(PNG_SIGNATURE), memoryview(content)
    kept.write(PNG_SIGNATURE)
    profile = b""
    while at + 8 <= len(content):
        end = at + 12 + int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        if kind in PNG_KEPT:
            kept.write(view[at:end])
        elif kind == b"eXIf":
            orientation = read_orientation(content[at + 8 : end - 4])
        elif kind == b"iCCP" and not profile:
            profile = _inflated_profile(content[at + 8 : end - 4])
        if kind == b"IEND":
            break
        at = end
    return BareFile(kept.getvalue(), orientation, profile=profile)


def _inflated_profile(chunk: bytes) -> bytes:
    """Return the profile in a PNG's chunk: a name, a zero, how it is packed (a zero), and the packed profile."""
    packer = zlib.decompressobj()
    try:
        profile = packer.decompress(chunk.partition(b"\0")[2][1:], PROFILE_MAX_BYTES)
    except zlib.error:
        return b""
    return b"" if packer.unconsumed_tail else profile

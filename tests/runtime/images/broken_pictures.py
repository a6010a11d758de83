"""Whole pictures with broken metadata or ends, by kind: a browser shows every one of them."""

import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.runtime.images.odd_pictures import encoded, noise

TURNED = 6  # a quarter clockwise
ORIENTATION = struct.pack("<HHIHH", 0x0112, 3, 1, TURNED, 0)


def exif_block(*entries: bytes) -> bytes:
    """Return EXIF with the orientation and some more entries, sorted by whoever wrote them."""
    directory = struct.pack("<H", len(entries) + 1) + ORIENTATION + b"".join(entries) + bytes(4)
    return b"Exif\0\0" + struct.pack("<2sHI", b"II", 42, 8) + directory


def entry(tag: int, kind: int, count: int = 1, value: int = 8) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


# Texts typed as numbers, numbers of kinds that TIFF lacks, offsets beyond the end, lists without end, folders of themselves.
BROKEN_ENTRIES = {
    "rational make": entry(0x010F, 5),
    "double date": entry(0x0132, 12),
    "signed rational software": entry(0x0131, 10),
    "float description": entry(0x010E, 11),
    "long8": entry(0x0100, 16),
    "unknown type": entry(0x9000, 99),
    "endless text": entry(0x010E, 2, 0xFFFFFFFF),
    "offset beyond the end": entry(0x010E, 2, 100, 0xFFFFFFF0),
    "EXIF folder of itself": entry(0x8769, 4, 1, 8),
    "GPS folder beyond the end": entry(0x8825, 4, 1, 0xFFFFFF00),
}


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(*segments: bytes, **options: object) -> bytes:
    """Return a JPEG with more segments behind its first two bytes."""
    content = encoded(noise(60, 40), "JPEG", quality=95, **options)
    return content[:2] + b"".join(segments) + content[2:]


def chunk(kind: bytes, body: bytes, *, checksum: int | None = None) -> bytes:
    good = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", good if checksum is None else checksum)


def png(*chunks: bytes, mode: str = "RGB", end: bytes = b"") -> bytes:
    """Return a PNG with more chunks behind its header, and something behind its end."""
    content = encoded(noise(60, 40).convert(mode), "PNG")
    return content[:33] + b"".join(chunks) + content[33:] + end


def webp(**metadata: bytes) -> bytes:
    return encoded(noise(60, 40), "WEBP", **metadata)


def gif_with(end: bytes, **options: object) -> bytes:
    return encoded(noise(60, 40).convert("P"), "GIF", **options) + end


def upside_down_bmp() -> bytes:
    content = encoded(noise(60, 40).transpose(Image.Transpose.FLIP_TOP_BOTTOM), "BMP")
    return content[:22] + struct.pack("<i", -40) + content[26:]


def avif_with_mistyped_maker() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a camera maker"
    content = encoded(noise(60, 40), "AVIF", exif=exif)
    text, fraction = (struct.pack(">HH", 0x010F, kind) for kind in (2, 5))
    assert text in content
    return content.replace(text, fraction)


TEXT = zlib.compress(bytes(3_000_000))
BROKEN: dict[str, Callable[[], bytes]] = {
    "JPEG without its end": lambda: jpeg()[:-2],
    "JPEG without its last rows": lambda: jpeg()[:-40],
    "JPEG with more behind its end": lambda: jpeg() + b"\0\xff\xd8\xff\xe1" * 100,
    "JPEG with junk between segments": lambda: jpeg(b"junk", segment(0xFE, b"said")),
    "JPEG with a broken profile": lambda: jpeg(segment(0xE2, b"ICC_PROFILE\0\x09\x01no profile")),
    "JPEG with a broken list of pictures": lambda: jpeg(segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff")),
    "JPEG with a broken resource": lambda: jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\xff")),
    "JPEG with a short start": lambda: jpeg(segment(0xE0, b"JFIF\0\1")),
    "JPEG with short Adobe": lambda: jpeg(segment(0xEE, b"Adobe")),
    "progressive JPEG without its end": lambda: jpeg(progressive=True)[:-2],
    "PNG with a long text": lambda: png(chunk(b"zTXt", b"a\0\0" + TEXT)),
    "PNG with a long profile": lambda: png(chunk(b"iCCP", b"a\0\0" + TEXT)),
    "PNG with texts without end": lambda: png(*[chunk(b"iTXt", b"a\0\1\0\0\0" + TEXT)] * 40),
    "PNG with EXIF that is none": lambda: png(chunk(b"eXIf", b"no EXIF")),
    "PNG with a wrong sum of a text": lambda: png(chunk(b"tEXt", b"a\0b", checksum=1)),
    "PNG with a wrong sum of an unknown chunk": lambda: png(chunk(b"teSt", b"", checksum=1)),
    "PNG with empty chunks": lambda: png(*(chunk(kind, b"") for kind in (b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"acTL"))),
    "PNG with transparency of another kind": lambda: png(chunk(b"tRNS", b"\0")),
    "PNG without its end": lambda: png()[:-12],
    "PNG with more behind its end": lambda: png(end=b"\0" * 999),
    "WebP with EXIF that is none": lambda: webp(exif=b"no EXIF"),
    "WebP with a profile that is none": lambda: webp(icc_profile=b"no profile"),
    "GIF with more behind its end": lambda: gif_with(bytes(100)),
    "GIF without its end": lambda: gif_with(b"")[:-1],
    "GIF of unknown disposal": lambda: gif_with(b"", save_all=True, disposal=7),
    "AVIF with a maker that is a fraction": avif_with_mistyped_maker,
    "BMP from the top": upside_down_bmp,
}  # fmt: skip

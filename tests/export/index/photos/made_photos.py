"""What makes the photos of `test_reading.py`: formats put together by hand, and what lies beside a photo."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.export.index.photos.photo_files import (
    BERLIN,
    MTIME,
    bag,
    draw,
    exif,
    insert,
    iptc,
    photoshop,
    put,
    segment,
    xmp,
)

ORIGINAL = exif(original="2019:07:04 15:30:00")
FULL = exif(
    original="2019:07:04 15:30:00", offset_original="+02:00", fraction="123", gps=BERLIN, maker="Canon", model="Canon R5"
)
FULL_TOLD = {
    "taken": "2019-07-04T15:30:00",
    "taken_source": "exif",
    "offset_minutes": 120,
    "latitude": 52.52,
    "longitude": 13.405,
    "camera": "Canon R5",
}
DATED = xmp(bag("dc:subject", "Grüße", "lake"), xmp_Rating="4", photoshop_DateCreated="2018-05-06T07:08:09.5+09:00")
DATED_TOLD = {"taken": "2018-05-06T07:08:09", "offset_minutes": 540, "keywords": ("Grüße", "lake"), "rating": 4}
UNDATED = {"taken": MTIME, "taken_source": "mtime", "offset_minutes": 0}


def gps(latitude: Any, north: Any, longitude: Any, east: Any) -> bytes:
    values = {1: north, 2: latitude, 3: east, 4: longitude}
    return exif(original="2020:01:01 00:00:00", gps={tag: value for tag, value in values.items() if value is not None})


def beside(name: str, content: bytes, **options: Any) -> Callable[[Path, str], None]:
    """A photo, and a file beside it."""

    def make(folder: Path, photo: str) -> None:
        draw(folder / photo, **options)
        put(folder / name, content)

    return make


def plain(**options: Any) -> Callable[[Path, str], None]:
    return lambda folder, name: void(draw(folder / name, **options))


def with_segments(*segments: bytes, **options: Any) -> Callable[[Path, str], None]:
    return lambda folder, name: void(insert(draw(folder / name, **options), *segments))


def void(_: object) -> None:
    """Nothing, of whatever."""


def press(*sets: tuple[int, bytes]) -> bytes:
    return segment(0xED, b"Photoshop 3.0\0" + photoshop(1028, iptc(*sets)))


def png(*chunks: bytes) -> Callable[[Path, str], None]:
    """A PNG with chunks behind its header, or with those of the kind eXIf before its end."""

    def make(folder: Path, name: str) -> None:
        content = draw(folder / name).read_bytes()
        first = b"".join(one for one in chunks if one[4:8] != b"eXIf")
        last = b"".join(one for one in chunks if one[4:8] == b"eXIf")
        put(folder / name, content[:33] + first + content[33:-12] + last + content[-12:])

    return make


def boxed(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def heic(exif_block: bytes, packet: bytes) -> bytes:
    """A file of boxes as phones write them: a list of items, where they lie, and the items; without pixels."""
    item = struct.pack(">I", 0) + exif_block.removeprefix(b"Exif\0\0")
    listed = boxed(b"infe", b"\x02\0\0\0" + struct.pack(">HH", 1, 0) + b"hvc1\0")
    listed += boxed(b"infe", b"\x02\0\0\1" + struct.pack(">HH", 2, 0) + b"Exif\0")
    listed += boxed(b"infe", b"\x02\0\0\1" + struct.pack(">HH", 3, 0) + b"mime\0application/rdf+xml\0")
    start = boxed(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(at: int) -> bytes:
        places = struct.pack(">BxxxHH", 1, 0x4400, 3)
        for number, offset, length in [(1, 0, 0), (2, at, len(item)), (3, at + len(item), len(packet))]:
            places += struct.pack(">HHHHII", number, 0, 0, 1, offset, length)
        return boxed(b"meta", b"\0\0\0\0" + boxed(b"iinf", b"\0\0\0\0\0\3" + listed) + boxed(b"iloc", places))

    before = len(start) + len(meta(0)) + 8
    return start + meta(before) + boxed(b"mdat", item + packet)


def canon_raw() -> bytes:
    """A CR3's boxes, in which EXIF and position have blocks of their own."""
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")

    def tiff(tag: int, text: bytes) -> bytes:
        return b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", tag, 2, len(text), 26) + b"\0\0\0\0" + text

    blocks = boxed(b"CMT1", tiff(0x0110, b"Canon EOS R5\0")) + boxed(b"CMT2", tiff(0x9003, b"2019:07:04 15:30:00\0"))
    return boxed(b"ftyp", b"crx \0\0\0\1crx isom") + boxed(b"moov", boxed(b"uuid", canon + blocks))


def layers() -> bytes:
    """The beginning of a Photoshop file: its header, no colours, its blocks."""
    blocks = photoshop(1058, FULL.removeprefix(b"Exif\0\0")) + photoshop(1060, DATED)
    return b"8BPS\0\1" + b"\0" * 20 + b"\0\0\0\0" + struct.pack(">I", len(blocks)) + blocks


def fuji_raw(folder: Path) -> bytes:
    """A RAF: the place of its JPEG at byte 84, and the JPEG."""
    inner = draw(folder / "inner" / "inner.jpg", exif=FULL).read_bytes()
    return b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">I", 100) + b"\0" * 12 + inner


def jpeg_2000() -> bytes:
    """The boxes of a JP2 that hold metadata."""
    xmp_name = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    start = b"\0\0\0\x0cjP  \r\n\x87\n"
    return start + boxed(b"uuid", xmp_name + DATED) + boxed(b"uuid", b"JpgTiffExif->JP2" + FULL.removeprefix(b"Exif\0\0"))

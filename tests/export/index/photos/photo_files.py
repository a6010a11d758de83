"""Small photos with metadata of all kinds, made here: by Pillow where it can, by bytes where it cannot."""

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from export.index.folder.scan import scan_folder
from export.index.photos.beside import NOTHING, find_beside
from export.index.photos.places import Places
from export.index.photos.reading import read_facts
from runtime.library.photos.photo_facts import PhotoFacts

TAGS = {"maker": 0x010F, "model": 0x0110, "modified": 0x0132, "rating": 0x4746, "percent": 0x4749, "xp_keywords": 0x9C9E}
EXIF_TAGS = {
    "original": 0x9003,
    "digitized": 0x9004,
    "offset": 0x9010,
    "offset_original": 0x9011,
    "offset_digitized": 0x9012,
    "fraction": 0x9291,
}
MTIME_S = 1_600_000_000
MTIME = "2020-09-13T12:26:40"
BERLIN = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
SPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/" '
    'xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" '
    'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
)


def exif(**given: Any) -> bytes:
    """A block of EXIF: the tags of `TAGS` and `EXIF_TAGS`, and `gps` by number."""
    block = Image.Exif()
    for name, value in given.items():
        if name == "gps":
            block.get_ifd(0x8825).update(value)
        elif name in TAGS:
            block[TAGS[name]] = value
        else:
            block.get_ifd(0x8769)[EXIF_TAGS[name]] = value
    return bytes(block.tobytes())


def fraction(above: int, below: int) -> IFDRational:
    return IFDRational(above, below)


def xmp(inside: str = "", **attributes: str) -> bytes:
    """A packet: elements, and attributes with `_` for the colon."""
    said = " ".join(f'{name.replace("_", ":", 1)}="{value}"' for name, value in attributes.items())
    body = f'<rdf:RDF {SPACES}><rdf:Description rdf:about="" {said}>{inside}</rdf:Description></rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{body}</x:xmpmeta>'.encode()


def bag(name: str, *items: str) -> str:
    return f"<{name}><rdf:Bag>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:Bag></{name}>"


def iptc(*sets: tuple[int, bytes]) -> bytes:
    """A block of IPTC of record 2."""
    return b"".join(b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(value)) + value for number, value in sets)


def photoshop(number: int, content: bytes) -> bytes:
    """One of Photoshop's blocks."""
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + b"\0\0"
        + struct.pack(">I", len(content))
        + content
        + b"\0" * (len(content) % 2)
    )


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def takeout(seconds: object = "1562247000", **more: Any) -> bytes:
    return json.dumps({"title": "x.jpg", "photoTakenTime": {"timestamp": seconds}} | more).encode()


def draw(path: Path, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), "teal").save(path, **options)
    os.utime(path, (MTIME_S, MTIME_S))
    return path


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (MTIME_S, MTIME_S))
    return path


def insert(path: Path, *segments: bytes) -> Path:
    """Put segments behind the beginning of a JPEG."""
    content = path.read_bytes()
    return put(path, content[:2] + b"".join(segments) + content[2:])


def facts_in(folder: Path, places: Places | None = None) -> Mapping[str, PhotoFacts]:
    """What is known of the photos of a folder, by path."""
    scan = scan_folder(folder)
    beside = find_beside(scan.folder, scan.images, scan.beside)
    found = {}
    for image in scan.images:
        found[image.image_path] = read_facts(scan.folder, image, beside.get(image.image_path, NOTHING), places)
    return found

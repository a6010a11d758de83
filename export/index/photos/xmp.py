"""XMP, in a picture or in a file beside it: dates, position, keywords, rating.

Only what is said of the picture itself is read: XMP may also hold what was said of the pictures that one was made of.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from export.index.photos.exif import Position, checked_position, stars_of_percent
from export.index.photos.moments import Moment, read_moment

XMP_BYTES_MAX = 2_000_000  # editors keep all their steps in it
ITEMS_MAX = 1000
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
}
DATES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "exif:DateTimeDigitized", "xmp:CreateDate")
FLAT_KEYWORDS = "dc:subject"
TREES = ("lr:hierarchicalSubject", "digiKam:TagsList", "MicrosoftPhoto:LastKeywordXMP")
DEGREES = re.compile(r"\s*(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?\s*([NSEW])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class XmpFacts:
    """What XMP says."""

    moment: Moment | None = None
    position: Position | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None


def read_xmp(content: bytes) -> XmpFacts:
    """Return what a packet, or a sidecar, says; nothing where it cannot be read, or declares entities."""
    told = _properties(content)
    moments = (read_moment(text) for name in DATES for text in told.get(name, ()))
    return XmpFacts(
        moment=next(filter(None, moments), None),
        position=_read_position(told),
        keywords=_keywords(told),
        rating=_read_rating(told),
    )


def _properties(content: bytes) -> dict[str, list[str]]:
    """Return the texts of each property that is known here, by its name with the usual prefix."""
    if not content or len(content) > XMP_BYTES_MAX:
        return {}
    text = _decoded(content)
    text = text[max(0, text.find("<")) : text.rfind(">") + 1]  # without what programs left before and behind it
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return {}
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        return {}
    told: dict[str, list[str]] = {}
    rdf = root if root.tag == f"{RDF}RDF" else root.find(f"{RDF}RDF")
    for description in () if rdf is None else rdf.findall(f"{RDF}Description"):
        for name, value in description.attrib.items():
            _note(told, name, [value])
        for child in description:
            if _short(child.tag):
                items = [item.text or "" for item, _ in zip(child.iter(f"{RDF}li"), range(ITEMS_MAX), strict=False)]
                _note(told, child.tag, items or [child.text or ""])
    return told


def _decoded(content: bytes) -> str:
    """Return a packet as text, so that no encoding can hide what it declares."""
    for mark, encoding in (
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\0\0\xfe\xff", "utf-32-be"),
        (b"<\0\0\0", "utf-32-le"),
        (b"\0\0\0<", "utf-32-be"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    return content.decode("utf-8", "replace")


def _note(told: dict[str, list[str]], name: str, values: list[str]) -> None:
    if short := _short(name):
        told.setdefault(short, []).extend(value.strip() for value in values if value.strip())


def _short(name: str) -> str:
    space, _, local = name.lstrip("{").rpartition("}")
    return f"{PREFIXES[space]}:{local}" if space in PREFIXES else ""


def _keywords(told: Mapping[str, list[str]]) -> tuple[str, ...]:
    steps = (part for name in TREES for path in told.get(name, ()) for part in re.split(r"[|/]", path))
    return tuple(dict.fromkeys([*told.get(FLAT_KEYWORDS, ()), *steps]))


def _read_rating(told: Mapping[str, list[str]]) -> int | None:
    """Return the stars; None for a rejected picture, which has -1."""
    stars = _number(told.get("xmp:Rating"))
    if stars is not None:
        return int(stars) if 0 <= stars <= 5 else None
    percent = _number(told.get("MicrosoftPhoto:Rating"))
    return None if percent is None else stars_of_percent(percent)


def _read_position(told: Mapping[str, list[str]]) -> Position | None:
    latitude, longitude = (
        _degrees(told.get(f"exif:GPS{name}"), told.get(f"exif:GPS{name}Ref")) for name in ("Latitude", "Longitude")
    )
    return None if latitude is None or longitude is None else checked_position(latitude, longitude)


def _degrees(written: list[str] | None, side: list[str] | None) -> float | None:
    """Return degrees as XMP writes them, "52,31.2N" or "52,31,12N", or as a plain number.

    XMP has no sides of their own. Some programs write them all the same, and their degrees then without sign, or with "N"
    and "E" everywhere.
    """
    found = DEGREES.fullmatch(written[0]) if written else None
    degrees = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600 if found else _number(written)
    sides = [*(text.strip()[:1].upper() for text in side or ()), found[4].upper() if found else ""]
    return -abs(degrees) if degrees is not None and {"S", "W"}.intersection(sides) else degrees


def _number(written: list[str] | None) -> float | None:
    try:
        return float(written[0]) if written and len(written[0]) < 32 else None
    except ValueError:
        return None

"""EXIF: when, where and with what a photo was taken. Knows the meaning of its tags; `tiff.py` reads them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from export.index.photos.camera import name_camera
from export.index.photos.moments import Moment, read_moment
from export.index.photos.texts import decoded
from export.index.photos.tiff import Tiff, Value

MAKER, MODEL, MODIFIED, XMP, IPTC = 0x010F, 0x0110, 0x0132, 0x02BC, 0x83BB
RATING, RATING_PERCENT, KEYWORDS = 0x4746, 0x4749, 0x9C9E
EXIF_DIRECTORY, GPS_DIRECTORY = 0x8769, 0x8825
ORIGINAL, DIGITIZED = 0x9003, 0x9004
OFFSET_MODIFIED, OFFSET_ORIGINAL, OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
LATITUDE_SIDE, LATITUDE, LONGITUDE_SIDE, LONGITUDE = 1, 2, 3, 4
FIRST_TAGS = frozenset({
    MAKER, MODEL, MODIFIED, XMP, IPTC, RATING, RATING_PERCENT, KEYWORDS, EXIF_DIRECTORY, GPS_DIRECTORY, ORIGINAL,
})  # fmt: skip
EXIF_TAGS = frozenset({ORIGINAL, DIGITIZED, OFFSET_MODIFIED, OFFSET_ORIGINAL, OFFSET_DIGITIZED})
GPS_TAGS = frozenset({LATITUDE_SIDE, LATITUDE, LONGITUDE_SIDE, LONGITUDE})
Position = tuple[float, float]
"""Latitude and longitude in degrees; north and east are positive."""


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """What EXIF says. `xmp` and `iptc` are blocks that a TIFF has among its tags."""

    original: Moment | None = None
    digitized: Moment | None = None
    modified: Moment | None = None
    position: Position | None = None
    camera: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    xmp: bytes = b""
    iptc: bytes = b""


def read_exif(first: Tiff, exif: Tiff | None = None, gps: Tiff | None = None) -> ExifFacts:
    """Return what a block of EXIF says.

    Each date has its own offset. That of the last change counts for the others only where nothing was changed since: an
    editor writes the offset of the day of editing.

    Args:
        first: the block, or the TIFF.
        exif: where the tags of EXIF lie, in files that have them in a block of their own.
        gps: the same, of the position.
    """
    tags = first.tags(first.first, FIRST_TAGS)
    more = exif.tags(exif.first, EXIF_TAGS) if exif else first.tags(_offset(tags, EXIF_DIRECTORY), EXIF_TAGS)
    there = gps.tags(gps.first, GPS_TAGS) if gps else first.tags(_offset(tags, GPS_DIRECTORY), GPS_TAGS)
    texts = {tag: decoded(value) for tag, value in {**tags, **more}.items() if isinstance(value, bytes)}
    original, digitized, modified = texts.get(ORIGINAL, ""), texts.get(DIGITIZED, ""), texts.get(MODIFIED, "")
    offset_modified = texts.get(OFFSET_MODIFIED, "")

    def offset(tag: int, written: str) -> str:
        return texts.get(tag, "").strip("\0 :") or (offset_modified if written == modified else "")

    keywords = tags.get(KEYWORDS)
    return ExifFacts(
        original=read_moment(original, offset(OFFSET_ORIGINAL, original)),
        digitized=read_moment(digitized, offset(OFFSET_DIGITIZED, digitized)),
        modified=read_moment(modified, offset_modified),
        position=_read_position(there),
        camera=name_camera(*(texts.get(tag, "").partition("\0")[0] for tag in (MAKER, MODEL))),
        keywords=tuple(keywords.decode("utf-16-le", "ignore").split(";")) if isinstance(keywords, bytes) else (),
        rating=_read_rating(tags),
        xmp=_bytes(tags, XMP),
        iptc=_bytes(tags, IPTC),
    )


def checked_position(latitude: float, longitude: float) -> Position | None:
    """Return a position; None where it is none on earth, or 0, 0, which is written where there was no fix."""
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or latitude == longitude == 0:  # NaN is neither
        return None
    return round(latitude, 7), round(longitude, 7)


def stars_of_percent(percent: float) -> int | None:
    """Return the stars, 0 to 5, of a rating in percent as Windows writes it: 1, 25, 50, 75, 99."""
    if not 0 <= percent <= 100:
        return None
    return 0 if percent == 0 else 1 + round((percent - 1) / 24.5)


def _read_position(tags: Mapping[int, Value]) -> Position | None:
    latitude = _read_degrees(tags.get(LATITUDE), tags.get(LATITUDE_SIDE), "S")
    longitude = _read_degrees(tags.get(LONGITUDE), tags.get(LONGITUDE_SIDE), "W")
    return None if latitude is None or longitude is None else checked_position(latitude, longitude)


def _read_degrees(value: Value | None, side: Value | None, negative: str) -> float | None:
    """Return degrees, minutes and seconds as degrees. Where no side is written, the number's own sign counts."""
    if not isinstance(value, tuple) or not value or math.isnan(value[0]):
        return None
    parts = [*value[:3], 0.0, 0.0][:3]
    minutes, seconds = (0.0 if math.isnan(part) else abs(part) for part in parts[1:])
    if max(minutes, seconds) > 60:
        return None
    degrees = abs(parts[0]) + minutes / 60 + seconds / 3600
    written = side.decode("ascii", "ignore").strip("\0 ").upper() if isinstance(side, bytes) else ""
    is_negative = parts[0] < 0 or written.startswith(negative)
    return float(-degrees if is_negative else degrees)


def _read_rating(tags: Mapping[int, Value]) -> int | None:
    stars, percent = tags.get(RATING), tags.get(RATING_PERCENT)
    if isinstance(stars, tuple) and stars and 0 <= stars[0] <= 5:
        return int(stars[0])
    return stars_of_percent(percent[0]) if isinstance(percent, tuple) and percent else None


def _offset(tags: Mapping[int, Value], tag: int) -> int:
    """Return where a directory lies; where none is named, at an offset that has nothing."""
    value = tags.get(tag)
    return int(value[0]) if isinstance(value, tuple) and value and math.isfinite(value[0]) else 2**62


def _bytes(tags: Mapping[int, Value], tag: int) -> bytes:
    value = tags.get(tag)
    return value if isinstance(value, bytes) else b""

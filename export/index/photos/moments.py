"""When a photo was taken, as somebody wrote it down: local time as far as it is known, its offset from UTC apart.

Knows the forms of EXIF, XMP and IPTC, and what cannot be a date; `file_names.py` knows those of names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EARLIEST_YEAR = 1826  # of the oldest photograph; scans are dated by what they show
SLACK = timedelta(days=2)  # of clocks that run ahead, and of local time east of UTC
# What clocks that nobody set count from, of old Macs, Unix, FAT and early Android. Nobody's photo is of that very second.
UNSET = frozenset({"1904-01-01T00:00:00", "1970-01-01T00:00:00", "1980-01-01T00:00:00", "2002-12-08T12:00:00"})
OFFSET_MINUTES_MAX = 14 * 60
# EXIF's "2019:07:04 15:30:00", XMP's "2019-07-04T15:30:00.5+02:00", and either cut short; blanks stand for what is unknown
STAMP = re.compile(
    r"(\d{4})(?!\d)(?:[:/.-](\d{1,2}|  )(?!\d)(?:[:/.-](\d{1,2}|  )(?!\d)"
    r"(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d*)?)?)?)?)?\s*(Z|[+-]\d{1,2}:?\d{2})?"
)
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T\s]*(\d\d)(\d\d)(\d\d))?(?!\d)\s*(Z|[+-]\d{2}:?\d{2})?")
OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class Moment:
    """`taken` and `offset_minutes` as `PhotoFacts` has them."""

    taken: str
    offset_minutes: int | None = None


def read_moment(written: str, offset: str = "") -> Moment | None:
    """Return the moment in a text of EXIF, XMP or IPTC; None where there is none that can be.

    What is blank or 0 behind the year is unknown. The fraction of a second is dropped.

    Args:
        written: the text; an offset in it wins.
        offset: the offset that was written beside it, "+02:00", if any.
    """
    text = written.replace("\0", " ").strip()
    found = STAMP.match(text) or COMPACT.match(text)
    if not found:
        return None
    *parts, zone = found.groups()
    numbers = [int(part) if part and not part.isspace() else 0 for part in parts]
    known = 3 if parts[3] is None else 6
    return moment_of(numbers[:known], read_offset(zone or offset))


def moment_of(numbers: Sequence[int], offset_minutes: int | None = None) -> Moment | None:
    """Return the moment of year, month, day, hour, minute and second, or of the first three; None where it cannot be.

    A month or a day of 0 is unknown. An hour of 24 and a second of 60, which some cameras write, are taken for 0 and 59.
    """
    year, month, day, *time = numbers
    hour, minute, second = time or (0, 0, 0)
    try:
        moment = datetime(year, month or 1, day or 1, 0 if hour == 24 else hour, minute, 59 if second == 60 else second)
    except ValueError:
        return None
    if year < EARLIEST_YEAR or moment > datetime.now(UTC).replace(tzinfo=None) + SLACK:
        return None
    if not month:
        return Moment(f"{year:04}")
    if not day:
        return Moment(f"{year:04}-{month:02}")
    if not time:
        return Moment(moment.date().isoformat())
    taken = moment.isoformat()
    return None if taken in UNSET else Moment(taken, offset_minutes)


def moment_of_instant(seconds: float) -> Moment | None:
    """Return the moment of so many seconds since 1970, in UTC, as local time is not known."""
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):  # ValueError: not a number
        return None
    return moment_of((*moment.timetuple()[:6],), 0)


def read_offset(written: str) -> int | None:
    """Return the minutes of an offset from UTC, "+02:00" or "Z"; None where there is none that can be."""
    text = written.replace("\0", " ").strip()
    if text == "Z":
        return 0
    found = OFFSET.match(text)
    if not found or int(found[3]) > 59:
        return None
    minutes = 60 * int(found[2]) + int(found[3])
    if minutes > OFFSET_MINUTES_MAX:
        return None
    return -minutes if found[1] == "-" else minutes

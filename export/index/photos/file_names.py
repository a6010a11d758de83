"""The date in a file's name, as phones, cameras, messengers and people write it there. Names are not believed lightly.

A year has four digits: 22-04-06 may be any of three dates. A number of which only a part would be a date is none.
"""

import re
from collections.abc import Iterator

from export.index.photos.moments import UNSET, Moment, moment_of, moment_of_instant

YEAR_OF_CLOCKS = 1990  # before, no name had a time of day
DATE = r"(?<!\d)((?:19|20)\d\d)([-_. :]?)(\d\d)\2(\d\d)"
# IMG_20190704_153000, PXL_20220405_090123740, signal-2018-08-21-100217, 2011-07-19 11.36.39, BURST20190704153000123; the
# digits behind the seconds are a fraction of one
WITH_TIME = re.compile(
    DATE + r"(?:[-_. T]|,| at |_at_)*(\d\d)([-_.:h ]?)(\d\d)\6(\d\d)(?!\d{4})\d{0,3}(?!\d)(?![-_. ]?[AaPp][Mm]\b)"
)
# Screenshot 2019-07-04 at 3.30.00 PM, as macOS and WhatsApp write it
WITH_HALF_DAY = re.compile(DATE + r"(?:[-_. ]|,| at |_at_)+(\d{1,2})[-_.:](\d\d)[-_.:](\d\d)[-_.\s]?([AaPp])[Mm]\b")
DAY = re.compile(DATE + r"(?!\d)")  # IMG-20190704-WA0007, 2019-07-04 party
# FB_IMG_1562247000000, mmexport1562247000000, Snapchat-1562247000: seconds or milliseconds since 1970
SINCE_1970 = re.compile(r"(?:^|FB_IMG_|IMG_|received_|image-|mmexport|Snapchat-)(1\d{12}|1\d{9})(?!\d)")
MADE_UP = re.compile(r"[0-9a-f]{20}", re.IGNORECASE)  # a checksum, whose digits mean nothing


def date_in_name(name: str) -> Moment | None:
    """Return the moment that a file's name tells, without its suffix; None where it tells none."""
    stem = name.rpartition(".")[0] or name
    return next(_moments(stem.replace("\u202f", " ").replace("\xa0", " ")), None)  # macOS has one before "PM"


def _moments(stem: str) -> Iterator[Moment]:
    for found in WITH_TIME.finditer(stem):
        year, _, month, day, hour, _, minute, second = found.groups()
        if int(year) >= YEAR_OF_CLOCKS and int(hour) < 24 and int(second) < 60:
            yield from _some(moment_of([int(part) for part in (year, month, day, hour, minute, second)]))
    for found in WITH_HALF_DAY.finditer(stem):
        year, _, month, day, hour, minute, second, half = found.groups()
        if 1 <= int(hour) <= 12:
            whole = int(hour) % 12 + (12 if half in "Pp" else 0)
            yield from _some(moment_of([int(part) for part in (year, month, day, whole, minute, second)]))
    for found in DAY.finditer(stem):
        year, _, month, day = found.groups()
        if int(month) and int(day) and f"{year}-{month}-{day}T00:00:00" not in UNSET:
            yield from _some(moment_of([int(year), int(month), int(day)]))
    since = SINCE_1970.search(stem)
    if since and not MADE_UP.search(stem):
        yield from _some(moment_of_instant(int(since[1]) / (1000 if len(since[1]) == 13 else 1)))


def _some(moment: Moment | None) -> Iterator[Moment]:
    if moment is not None:
        yield moment

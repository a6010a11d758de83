"""IPTC-IIM, the metadata of press photos: the date and the keywords. `blocks.py` finds its block."""

from dataclasses import dataclass

from export.index.photos.moments import Moment, read_moment
from export.index.photos.texts import decoded

MARK, EXTENDED = 0x1C, 0x8000
KEYWORD, DATE, TIME = (2, 25), (2, 55), (2, 60)
SETS_MAX = 1000
MARKS = str.maketrans("", "", "-:")  # which some programs write in spite of the standard


@dataclass(frozen=True, slots=True)
class IptcFacts:
    """What IPTC says."""

    moment: Moment | None = None
    keywords: tuple[str, ...] = ()


def read_iptc(block: bytes) -> IptcFacts:
    """Return what a block of IPTC says, as far as it can be read."""
    keywords, date, time = [], "", ""
    at = block.find(MARK)
    for _ in range(SETS_MAX):
        if at < 0 or len(block) < at + 5 or block[at] != MARK:
            break
        kind, length = (block[at + 1], block[at + 2]), int.from_bytes(block[at + 3 : at + 5], "big")
        if length & EXTENDED:  # of more than 32 kB: a preview, not a text
            break
        value = block[at + 5 : at + 5 + length]
        if kind == KEYWORD:
            keywords.append(decoded(value))
        elif kind == DATE and not date:
            date = decoded(value)
        elif kind == TIME and not time:
            time = decoded(value)
        at += 5 + length
    date, time = date.translate(MARKS), time[:8].replace(":", "") + time[8:]
    if len(date.strip("\0 ")) < 8:
        return IptcFacts(None, tuple(keywords))
    spaced = f"{date[:4]}-{date[4:6]}-{date[6:8]}"
    moment = read_moment(f"{spaced}T{time[:2]}:{time[2:4]}:{time[4:6]}", time[6:]) if time[:6].isdigit() else None
    return IptcFacts(moment or read_moment(spaced), tuple(keywords))

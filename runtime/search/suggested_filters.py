"""Filters that a query's words suggest: "boats from 2019 in Lisbon". They are offered, never applied unasked.

Read conservatively: dates with a year alone, as "last summer" is another one on each side of the equator; places alone that
the index has a picture of, behind "in" or "from". What a query leaves out, or has in quotation marks, suggests nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import islice

from runtime.library.photos.photo_counts import PhotoCounts
from runtime.library.photos.where import Where
from runtime.search.noun_phrases import DENYING_WORDS
from runtime.search.query import CheckedSearch
from runtime.search.word_pattern import WORD
from runtime.search.words import FUNCTION_WORDS, JOINING_WORDS

PLACE_WORDS_MAX = 6
_OF_PHOTOS = frozenset(("made", "shot", "shots", "taken", "took"))
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR, _DAY = r"(?:19|20)[0-9][0-9]", r"[0-9]{1,2}(?:st|nd|rd|th)?"
_LONG_DATE = (
    rf"(?:{_YEAR}-[0-9][0-9](?:-[0-9][0-9])?|{_DAY}\s+{_MONTH}\.?,?\s+{_YEAR}|{_MONTH}\.?\s+{_DAY},?\s+{_YEAR}"
    rf"|{_MONTH}\.?,?\s+{_YEAR})"
)
_ANY_DATE = rf"(?:{_LONG_DATE}|{_YEAR})"
_PARTS = re.compile(rf"[0-9]+|{_MONTH}", re.IGNORECASE)
_BEFORE_PLACE = re.compile(r"(?<![\w-])(?:in|from)\s+", re.IGNORECASE)
_PUNCTUATION = re.compile(r"\s*(?:[,.;:!?)]|$)|\s+[-–]")


@dataclass(frozen=True)
class SuggestedFilter:
    """A filter in place of some words of a query: what to ask with instead.

    `where` is what a request may send; `query` is the query without the words, and may be empty.
    """

    words: str
    where: Mapping[str, str]
    query: str


def suggest_filters(request: CheckedSearch, counts: PhotoCounts) -> tuple[SuggestedFilter, ...]:
    """Return at most a date and a place that the words of a search suggest, each for itself.

    What the request filters by already is suggested no more.
    """
    text, where = request.query.text, request.where or Where()
    if not text or not counts.has_facts:
        return ()
    found: list[tuple[int, int, dict[str, str]]] = []
    dates = list(_dates(text))[:1] if where.first is None and where.last is None else []
    if dates and any(count.name for count in counts.of("month")):
        found += dates
    if where.place is None:
        found += list(_places(text, counts))[:1]
    return tuple(
        SuggestedFilter(" ".join(text[start:end].split()), asked, _without(text, start, end))
        for start, end, asked in found
        if _is_wanted(request, text[start:end])
    )


def _is_wanted(request: CheckedSearch, words: str) -> bool:
    """Return whether some words stand in what a query wants, outside of quotation marks."""
    plain = " ".join(words.split())
    return plain in request.query.wanted.text and not any(plain in phrase for phrase in request.query.quoted)


def _without(text: str, start: int, end: int) -> str:
    rest = " ".join(f"{text[:start]} {text[end:]}".split())
    words = {word.lower() for word in WORD.findall(rest)}
    if words and words <= FUNCTION_WORDS | _OF_PHOTOS:  # "photos taken": all of that time are wanted
        return ""
    return re.sub(r"\s+(?=[,.;:!?])", "", rest).strip(" ,;:")


@cache
def _date_pattern() -> re.Pattern[str]:
    """Return what a date in a query looks like; compiled for the first query that might have one, which takes 5 ms."""
    # A year alone counts behind such a word, or at the query's end: "2000 people" is a number.
    return re.compile(
        rf"""(?<![\w.,/-])(?:
            (?:from|between)\s+(?P<first>{_ANY_DATE})\s*(?:\bto\b|\band\b|\buntil\b|\btill\b|[-–])\s*(?P<last>{_ANY_DATE})
            | (?:(?:in|from|during)\s+)?(?:the\s+)?(?P<decade>(?:19|20)[0-9])0['’]?s
            | (?P<word>in|from|of|during|on|since|until|before|after)\s+(?P<behind>{_ANY_DATE})
            | (?P<alone>{_LONG_DATE}|{_YEAR}$)
        )(?![\w/-])""",
        re.IGNORECASE | re.VERBOSE,
    )


def _dates(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for found in _date_pattern().finditer(text) if re.search(_YEAR, text) else ():
        asked = _asked(found)
        if asked and min(asked.values())[:4] <= str(date.today().year):
            yield *found.span(), asked


def _asked(found: re.Match[str]) -> dict[str, str]:
    """Return the filter by date that a text suggests; none where there is no such day."""
    if found["decade"]:
        return {"from": f"{found['decade']}0", "to": f"{found['decade']}9"}
    if found["first"]:
        first, last = _iso(found["first"]), _iso(found["last"])
        return {"from": first, "to": last} if first and last and first <= last else {}
    when, word = _iso(found["behind"] or found["alone"]), (found["word"] or "in").lower()
    if not when or word == "since":
        return {"from": when} if when else {}
    if word == "after":
        return {"from": _next(when, 1)}
    if word in {"until", "before"}:
        return {"to": when if word == "until" else _next(when, -1)}
    return {"from": when, "to": when}


def _iso(written: str) -> str:
    """Return a date as ISO 8601, as precise as it was written; empty where there is no such day."""
    parts = [part.lower() for part in _PARTS.findall(written)]
    year = next(part for part in parts if len(part) == len("2019") and part.isdigit())
    named = [_MONTH_NAMES.index(part[:3]) + 1 for part in parts if not part.isdigit()]
    numbers = [int(part) for part in parts if part.isdigit() and part != year]
    month_and_day = [*named, *numbers]
    try:
        date(int(year), *[*month_and_day, 1, 1][:2])
    except ValueError:
        return ""
    return "-".join([year, *(f"{number:02}" for number in month_and_day)])


def _next(when: str, step: int) -> str:
    """Return the year, month or day after (`step` 1) or before (-1) one."""
    year, month, day = (*map(int, when.split("-")), 0, 0)[:3]
    if day:
        return (date(year, month, day) + timedelta(days=step)).isoformat()
    if month:
        months = 12 * year + month - 1 + step
        return f"{months // 12}-{months % 12 + 1:02}"
    return str(year + step)


def _places(text: str, counts: PhotoCounts) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Yield the places that stand behind "in" or "from", with nothing behind them that they could belong to."""
    for before in _BEFORE_PLACE.finditer(text):
        words = list(islice(WORD.finditer(text, before.end()), PLACE_WORDS_MAX))
        for word in reversed(words):
            place = text[before.end() : word.end()]
            if counts.has_place(place) and _ends_at(text, word.end()):
                yield before.start(), word.end(), {"place": place}
                break


def _ends_at(text: str, end: int) -> bool:
    """Return whether a name ends there: "in Nice" and "in Nice at night", but not "in nice weather"."""
    following = WORD.search(text, end)
    if _PUNCTUATION.match(text, end) or following is None:
        return True
    word = following[0].lower()
    return word in FUNCTION_WORDS | JOINING_WORDS | DENYING_WORDS or word.isdigit()

"""Which pictures a request is about: by date, folder, place, camera, and text in them. Checked once, before any work.

Owns what such a filter may say, and the errors of one that cannot be used. `filters.py` finds the pictures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from runtime.errors import RequestError
from runtime.library.case_folding import folded_words

TEXT_KEYS = ("from", "to", "folder", "place", "camera")
KEYS = (*TEXT_KEYS, "has_text")
BOOLEANS = {"true": True, "false": False}  # as a query string has them
VALUE_MAX_CHARS = 500
SHOWN_MAX_CHARS = 60  # of a value in an error's message
DATE_FORMS = "a date such as 2019, 2019-06 or 2019-06-02"
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
AFTER_ALL = "~"  # sorts behind all that a date continues with: "2019~" is behind "2019-12-31T23:59:59"


class FilterInvalid(RequestError):
    """A filter has a key that there is not, or a value that cannot be used."""

    code = "filter_invalid"

    def __init__(self, key: str, given: object, allowed: str) -> None:
        self.key, self.given, self.allowed = key, given, allowed
        shown = repr(given)
        shown = f"{shown[:SHOWN_MAX_CHARS]}..." if len(shown) > SHOWN_MAX_CHARS else shown
        super().__init__(f"{key} is {shown}; it must be {allowed}.".encode("utf-8", "backslashreplace").decode())


class PhotoFactsMissing(RequestError):
    """A filter asks for what the index does not know of any picture."""

    code = "photo_facts_missing"

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        super().__init__(
            f"This index has no facts of photos (dates, places, cameras), so {', '.join(keys)} cannot be used. "
            "Build it again with this version: lookwhy index FOLDER. A folder can be filtered by without."
        )


@dataclass(frozen=True)
class Where:
    """A checked filter; None is left open, and all that is not None must hold.

    `first` and `last` are ISO dates of any precision, both included: 2019, 2019-06, 2019-06-02. `folder` is one or more
    whole names of folders, one within the other, anywhere in the path. `place` is a town, a country, or both with a comma
    between. `camera` has words of a maker's and a model's name. `has_text`: text was read in the picture, or none was.
    """

    first: str | None = None
    last: str | None = None
    folder: str | None = None
    place: str | None = None
    camera: str | None = None
    has_text: bool | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a request that it has values for."""
        values = (self.first, self.last, self.folder, self.place, self.camera, self.has_text)
        return tuple(key for key, value in zip(KEYS, values, strict=True) if value is not None)


def check_where(given: object) -> Where | None:
    """Return the filter of a request; None where it leaves everything open.

    Args:
        given: what the request says: a mapping of `KEYS` to texts, and of has_text to a boolean. None and a blank text
            leave a key open.

    Raises:
        FilterInvalid: it is none, or has another key or a value that cannot be used.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise FilterInvalid("where", given, f"an object with some of {', '.join(KEYS)}")
    for key in given:
        if key not in KEYS:
            raise FilterInvalid("a key of where", key, f"one of {', '.join(KEYS)}")
    first, last, folder, place, camera = (_text(key, given.get(key)) for key in TEXT_KEYS)
    has_text = _boolean("has_text", given.get("has_text"))
    named = _named("place", place), _named("camera", camera)
    where = Where(_date("from", first), _date("to", last), _folder(folder), *named, has_text)
    if where.first and where.last and where.first > where.last + AFTER_ALL:
        raise FilterInvalid("to", where.last, f"no earlier than from, {where.first}")
    return where if where.keys else None


def _text(key: str, given: Any) -> str | None:  # noqa: ANN401 (what JSON may hold)
    if given is None:
        return None
    if not isinstance(given, str):
        raise FilterInvalid(key, given, "a text in quotation marks")
    if len(given) > VALUE_MAX_CHARS:
        raise FilterInvalid(key, given, f"at most {VALUE_MAX_CHARS} characters long")
    try:
        given.encode()
    except UnicodeEncodeError as cause:  # half a surrogate pair: JSON can carry it, SQLite cannot
        raise FilterInvalid(key, given, "whole characters") from cause
    return given.strip() or None


def _boolean(key: str, given: Any) -> bool | None:  # noqa: ANN401 (what JSON may hold)
    if isinstance(given, str):
        given = BOOLEANS.get(given.strip().lower(), given) if given.strip() else None
    if given is None or isinstance(given, bool):
        return given
    raise FilterInvalid(key, given, "true or false")


def _date(key: str, given: str | None) -> str | None:
    """Return the date, if there is one in the calendar."""
    if given is None:
        return None
    parts = _DATE.fullmatch(given)
    try:
        if parts:
            year, month, day = parts.groups()
            date(int(year), int(month or 1), int(day or 1))
            return given
    except ValueError:
        pass
    raise FilterInvalid(key, given, DATE_FORMS)


def _folder(given: str | None) -> str | None:
    """Return the folders' names with a slash between each two."""
    if given is None:
        return None
    names = "/".join(name for name in given.split("/") if name not in ("", "."))
    if not names:
        raise FilterInvalid("folder", given, "the name of a folder of the library, such as holiday or 2019/holiday")
    return names


def _named(key: str, given: str | None) -> str | None:
    if given is not None and not folded_words(given):
        raise FilterInvalid(key, given, "a name with letters or digits")
    return given

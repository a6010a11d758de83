"""Google Takeout: the JSON that lies beside each picture, what it may be called, and what it says.

A picture's JSON has its name and `.supplemental-metadata`, cut after 46 characters; then its number in parentheses, if it
has one; then `.json`. Older ones lack the middle part. An edited picture has none of its own, but its original's.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from export.index.photos.exif import Position, checked_position
from export.index.photos.moments import Moment, moment_of_instant

NAME_MAX = 46
JSON_BYTES_MAX = 262_144  # Takeout's have some thousand
MIDDLE = ".supplemental-metadata"
NUMBER = re.compile(r"\(\d{1,6}\)$")
# What Google Photos appends to the name of an edited picture, in the language of the account
EDITS = (
    "edited|effects|smile|mix|collage|animation|bearbeitet|modifié|editado|editada|ha editado|ha-editado|editat|modificato|"
    "bewerkt|redigerad|redigeret|redigert|muokattu|edytowane|upraveno|szerkesztett|düzenlendi|изменено|отредактировано|"
    "編集済み|已修改|已編輯|수정됨"
)
EDIT = re.compile(rf"-(?:{EDITS})$", re.IGNORECASE)
CUT_FROM, CUT_LEAST = 40, 3  # a name as long as that may have lost the end of "-edited", but not all of it
CUT_EDIT = re.compile(r"-(\w+)$")


@dataclass(frozen=True, slots=True)
class TakeoutFacts:
    """What a picture's JSON says; times are in UTC. `title` is the picture's name in Google Photos."""

    title: str = ""
    moment: Moment | None = None
    position: Position | None = None
    people: tuple[str, ...] = ()


def json_names(name: str) -> Iterator[str]:
    """Yield what the JSON of a picture may be called, the likeliest first."""
    stem, dot, suffix = name.rpartition(".")
    found = NUMBER.search(stem)
    number, plain = (found[0], stem[: found.start()]) if found else ("", stem)
    given = [(plain, number), (stem, "")]
    for bare, its_number in [(_unedited(plain), number), (_unedited(stem), "")]:
        inner = NUMBER.search(bare)  # "c(1)-edited.jpg"
        given += [(bare[: inner.start()], inner[0])] if inner else []
        given.append((bare, its_number))
    for bare, its_number in dict.fromkeys(given):
        yield from _names_of(f"{bare}{dot}{suffix}", its_number)
        yield from _names_of(bare, its_number)  # some lack the picture's suffix


def _names_of(full: str, number: str) -> Iterator[str]:
    yield f"{(full + MIDDLE)[:NAME_MAX]}{number}.json"
    yield f"{full[:NAME_MAX]}{number}.json"
    for length in range(len(MIDDLE), 1, -1):  # the limit does not hold everywhere
        yield f"{full}{MIDDLE[:length]}{number}.json"


def unedited(name: str) -> str:
    """Return the name of the original of an edited picture; of any other, its own."""
    stem, dot, suffix = name.rpartition(".")
    return f"{_unedited(stem)}{dot}{suffix}"


def _unedited(stem: str) -> str:
    if found := EDIT.search(stem):
        return stem[: found.start()]
    cut = CUT_EDIT.search(stem) if len(stem) >= CUT_FROM else None
    if cut and len(cut[1]) >= CUT_LEAST and any(word.startswith(cut[1].lower()) for word in EDITS.split("|")):
        return stem[: cut.start()]
    return stem


def read_takeout(content: bytes) -> TakeoutFacts | None:
    """Return what a JSON says; None where it is not one of Takeout's about a picture."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    taken = told.get("photoTakenTime") if isinstance(told, dict) else None
    if not isinstance(taken, dict):
        return None
    people = told.get("people")
    names = [one.get("name") for one in people if isinstance(one, dict)] if isinstance(people, list) else []
    title = told.get("title")
    return TakeoutFacts(
        title=title if isinstance(title, str) else "",
        moment=_read_time(taken.get("timestamp")),
        position=_read_position(told.get("geoData")) or _read_position(told.get("geoDataExif")),
        people=tuple(name for name in names if isinstance(name, str)),
    )


def _read_time(timestamp: object) -> Moment | None:
    """Return the moment of a number of seconds, which is written as a text."""
    try:
        return moment_of_instant(int(str(timestamp)[:16]))
    except ValueError:
        return None


def _read_position(told: object) -> Position | None:
    latitude, longitude = (told.get("latitude"), told.get("longitude")) if isinstance(told, dict) else (None, None)
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return checked_position(latitude, longitude)

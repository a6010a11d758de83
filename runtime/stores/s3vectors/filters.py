"""From a condition to filters that S3 Vectors understands, and whether a picture that is here meets it."""

from collections.abc import Iterator, Sequence
from typing import Any

from runtime.library.photos.where import AFTER_ALL
from runtime.library.remote.faults import StoreLacks
from runtime.library.remote.filter_condition import Condition, Place, TakenRange, folder_of
from runtime.library.remote.rows import StoredPicture
from runtime.stores.s3vectors.metadata import (
    CAMERA,
    COUNTRY,
    FOLDER,
    HAS_TEXT,
    PLACE,
    TAKEN,
    UNDER,
    date_number,
    place_name,
    token_of,
)

# The guide allows 100 constraints a filter, and does not say whether each value of a list is one.
VALUES_MAX = 80
FILTERS_MAX = 8  # of one condition; each is a query of its own
MetadataFilter = dict[str, Any]


def metadata_filters(condition: Condition) -> list[MetadataFilter]:
    """Return the filters that together leave the pictures that meet a condition, none of them twice.

    Raises:
        StoreLacks: it names more than so many filters can hold.
    """
    if condition.is_empty:
        return []
    lists = [*_lists_of(condition)]
    fixed = [*_of_time(condition.taken)] + ([{HAS_TEXT: condition.has_text}] if condition.has_text is not None else [])
    short = [one for one in lists if sum(len(values) for values in one.values()) <= VALUES_MAX // max(1, len(lists))]
    long = [one for one in lists if one not in short]
    if len(long) > 1:
        raise StoreLacks("Filters that leave many places, cameras and folders at once")
    fixed += [_any_of(one) for one in short]
    if not long:
        return [_all_of(fixed)]
    [(key, values)] = [(key, values) for one in long for key, values in one.items()]
    room = VALUES_MAX - sum(len(values) for one in short for values in one.values())
    if len(values) > room * FILTERS_MAX:
        raise StoreLacks(f"Filters that leave {len(values):,} of a kind ({key})")
    return [_all_of([*fixed, _any_of({key: values[start : start + room]})]) for start in range(0, len(values), room)]


def meets(picture: StoredPicture, condition: Condition) -> bool:
    """Return whether a picture meets a condition."""
    facts, words = picture.facts, picture.words
    return (
        (condition.taken is None or condition.taken.holds(facts.taken))
        and (condition.places is None or (facts.place, facts.country) in condition.places)
        and (condition.cameras is None or facts.camera in condition.cameras)
        and (condition.folders is None or folder_of(picture.row.image_path) in condition.folders)
        and (condition.has_text is None or (words is not None and bool(words) == condition.has_text))
    )


def _lists_of(condition: Condition) -> Iterator[dict[str, Sequence[str]]]:
    """Yield a key and the values of which it must have one, for each list of the condition."""
    if condition.places is not None:
        yield _of_places(condition.places)
    if condition.cameras is not None:
        yield {CAMERA: condition.cameras}
    if condition.folders is not None:
        yield _of_folders(condition.folders)


def _of_places(places: Sequence[Place]) -> dict[str, Sequence[str]]:
    """Return the places, or, where they are many, their countries: only a country's name leaves so many."""
    countries = [country for country in dict.fromkeys(country for _, country in places) if country]
    if len(places) > VALUES_MAX and len(countries) == 1:
        return {COUNTRY: countries}
    return {PLACE: [place_name(*place) for place in places]}


def _of_folders(folders: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the folders, or, where they are many, the topmost of them: a folder's name leaves all that lie in it."""
    if len(folders) <= VALUES_MAX:
        return {FOLDER: [token_of(folder) for folder in folders]}
    topmost, last = [], None
    for folder in sorted(folders):
        if last is None or not folder.startswith(last):
            topmost.append(folder)
            last = folder
    return {UNDER: [token_of(folder) for folder in topmost]}


def _of_time(taken: TakenRange | None) -> Iterator[MetadataFilter]:
    if taken is None:
        return
    between: dict[str, int] = {}
    if taken.first is not None:
        between["$gte"] = date_number(taken.first)
    if taken.before is not None:
        between["$lt"] = date_number(taken.before, "9" if taken.before.endswith(AFTER_ALL) else "0")
    whole = {TAKEN: between} if between else {TAKEN: {"$exists": True}}
    yield {"$or": [whole, {TAKEN: {"$in": [date_number(one) for one in taken.also]}}]} if taken.also else whole


def _any_of(values: dict[str, Sequence[str]]) -> MetadataFilter:
    [(key, wanted)] = values.items()
    return {key: wanted[0]} if len(wanted) == 1 else {key: {"$in": list(wanted)}}


def _all_of(conditions: list[MetadataFilter]) -> MetadataFilter:
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}

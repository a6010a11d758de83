"""From a checked filter to the condition that an engine is asked with, by the counts of the library's names."""

from collections.abc import Iterable, Sequence

from runtime.library.photos.filters import in_folder, of_camera, of_place
from runtime.library.photos.photo_counts import PhotoCount, PhotoCounts
from runtime.library.photos.where import AFTER_ALL, PhotoFactsMissing, Where
from runtime.library.remote.faults import StoreLacks
from runtime.library.remote.filter_condition import Condition, TakenRange

NAMES_MAX = 5_000  # of folders or places in one condition; more are longer than engines take
PREFIX_LENGTHS = (4, 7)  # of the dates 2019 and 2019-06


def condition_of(counts: PhotoCounts, where: Where) -> Condition:
    """Return what a row must meet to be left by a filter, as `Filters.is_left` says it for a catalogue in files.

    Raises:
        PhotoFactsMissing: the filter asks for facts that the library has not.
        StoreLacks: it names more folders or places than an engine can be asked with.
    """
    of_facts = tuple(key for key in where.keys if key not in {"folder", "has_text"})
    if of_facts and not counts.has_facts:
        raise PhotoFactsMissing(of_facts)
    places = cameras = folders = None
    if where.place is not None:
        named = _chosen(counts.of("place"), of_place(counts, where.place), "places")
        places = tuple((count.name, count.country) for count in named)
    if where.camera is not None:
        named = _chosen(counts.of("camera"), of_camera(counts.of("camera"), where.camera), "cameras")
        cameras = tuple(count.name for count in named if count.name)
    if where.folder is not None:
        named = _chosen(counts.of("folder"), in_folder(counts.of("folder"), where.folder), "folders")
        folders = tuple(count.name or "" for count in named)
    return Condition(_taken_range(where), places, cameras, folders, where.has_text)


def _chosen(counts: Sequence[PhotoCount], are_wanted: Iterable[bool], what: str) -> list[PhotoCount]:
    chosen = [count for count, is_wanted in zip(counts, are_wanted, strict=True) if is_wanted]
    if len(chosen) > NAMES_MAX:
        raise StoreLacks(f"Filters that name more than {NAMES_MAX:,} {what} (this one: {len(chosen):,})")
    return chosen


def _taken_range(where: Where) -> TakenRange | None:
    if where.first is None and where.last is None:
        return None
    first = where.first or ""
    also = tuple(first[:length] for length in PREFIX_LENGTHS if length < len(first))
    return TakenRange(where.first, where.last + AFTER_ALL if where.last else None, also)

"""FolderCounts: folders of a library that a filter may name, and how many pictures it then leaves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice

import numpy as np

from runtime.library.photos.filters import Filters, folder_names
from runtime.library.photos.photo_counts import PhotoCount
from runtime.library.photos.where import FilterInvalid, Where, check_where

LEVELS = 2  # of folders, one within the other, the outermost first
FOLDERS_MAX = 200
REMEMBERED = 16  # filters

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderCount:
    """A folder by its path, such as holiday or 2019/holiday, and how many pictures a filter by this name leaves."""

    folder: str
    pictures: int


class FolderCounts:
    """The folders of one open catalogue. Any thread may ask."""

    def __init__(self, filters: Filters) -> None:
        """Keep the collaborator."""
        self.of = lru_cache(REMEMBERED)(partial(_count, filters))  # no method: it would be a circle
        """From a `Where`, or None, to the `FolderCount`s of its pictures, those with most pictures first, at most 200.

        Raises as `Filters.is_left` does.
        """


def _count(filters: Filters, where: Where | None) -> tuple[FolderCount, ...]:
    folders = filters.counts.of("folder")
    if where is None:
        left: Sequence[int] = [folder.pictures for folder in folders]
    else:
        cells = filters.columns.of("folder")[filters.is_left(where)]
        left = np.bincount(cells, minlength=len(folders) + 1)[1:].tolist()
    spellings: dict[Names, str] = {}
    found: Counter[Names] = Counter()
    for folder, pictures in zip(folders, left, strict=True):
        if pictures:
            names = folder_names(folder)
            for length in range(1, min(LEVELS, len(names)) + 1):
                spellings.setdefault(tuple(names[:length]), _outer(folder, length))
            # As a filter by name finds it, wherever in the path the names stand; a picture counts once.
            found.update(dict.fromkeys(_found_by(names), pictures))
    in_order = sorted(spellings, key=lambda names: (-found[names], names))
    shown = (FolderCount(spellings[names], found[names]) for names in in_order if _can_be_asked_for(spellings[names]))
    return tuple(islice(shown, FOLDERS_MAX))


def _can_be_asked_for(folder: str) -> bool:
    """Return whether a filter takes a name as it is; one that begins with a space, or is very long, it does not."""
    try:
        return check_where({"folder": folder}) == Where(folder=folder)
    except FilterInvalid:
        return False


def _found_by(names: Sequence[str]) -> set[Names]:
    """Return by which names, up to `LEVELS` one within the other, a filter finds a folder."""
    starts = range(len(names))
    return {tuple(names[start : start + length]) for start in starts for length in range(1, LEVELS + 1)}


def _outer(folder: PhotoCount, length: int) -> str:
    return "/".join((folder.name or "").split("/")[:length])

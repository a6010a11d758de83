"""PicturePages: the library without a question: its months, and its pictures a page at a time."""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.filters import Filters
from runtime.library.photos.where import Where

PageOrder = Literal["date", "path"]
Order = NDArray[np.integer]  # ids
Months = list[tuple[str, int]]  # with their counts, the newest first
TIMELINES_REMEMBERED = 16  # of filters, a few kB each

COUNT_ALL = "SELECT count(*) FROM images"
# One text of all ids: a row for each of a million takes six times as long.
BY_PATH = "SELECT group_concat(id) FROM (SELECT id FROM images ORDER BY image_path)"


@dataclass(frozen=True, slots=True)
class MonthCount:
    """How many pictures were taken in a month, 2019-06; or in a year, 2019, where no more is known of them."""

    month: str
    pictures: int


@dataclass(frozen=True)
class Timeline:
    """The months of some pictures, the newest first; of `undated` ones it is not known when they were taken."""

    pictures: int
    undated: int
    months: tuple[MonthCount, ...]


class PicturePages:
    """The timeline and the pages of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile, filters: Filters) -> None:
        """Keep the collaborators."""
        self._filters = filters
        # no methods: they would be circles
        self._by_path = lru_cache(1)(partial(_by_path, catalog))
        self.timeline = lru_cache(TIMELINES_REMEMBERED)(partial(_timeline, catalog, filters))
        """From a `Where`, or None, to the `Timeline` of its pictures. Raises as `Filters.ids` does."""

    def page(self, order: PageOrder, limit: int, *, offset: int = 0, where: Where | None = None) -> list[int]:
        """Return the ids of pictures from a place in the order on, at most `limit`; none behind its end.

        By date, the pictures of the timeline's months come in its order, then those without a date. Of a month, a picture
        of which only the month is known comes behind all others. Of equal dates, the larger id comes first.

        Args:
            order: by date or by path.
            limit: how many are wanted.
            offset: how many come before, of those that the filter leaves.
            where: which pictures alone.

        Raises:
            PhotoFactsMissing: as `Filters.ids`.
        """
        ids = self._filters.columns.ids if order == "date" else self._by_path()
        if where is not None:
            by_date = self._filters.is_left(where)
            is_left = by_date if order == "date" else np.isin(ids, self._filters.ids(where), assume_unique=True)
            ids = ids[np.flatnonzero(is_left)[offset : offset + limit]]
            offset = 0
        page: list[int] = ids[offset : offset + limit].tolist()
        return page


def _by_path(catalog: CatalogFile) -> Order:
    """Return the ids of all pictures by path: 8 bytes a picture."""
    [(joined,)] = catalog.fetch(BY_PATH)
    return np.fromstring(joined, np.int64, sep=",") if joined else np.empty(0, np.int64)


def _timeline(catalog: CatalogFile, filters: Filters, where: Where | None) -> Timeline:
    counts = filters.counts.of("month")
    months = sorted(((count.name, count.pictures) for count in counts if count.name), reverse=True)
    if where is not None:
        is_left = filters.is_left(where)
        sizes = [pictures for _, pictures in months]
        left = _counts_of(is_left[: filters.columns.dated], sizes)
        shown = [(month, count) for (month, _), count in zip(months, left, strict=True)]
        return _timeline_of(shown, int(np.count_nonzero(is_left)))
    if not filters.counts.has_facts:
        [(pictures,)] = catalog.fetch(COUNT_ALL)
        return _timeline_of([], pictures)
    return _timeline_of(months, sum(count.pictures for count in counts))


def _timeline_of(months: Months, pictures: int) -> Timeline:
    shown = tuple(MonthCount(month, count) for month, count in months if count)
    return Timeline(pictures, pictures - sum(count for _, count in months), shown)


def _counts_of(is_left: NDArray[np.bool_], sizes: list[int]) -> list[int]:
    """Return how many of consecutive parts, of these sizes, are left."""
    starts = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    counts: list[int] = np.add.reduceat(is_left, starts, dtype=np.int64).tolist() if sizes else []
    return counts

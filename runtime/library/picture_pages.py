"""PicturePages: the library without a question: its months, and its pictures a page at a time, by date or by path."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runtime.library.catalog_file import CatalogFile
from runtime.library.filters import Filters, Ids, fetch_dates, ids_of, kept_in_order
from runtime.library.where import AFTER_ALL, Where

PageOrder = Literal["date", "path"]
Months = list[tuple[str, int]]  # with their counts, the oldest first
CHUNK = 2000  # pictures looked at in one step, where a filter leaves out some
TIMELINES_REMEMBERED = 16  # of filters, a few kB each

COUNT_ALL = "SELECT count(*) FROM images"
OLDEST_FIRST = "SELECT group_concat(id) FROM (SELECT id FROM photo_facts WHERE taken IS NOT NULL ORDER BY taken)"
TAKEN_OF_ONE = "SELECT id, taken FROM photo_facts WHERE id = ? AND taken IS NOT NULL"
SAME_TAKEN = "SELECT id, taken FROM photo_facts WHERE taken = ? AND id < ? ORDER BY id DESC LIMIT ?"
EARLIER = "SELECT id, taken FROM photo_facts WHERE taken < ? ORDER BY taken DESC, id DESC LIMIT ?"
UNDATED = """
    SELECT images.id FROM images LEFT JOIN photo_facts USING (id) WHERE taken IS NULL AND images.id < ?
    ORDER BY images.id DESC LIMIT ?
"""
ALL_BY_ID = "SELECT id FROM images WHERE id < ? ORDER BY id DESC LIMIT ?"
PATH_OF_ONE = "SELECT image_path FROM images WHERE id = ?"
BY_PATH = "SELECT id, image_path FROM images WHERE image_path > ? ORDER BY image_path LIMIT ?"
ABOVE_ALL_IDS = 2**63 - 1


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
        self._catalog, self._filters = catalog, filters
        # no method: it would be a circle
        oldest_first = lru_cache(1)(partial(_oldest_first, catalog))
        self.timeline = lru_cache(TIMELINES_REMEMBERED)(partial(_timeline, catalog, filters, oldest_first))
        """From a `Where`, or None, to the `Timeline` of its pictures. Raises as `Filters.ids` does."""

    def page(self, order: PageOrder, limit: int, *, after: int | None = None, where: Where | None = None) -> list[int]:
        """Return the ids of the next pictures, at most `limit`.

        By date, the newest come first, then those without a date, by id from the largest. Of a date known to the month
        alone, a picture comes behind all others of the month.

        Args:
            order: by date or by path.
            limit: how many are wanted.
            after: the id of a picture of the catalogue, the last one of the page before; None for the first page.
            where: which pictures alone.

        Raises:
            PhotoFactsMissing: as `Filters.ids`.
        """
        allowed = self._filters.ids(where) if where else None
        if allowed is not None and not allowed.size:
            return []
        step = limit if allowed is None else max(CHUNK, limit)
        chunks = self._by_date(step, after, where) if order == "date" else self._by_path(step, after)
        return list(islice(_kept(chunks, allowed), limit))

    def _by_date(self, step: int, after: int | None, where: Where | None) -> Iterator[list[int]]:
        has_facts = self._filters.counts.has_facts
        last = where.last + AFTER_ALL if where and where.last else AFTER_ALL
        taken: str | None = last if has_facts else None
        if after is not None and has_facts:
            taken = dict(fetch_dates(self._catalog, TAKEN_OF_ONE, after)).get(after)
        if taken is not None:
            earliest = where.first[:4] if where and where.first else ""
            yield from self._dated(step, taken, 0 if after is None else after, earliest)
            after = None  # all without a date come behind
        if self._has_undated(where):
            yield from self._undated(step, ABOVE_ALL_IDS if after is None else after, UNDATED if has_facts else ALL_BY_ID)

    def _dated(self, step: int, taken: str, after: int, earliest: str) -> Iterator[list[int]]:
        while taken >= earliest:
            rows = fetch_dates(self._catalog, SAME_TAKEN, taken, after, step)
            if len(rows) < step:
                rows += fetch_dates(self._catalog, EARLIER, taken, step - len(rows))
            if not rows:
                return
            yield [image_id for image_id, _ in rows]
            after, taken = rows[-1]

    def _has_undated(self, where: Where | None) -> bool:
        return not (where and (where.first or where.last)) and self.timeline(None).undated > 0

    def _undated(self, step: int, after: int, query: str) -> Iterator[list[int]]:
        while rows := self._catalog.fetch(query, after, step):
            yield [image_id for (image_id,) in rows]
            [after] = rows[-1]

    def _by_path(self, step: int, after: int | None) -> Iterator[list[int]]:
        [path] = [""] if after is None else [row[0] for row in self._catalog.fetch(PATH_OF_ONE, after)]
        while rows := self._catalog.fetch(BY_PATH, path, step):
            yield [image_id for image_id, _ in rows]
            path = rows[-1][1]


def _kept(chunks: Iterable[list[int]], allowed: Ids | None) -> Iterator[int]:
    for chunk in chunks:
        yield from chunk if allowed is None else kept_in_order(chunk, allowed)


def _oldest_first(catalog: CatalogFile) -> Ids:
    """Return the ids of all pictures with a date, the oldest first: 8 bytes a picture."""
    [(joined,)] = catalog.fetch(OLDEST_FIRST)
    return ids_of(joined or "")


def _timeline(catalog: CatalogFile, filters: Filters, oldest_first: Callable[[], Ids], where: Where | None) -> Timeline:
    counts = filters.counts.of("month")
    months = sorted((count.name, count.pictures) for count in counts if count.name)
    if where is not None:
        allowed = filters.ids(where)
        ids, sizes = oldest_first() if months else np.empty(0, np.int64), [count for _, count in months]
        if ids.size != sum(sizes):
            raise catalog.damage("its pictures are not those that it counts by month")
        left = _counts_of(np.isin(ids, allowed, assume_unique=True), sizes)
        return _newest_first([(month, count) for (month, _), count in zip(months, left, strict=True)], allowed.size)
    if not filters.counts.has_facts:
        [(pictures,)] = catalog.fetch(COUNT_ALL)
        return _newest_first([], pictures)
    return _newest_first(months, sum(count.pictures for count in counts))


def _newest_first(months: Months, pictures: int) -> Timeline:
    shown = tuple(MonthCount(month, count) for month, count in reversed(months) if count)
    return Timeline(pictures, pictures - sum(count for _, count in months), shown)


def _counts_of(is_left: NDArray[np.bool_], sizes: list[int]) -> list[int]:
    """Return how many of consecutive parts, of these sizes, are left."""
    starts = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    counts: list[int] = np.add.reduceat(is_left.astype(np.int64), starts).tolist() if sizes else []
    return counts

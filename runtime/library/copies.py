"""Which pictures of a library are copies of one another, and which were shot in one burst, as the catalogue says.

Owns the form of both tables and reads them; `export/index/photos/copies.py` fills them. A catalogue of an earlier version
has none, and then no picture is a copy of another.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.filters import Ids

# The first of a group, which is shown for it, has no row of its own. Copies: the largest picture. Bursts: the earliest; only
# the first of copies stands in a burst.
COPIES_SCHEMA = """
    CREATE TABLE copies (id INTEGER PRIMARY KEY, first INTEGER NOT NULL);
    CREATE INDEX copies_first ON copies (first);
    CREATE TABLE bursts (id INTEGER PRIMARY KEY, first INTEGER NOT NULL);
    CREATE INDEX bursts_first ON bursts (first);
"""
COPIES_NAMED = 100  # of one picture, in one answer
Kind = Literal["copies", "bursts"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a picture: its id, and its path below the folder of pictures."""

    id: int
    image_path: str


@dataclass(frozen=True, slots=True)
class GroupedPicture:
    """A picture of a group; `width` and `height` are in pixels, `taken` is None where it is not known."""

    id: int
    image_path: str
    bytes: int
    width: int
    height: int
    taken: str | None = None


@dataclass(frozen=True, eq=False)
class Folded:
    """Pictures for which another one of their group stands: `ids`, (c,) ascending, and `heads`, (c,), those others."""

    ids: Ids
    heads: Ids

    def heads_of(self, ids: Sequence[int]) -> list[int]:
        """Return the pictures that stand for these, in their order; others stand for themselves."""
        if not self.ids.size:
            return list(ids)
        some = np.asarray(ids, np.int64)
        at = np.minimum(np.searchsorted(self.ids, some), self.ids.size - 1)
        heads: list[int] = np.where(self.ids[at] == some, self.heads[at], some).tolist()
        return heads


class Copies:
    """The groups of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue."""
        self._catalog = catalog
        tables = {name for (name,) in catalog.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self._is_there, self._has_facts = {"copies", "bursts"} <= tables, "photo_facts" in tables

    def firsts_of(self, ids: Sequence[int]) -> dict[int, int]:
        """Return the first of the group, by id, of those of these pictures that are copies; a first is no copy."""
        heads = Folded(*self._all).heads_of(ids)
        return {image_id: head for image_id, head in zip(ids, heads, strict=True) if head != image_id}

    def counts_of(self, ids: Sequence[int]) -> dict[int, int]:
        """Return how many copies there are, by the id of the first, of those of these pictures that have some."""
        if not self._all[0].size:
            return {}
        query = "SELECT first, count(*) FROM copies WHERE first IN (SELECT value FROM json_each(?)) GROUP BY first"
        return dict(self._checked(row, (int, int)) for row in self._fetch(query, json.dumps(list(ids))))

    def others_of(self, image_id: int, first: int) -> tuple[Copy, ...]:
        """Return the other pictures of a group, at most `COPIES_NAMED`: its first, then the others by id."""
        query = """
            SELECT id, image_path FROM images
            WHERE id IN (SELECT ?1 UNION ALL SELECT id FROM copies WHERE first = ?1) AND id != ?2
            ORDER BY id != ?1, id LIMIT ?3
        """
        return tuple(Copy(*self._checked(row, (int, str))) for row in self._fetch(query, first, image_id, COPIES_NAMED))

    def folded(self, allowed: Ids | None = None) -> Folded:
        """Return the copies, with the first of their group; of a group whose first is not allowed, with the smallest id."""
        ids, firsts = self._all
        if allowed is None or not ids.size:
            return Folded(ids, firsts)
        are_allowed = np.isin(ids, allowed)
        ids, heads = ids[are_allowed], firsts[are_allowed]
        has_lost = ~np.isin(heads, allowed)
        _, smallest, group = np.unique(heads[has_lost], return_index=True, return_inverse=True)
        heads[has_lost] = ids[has_lost][smallest][group]
        return Folded(ids[heads != ids], heads[heads != ids])

    def group_of(self, image_id: int) -> Ids:
        """Return a picture and its copies, ascending."""
        ids, firsts = self._all
        [first] = Folded(ids, firsts).heads_of([image_id])
        return np.union1d(ids[firsts == first], [first])

    @cached_property
    def _all(self) -> tuple[Ids, Ids]:
        """All copies, (c,) ascending, and the first of each one's group."""
        rows = self._fetch("SELECT id, first FROM copies ORDER BY id") if self._is_there else []
        pairs = np.array([self._checked(row, (int, int)) for row in rows], np.int64).reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def groups(self, kind: Kind) -> list[list[GroupedPicture]]:
        """Return all groups of a kind, each with its first before the others; those that begin with small ids come first."""
        if not self._is_there:
            return []
        taken = "taken" if self._has_facts else "NULL"
        facts = "LEFT JOIN photo_facts USING (id)" if self._has_facts else ""
        query = f"""
            WITH grouped AS (SELECT id, first FROM {kind} UNION ALL SELECT DISTINCT first, first FROM {kind})
            SELECT first, id, image_path, bytes, width, height, {taken} FROM grouped JOIN images USING (id) {facts}
            ORDER BY first, id != first, id
        """
        groups: dict[int, list[GroupedPicture]] = {}
        for first, *columns, when in self._fetch(query):
            image_id, path, size, width, height = self._checked(columns, (int, str, int, int, int))
            taken_at = when if isinstance(when, str) else None
            groups.setdefault(first, []).append(GroupedPicture(image_id, path, size, width, height, taken_at))
        return list(groups.values())

    @property
    def is_known(self) -> bool:
        """Whether the index was ever looked through for copies."""
        return self._is_there

    def _fetch(self, query: str, *arguments: str | int) -> list[Any]:
        return self._catalog.fetch(query, *arguments)

    def _checked(self, row: Sequence[Any], kinds: tuple[type, ...]) -> Any:  # noqa: ANN401 (SQLite gives what a file says)
        if tuple(map(type, row)) != kinds:
            raise self._catalog.damage("its groups of copies have a value of another kind")
        return row

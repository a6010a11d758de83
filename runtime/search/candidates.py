"""Which pictures a search judges, page by page: those nearest to the query, and those with its words.

With a filter, those that it leaves. What comes behind the first page is taken from one order of the whole library
(`similarity_order.py`), and from the pictures that have the query's words; a cursor says how far both have come.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np

from runtime.artefacts.match_calibration import NEIGHBOURS
from runtime.artefacts.releases.release import Release
from runtime.library.catalog import Library
from runtime.library.photos.filters import Allowed
from runtime.search.cursor import FINGERPRINT_BYTES, Cursor, CursorInvalid
from runtime.search.embedded_query import Query
from runtime.search.query import AHEAD_MAX, CheckedSearch
from runtime.search.ranking import Ranker
from runtime.search.similarity_order import START, NearnessOrder
from runtime.search.text_search import find_wanted

DEEPER = 4  # times as many pictures are looked at where copies took too many places
DEEPEST = 64  # times as many at most
WORDS_UNTIL = 1000  # results; so many pictures with the words are looked at (`runtime/library/text_index.py`)
# Of the directions of one search, embedded twice: in another batch, or of a picture that was sent again, made smaller anew.
# Different pictures are farther apart.
SAME_DIRECTION = 0.95


@dataclass(frozen=True)
class Candidates:
    """What was found.

    `ids` are the pictures to judge, each once. `neighbours` are the `NEIGHBOURS` pictures of the whole library that are
    nearest to the query; None where they are the first of `ids`. `left` is how many pictures the filter leaves, None
    without one. `firsts` has the first of its group for each that is a copy; it is among `ids` unless the filter leaves it
    out.
    """

    ids: list[int]
    neighbours: list[int] | None = None
    left: int | None = None
    firsts: Mapping[int, int] = field(default_factory=dict)


def find_candidates(ranker: Ranker, library: Library, query: Query, request: CheckedSearch) -> Candidates:
    """Return the pictures to judge, for `top_k` cards and `NEIGHBOURS` at least, as far as there are so many.

    A filter changes which pictures are judged, never how: what the library holds beside them is part of what a match is
    compared with, so the neighbours are those of the search without the filter, as they are where hits are explained later.
    The neighbours stay, copies or not. The picture that is searched with and its copies are left out.

    Raises:
        PhotoFactsMissing: the filter asks for facts that the index has not.
    """
    count = max(request.top_k, NEIGHBOURS, library.judged_least) + (request.like is not None)
    allowed = None if request.where is None else library.filters.ids(request.where)
    if allowed is not None and not allowed.size:
        return Candidates([], left=0)
    own_card = None if request.like is None else library.copies.firsts_of([request.like]).get(request.like, request.like)
    near, cards, firsts = _nearest_cards(ranker, library, query, count, own_card, allowed)
    found = find_wanted(library, query, count, allowed)
    firsts |= library.copies.firsts_of(found)
    ids = [*near[:NEIGHBOURS], *cards[:count], *found]
    ids += among(library, [firsts[one] for one in ids if one in firsts], allowed)
    others = [one for one in dict.fromkeys(ids) if own_card is None or firsts.get(one, one) != own_card]
    if allowed is None:
        return Candidates(others, firsts=firsts)
    neighbours = None if query.text is None else nearest_of_library(ranker, query, request)
    return Candidates(others, neighbours, allowed.size, firsts)


def nearest_of_library(ranker: Ranker, query: Query, request: CheckedSearch) -> list[int]:
    """Return the `NEIGHBOURS` nearest pictures of the whole library, without the one that is searched with."""
    count = max(request.top_k, NEIGHBOURS) + (request.like is not None)
    return [one for one in ranker.nearest(query, count) if one != request.like][:NEIGHBOURS]


def _nearest_cards(
    ranker: Ranker, library: Library, query: Query, count: int, own_card: int | None, allowed: Allowed | None
) -> tuple[list[int], list[int], dict[int, int]]:
    """Return the nearest pictures, a picture of each of their cards, and the first of its group for each that is a copy.

    Where copies take too many places, more pictures are looked at.
    """
    asked, wanted = count, count - (own_card is not None)
    while True:
        near = ranker.nearest(query, asked, allowed)
        firsts = library.copies.firsts_of(near)
        shown: dict[int, int] = {}
        for image_id in near:
            shown.setdefault(firsts.get(image_id, image_id), image_id)
        if own_card is not None:
            shown.pop(own_card, None)
        if len(shown) >= wanted or len(near) < asked or asked >= DEEPEST * count:
            return near, list(shown.values()), firsts
        asked *= DEEPER


def among(library: Library, ids: Sequence[int], allowed: Allowed | None) -> list[int]:
    """Return those of some ids that a filter leaves, in their order."""
    return list(ids) if allowed is None or not ids else library.filters.among(ids, allowed)


class Page:
    """One page: `found` are the pictures to judge for it.

    A card stands for a picture and its copies. It is known by one of them, its head: the first of the group, or where a
    filter leaves that out the smallest id that it leaves.
    """

    def __init__(
        self, ranker: Ranker, library: Library, query: Query, request: CheckedSearch, release: Release | None
    ) -> None:
        """Find the pictures.

        Raises:
            CursorInvalid: the request's cursor is of other models, of another form of index, or of another picture.
        """
        self._ranker, self._library, self._query, self._request = ranker, library, query, request
        self._space = _fingerprint(f"{release and release.models_name} {ranker.orders.form}")
        self._allowed = None if request.where is None else library.filters.ids(request.where)
        self._folded = library.copies.folded(self._allowed)
        own = np.empty(0, np.int64) if request.like is None else library.copies.group_of(request.like)
        self._own = np.asarray(among(library, own.tolist(), self._allowed), np.int64)
        # not union1d, which imports numpy.ma: 8 ms of a first search
        also_own = self._own[~np.isin(self._own, self._folded.ids)]
        self._left_out = np.concatenate((self._folded.ids, also_own))
        self._ahead: set[int] = set()  # heads that were shown, though they stand behind the cursor's place
        self._scanned: list[int] = []  # the next heads of the order, one more than can be shown after this page
        cursor = request.cursor
        self.found = find_candidates(ranker, library, query, request) if cursor is None else self._following(cursor)

    def cursor_behind(self, shown: Sequence[int]) -> str | None:
        """Return the cursor of the next page, given the pictures that this one shows; None where nothing comes behind."""
        heads, cursor = self._folded.heads_of(shown), self._request.cursor
        if cursor is None:
            count = self._ranker.count if self._allowed is None else self._allowed.size
            if len(heads) >= count - self._left_out.size:
                return None
            direction = self._ranker.direction(self._query)
            return str(Cursor(self._request.fingerprint, self._space, len(heads), START, direction, tuple(heads)))
        ahead = self._ahead.union(heads)
        passed = list(takewhile(ahead.__contains__, self._scanned))
        if len(passed) == len(self._scanned):
            return None
        place = self._order(cursor).place_of(passed[-1]) if passed else cursor.place
        rest = tuple(sorted(ahead.difference(passed)))
        shown_before = min(cursor.shown, WORDS_UNTIL)
        return str(Cursor(cursor.search, cursor.space, shown_before + len(heads), place, cursor.direction, rest))

    def _following(self, cursor: Cursor) -> Candidates:
        """Return the next pictures of the order, `top_k` of them, and as many others that have the words at most."""
        self._check(cursor)
        request, copies, top_k = self._request, self._library.copies, self._request.top_k
        self._ahead.update(self._folded.heads_of(cursor.ahead))
        asked = len(self._ahead) + top_k + 1
        self._scanned = self._order(cursor).behind(cursor.place, asked, self._allowed, self._left_out)
        near = [one for one in self._scanned if one not in self._ahead][:top_k]
        ids = [*near, *self._with_words(cursor)[:top_k]]
        firsts = copies.firsts_of(ids)
        shown_for_copies = among(self._library, [firsts[one] for one in ids if one in firsts], self._allowed)
        ids = list(dict.fromkeys([*ids, *shown_for_copies]))
        neighbours = None if self._query.text is None else nearest_of_library(self._ranker, self._query, request)
        left = None if self._allowed is None else self._allowed.size
        return Candidates(ids, neighbours, left, firsts)

    def _with_words(self, cursor: Cursor) -> list[int]:
        """Return pictures with the words that no page has shown, while there are few that were shown out of turn."""
        top_k = self._request.top_k
        if cursor.shown >= WORDS_UNTIL or len(self._ahead) + top_k > AHEAD_MAX:
            return []
        found = find_wanted(self._library, self._query, min(cursor.shown + top_k, WORDS_UNTIL), self._allowed)
        heads = self._folded.heads_of(found)
        are_behind = self._order(cursor).are_behind(heads, cursor.place)
        shown = self._ahead.union(self._own.tolist())
        together = zip(found, heads, are_behind, strict=True)
        return [one for one, head, is_behind in together if is_behind and head not in shown]

    def _check(self, cursor: Cursor) -> None:
        direction = self._ranker.direction(self._query)
        if cursor.space != self._space or cursor.direction.shape != direction.shape:
            raise CursorInvalid("belongs to an index of another form, or made with other models, which was replaced since")
        if float(cursor.direction @ direction) < SAME_DIRECTION:
            raise CursorInvalid("belongs to a search with another picture")

    def _order(self, cursor: Cursor) -> NearnessOrder:
        return self._ranker.orders.of(cursor.direction, self._allowed)


def _fingerprint(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:FINGERPRINT_BYTES]

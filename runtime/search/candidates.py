"""Which pictures a search judges: those nearest to the query, and those with its words; of a filter, the ones it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runtime.artefacts.match_calibration import NEIGHBOURS
from runtime.library.catalog import Library
from runtime.library.photos.filters import Allowed
from runtime.search.embedded_query import Query
from runtime.search.query import CheckedSearch
from runtime.search.ranking import Ranker
from runtime.search.text_search import find_wanted

DEEPER = 4  # times as many pictures are looked at where copies took too many places
DEEPEST = 64  # times as many at most


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

"""Which pictures a search judges: those nearest to the query, and those with its words; of a filter, the ones it leaves."""

from dataclasses import dataclass

from runtime.artefacts.match_calibration import NEIGHBOURS
from runtime.library.catalog import Library
from runtime.library.filters import Ids
from runtime.search.embedded_query import Query
from runtime.search.query import CheckedSearch
from runtime.search.ranking import Ranker
from runtime.search.text_search import find_wanted


@dataclass(frozen=True)
class Candidates:
    """What was found.

    `ids` are the pictures to judge, each once. `neighbours` are the `NEIGHBOURS` pictures of the whole library that are
    nearest to the query; None where they are the first of `ids`. `left` is how many pictures the filter leaves, None
    without one.
    """

    ids: list[int]
    neighbours: list[int] | None = None
    left: int | None = None


def find_candidates(ranker: Ranker, library: Library, query: Query, request: CheckedSearch) -> Candidates:
    """Return the pictures to judge.

    A filter changes which pictures are judged, never how: what the library holds beside them is part of what a match is
    compared with, so the neighbours are those of the search without the filter, as they are where hits are explained later.

    Raises:
        PhotoFactsMissing: the filter asks for facts that the index has not.
    """
    count = max(request.top_k, NEIGHBOURS) + (request.like is not None)
    if request.where is None:
        return Candidates(_found(ranker, library, query, request, count))
    allowed = library.filters.ids(request.where)
    if not allowed.size:
        return Candidates([], left=0)
    ids = _found(ranker, library, query, request, count, allowed)
    neighbours = None if query.text is None else _without(ranker.nearest(query, count), request.like)[:NEIGHBOURS]
    return Candidates(ids, neighbours, allowed.size)


def _found(
    ranker: Ranker, library: Library, query: Query, request: CheckedSearch, count: int, allowed: Ids | None = None
) -> list[int]:
    found = [*ranker.nearest(query, count, allowed), *find_wanted(library, query, count, allowed)]
    return _without(list(dict.fromkeys(found)), request.like)


def _without(ids: list[int], like: int | None) -> list[int]:
    return [image_id for image_id in ids if image_id != like]

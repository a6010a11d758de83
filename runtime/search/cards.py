"""From what was found to what is shown: copies of one picture fold into one card, so that they do not take all places.

A card shows the first of its group, the largest; or a copy whose path has the words of the query where the first's has not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runtime.artefacts.match_calibration import NEIGHBOURS
from runtime.library.catalog import Library
from runtime.library.copies import Copies
from runtime.search.evidence import Evidence, Hit
from runtime.search.query import CheckedSearch, Query
from runtime.search.ranking import Ranker, best_first
from runtime.search.text_search import find_wanted

DEEPER = 4  # times as many pictures are looked at where copies took too many places
DEEPEST = 64  # times as many at most


@dataclass(frozen=True)
class Candidates:
    """Pictures to be judged, each once, the nearest first. `firsts` has the first of its group for each that is a copy.

    Where a copy is among them, its first is, too.
    """

    ids: list[int]
    firsts: Mapping[int, int] = field(default_factory=dict)

    def best_cards(self, evidence: Sequence[Evidence], top_k: int) -> list[int]:
        """Return where in `ids` the pictures of the best cards stand, best first, at most `top_k`."""
        at = {image_id: place for place, image_id in enumerate(self.ids)}
        shown: dict[int, int] = {}
        for place, image_id in enumerate(self.ids):
            card = self.firsts.get(image_id, image_id)
            before = shown.setdefault(card, at[card])
            if evidence[place].is_named and not evidence[before].is_named:
                shown[card] = place
        places = list(shown.values())
        return [places[best] for best in best_first([evidence[place] for place in places])[:top_k]]


def find_candidates(library: Library, ranker: Ranker, query: Query, request: CheckedSearch) -> Candidates:
    """Return what a search judges: pictures for `top_k` cards and for `NEIGHBOURS` at least, as far as there are so many.

    The `NEIGHBOURS` nearest pictures stay, copies or not: what is known of them tells whether there is a match at all. The
    picture that is searched with and its copies are left out.
    """
    copies, like = library.copies, request.like
    own_card = None if like is None else copies.firsts_of([like]).get(like, like)
    wanted = max(request.top_k, NEIGHBOURS)
    count = asked = wanted + (like is not None)
    while True:
        near = ranker.nearest(query, asked)
        firsts = copies.firsts_of(near)
        cards = dict.fromkeys(firsts.get(image_id, image_id) for image_id in near)
        if own_card is not None:
            cards.pop(own_card, None)
        if len(cards) >= wanted or len(near) < asked or asked >= DEEPEST * count:
            break
        asked *= DEEPER
    found = find_wanted(library, query, count)
    firsts |= copies.firsts_of(found)
    ids = [*near[:NEIGHBOURS], *list(cards)[:count], *found]
    ids += [firsts[one] for one in ids if one in firsts]
    return Candidates([one for one in dict.fromkeys(ids) if firsts.get(one, one) != own_card], firsts)


def with_copies(hits: Sequence[Hit], copies: Copies) -> list[Hit]:
    """Return hits with the copies that each stands for."""
    ids = [hit.row.id for hit in hits]
    firsts = copies.firsts_of(ids)
    counts = copies.counts_of([firsts.get(image_id, image_id) for image_id in ids])
    return [
        replace(hit, copies=copies.others_of(hit.row.id, first), copy_count=counts[first]) if first in counts else hit
        for hit in hits
        for first in [firsts.get(hit.row.id, hit.row.id)]
    ]

"""From judged pictures to what is shown: copies of one picture fold into one card, so that they do not take all places.

A card shows the first of its group, the largest, or where a filter leaves that out the nearest copy; but a copy whose path
has the words of the query goes before one whose path has not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from runtime.library.copies import Copies
from runtime.search.candidates import Candidates
from runtime.search.evidence import Evidence, Hit


def best_cards(found: Candidates, evidence: Sequence[Evidence], top_k: int) -> list[int]:
    """Return where in `found.ids` the pictures of the best cards stand, best first, at most `top_k`."""
    at = {image_id: place for place, image_id in enumerate(found.ids)}
    shown: dict[int, int] = {}
    for place, image_id in enumerate(found.ids):
        card = found.firsts.get(image_id, image_id)
        before = shown.setdefault(card, at.get(card, place))
        if evidence[place].is_named and not evidence[before].is_named:
            shown[card] = place
    places = list(shown.values())
    return [places[best] for best in best_first([evidence[place] for place in places])[:top_k]]


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


def best_first(evidence: Sequence[Evidence]) -> list[int]:
    """Return the order of the hits by match probability; where it is unknown, those whose captions say it come first.

    The probability also uses the caption, which improves the order (benchmarks/RESULTS.md has by how much); a fixed mix of
    both cosines made it worse.
    """
    return sorted(
        range(len(evidence)), key=lambda at: (-(evidence[at].match_probability or 0.0), not evidence[at].testimony.agrees)
    )


def newest_first(
    order: Sequence[int], ids: Sequence[int], taken_of: Callable[[Sequence[int]], Mapping[int, str]]
) -> list[int]:
    """Return the same places in `ids`, those of the newest pictures first; those without a date stay as they are, behind."""
    taken = taken_of([ids[at] for at in order])
    return sorted(order, key=lambda at: taken.get(ids[at], ""), reverse=True)

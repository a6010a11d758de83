"""From judged pictures to hits: which are shown, in which order, and with what is known of each.

Copies of one picture fold into one card, so that they do not take all places. A card shows the first of its group, the
largest, or where a filter leaves that out the nearest copy; but a copy whose path has the words of the query goes before
one whose path has not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from runtime.library.captions import Captions, CaptionSource
from runtime.library.catalog import Library
from runtime.library.copies import Copies
from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import NO_FACTS
from runtime.search.candidates import Candidates
from runtime.search.embedded_query import Query, Vectors
from runtime.search.evidence import Evidence, Hit, weigh_words
from runtime.search.words import Phrase

NO_CAPTION: tuple[str, CaptionSource] = ("", "none")


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
        range(len(evidence)), key=lambda at: (-(evidence[at].match_probability or 0.0), not evidence[at].stance.agrees)
    )


def newest_first(
    order: Sequence[int], ids: Sequence[int], taken_of: Callable[[Sequence[int]], Mapping[int, str]]
) -> list[int]:
    """Return the same places in `ids`, those of the newest pictures first; those without a date stay as they are, behind."""
    taken = taken_of([ids[at] for at in order])
    return sorted(order, key=lambda at: taken.get(ids[at], ""), reverse=True)


def hits_of(rows: Sequence[ImageRow], evidence: Sequence[Evidence], library: Library, captions: Captions) -> list[Hit]:
    """Return a hit for each row, in their order; captions that are lacking may be made for it.

    Of a picture that another has taken the place of since, nothing is told: it would stand beside another picture.
    """
    changed = [library.has_changed(row) for row in rows]
    same = [row for row, is_other in zip(rows, changed, strict=True) if not is_other]
    known = zip(captions.of_rows(same), library.facts.of([row.id for row in same]), strict=True)
    hits = []
    for row, judged, is_other in zip(rows, evidence, changed, strict=True):
        (caption, source), facts = (NO_CAPTION, NO_FACTS) if is_other else next(known)
        preview_url = None if is_other else library.previews.url(row.sha256)
        url = library.image_url(row)
        hits.append(
            Hit(row, url, judged, Phrase(caption), source, has_changed=is_other, facts=facts, preview_url=preview_url)
        )
    return hits


def weighed(query: Query, hits: list[Hit], vectors: Vectors) -> list[Hit]:
    """Return the hits with the weights of the query's words in them; `vectors` are the pictures', (k, d)."""
    if query.lost is None or not hits:
        return hits
    words = query.parsed.wanted.words[: len(query.lost)]
    return [
        replace(hit, evidence=replace(hit.evidence, words=weigh_words(words, drops, hit.caption)))
        for hit, drops in zip(hits, vectors @ query.lost.T, strict=True)  # (k, w)
    ]

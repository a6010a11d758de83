"""Rows of the catalogue and the evidence for them, to hits: with what is known of each picture, and where it is shown."""

from collections.abc import Sequence
from dataclasses import replace

from runtime.library.captions import Captions, CaptionSource
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import NO_FACTS
from runtime.search.embedded_query import Query, Vectors
from runtime.search.evidence import Evidence, Hit, weigh_words
from runtime.search.words import Phrase

NO_CAPTION: tuple[str, CaptionSource] = ("", "none")


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

"""Rows of the catalogue and the evidence for them, to hits: with what is known of each picture, and where it is shown."""

from collections.abc import Sequence

from runtime.library.captions import Captions, CaptionSource
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import NO_FACTS
from runtime.search.evidence import Evidence, Hit
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

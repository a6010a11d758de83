"""The verbs: search by words, by a picture, by likeness; explain. No HTTP and no environment; collaborators come in.

Takes requests that `search/query.py` has checked and parsed, and calls each step once.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from runtime.artefacts.match_calibration import NEIGHBOURS
from runtime.artefacts.releases.release import Release
from runtime.errors import ImageError
from runtime.explain.explainer import Explainer
from runtime.library.caption_words import UsedNoun
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.previews.pictures_for_models import opened_for_models
from runtime.models.encoder import Encoder, Pixels, TokenIds, Vectors
from runtime.search.candidates import Page, find_candidates
from runtime.search.caption_stance import Statement
from runtime.search.embedded_query import Query
from runtime.search.evidence import Answer, Evidence, Explanation, Filtered, Hit, StageTimings
from runtime.search.heatmap import Heatmap, check_by_occlusion
from runtime.search.hits import best_cards, hits_of, newest_first, weighed, with_copies
from runtime.search.noun_phrases import noun_phrases
from runtime.search.query import CheckedExplain, CheckedSearch, RequestLimits
from runtime.search.ranking import Ranker
from runtime.search.suggested_filters import suggest_filters
from runtime.search.words import without_word

if TYPE_CHECKING:
    from runtime.artefacts.model_records import Preprocessing

log = logging.getLogger(__name__)
# Of a file that another has taken the place of since: what is known of the one before would stand beside another picture.
CHANGED = Explanation(
    "Another picture was put in this file's place after it was indexed; index again to know it.", "evidence"
)
NOUNS_REMEMBERED = 4096  # that no caption uses
WARM_QUERY = "scenery"  # no caption's word, so that it is looked for among those
NOUNS_LOOKED_UP = 32  # of one query, each a run of the text tower
MAX_WORDS_WEIGHED = 16  # of a query's content words, each by the query without it


class Engine:
    """One library, its models and its explainer. Searches may run side by side in threads."""

    sample_models = False  # whether the models know drawn scenes only; set where they are opened, as is the next
    release: Release | None = None
    damage: tuple[str, ...] | None = None  # files found damaged since; None as long as none were looked at

    def __init__(
        self,
        encoder: Encoder,
        ranker: Ranker,
        library: Library,
        explainer: Explainer,
        *,
        captions: Captions,
        limits: RequestLimits,
    ) -> None:
        """Keep the collaborators; requests are checked against `limits` before they come here."""
        self.library, self.limits = library, limits
        self.encoder, self.ranker, self._explainer, self._captions = encoder, ranker, explainer, captions
        # of all threads; no method, which would be a circle: the engine's files close with the last request that uses it
        find_word = partial(_find_word_in_captions, encoder, ranker, library)
        self._word_in_captions = lru_cache(NOUNS_REMEMBERED)(find_word)

    @property
    def count(self) -> int:
        """How many pictures the library holds."""
        return self.ranker.count

    def warm(self) -> None:
        """Do once what every search does, without captions or sentences: what is mapped is read, and damage shows.

        Raises:
            ArtefactCorrupt: catalogue and vectors do not fit each other, or are damaged.
            SessionFailed: the text tower refused its input.
        """
        request = self.limits.check_search(WARM_QUERY, 1, explain=False)
        query = self._embed(request, StageTimings())
        self._word_in_captions(WARM_QUERY)
        ids = find_candidates(self.ranker, self.library, query, request).ids
        rows = self.library.rows_of_found(ids)
        self.ranker.judge(query, rows, self.ranker.vectors_of(ids))

    def search(self, request: CheckedSearch) -> Answer:
        """Return the pictures that the query describes, or that are most like one of the library, best first.

        A picture that is searched with is not among its hits. A library smaller than `top_k` gives all it has.

        Raises:
            ImageNotFound: the library has no picture of the id in `like`.
            SessionFailed: a graph refused its input.
        """
        timings = StageTimings()
        picture = None
        if request.like is not None:
            self.library.rows([request.like])  # refuses an unknown one by name
            [picture] = self.ranker.vectors_of([request.like])
        return self._search(request, self._embed(request, timings, picture), timings)

    @property
    def preprocessing(self) -> "Preprocessing":
        """How a picture to search with becomes the pixels that `search_by_image` takes."""
        return self.encoder.preprocessing

    def search_by_image(self, request: CheckedSearch, pixels: Pixels) -> Answer:
        """Return the pictures nearest to a prepared picture, (3, s, s) float32, or to a picture and words, best first.

        Raises:
            SessionFailed: a graph refused its input.
        """
        timings = StageTimings()
        with timings.stage("embed"):
            picture = self.encoder.embed_pixels(pixels[None])[0]
        return self._search(request, self._embed(request, timings, picture), timings)

    def explain(self, request: CheckedExplain) -> Answer:
        """Return pictures with the evidence for a query, in the order of their ids.

        Raises:
            ImageNotFound: an id is unknown.
            SessionFailed: a graph refused its input.
        """
        timings = StageTimings()
        with timings.stage("rows"):
            rows = self.library.rows(request.ids)
        query = self._embed(request, timings)
        with timings.stage("search"):
            neighbours = self.library.rows_of_found(self.ranker.nearest(query, NEIGHBOURS))
        with timings.stage("evidence"):
            vectors = self.ranker.vectors_of(request.ids)
            evidence = self.ranker.judge(query, rows, vectors, neighbours)
        hits = self._hits(rows, evidence, timings)
        if request.explain:
            hits = self._explained(query, hits, vectors, timings)
        if request.heatmap and query.text is not None:
            with timings.stage("heatmap"):
                hits = [self._located(query.text, hit) for hit in hits]
        return Answer(request, hits, timings.timings_ms, query.parsed.part_read)

    def _embed(
        self, request: CheckedSearch | CheckedExplain, timings: StageTimings, picture: Vectors | None = None
    ) -> Query:
        """Return the query as far as it is read, its texts embedded.

        What is wanted has a run of its own, as the captions had, or shares it with its shortened forms, by which its words
        are weighed; what is left out shares one.
        """
        with timings.stage("tokenize"):
            read_part = self.encoder.read_part
            unwanted_read = [read_part(phrase.text) for phrase in request.query.unwanted]
            parsed = request.query.cut_to(read_part(request.query.wanted.text), unwanted_read)
            phrases = (*([parsed.wanted] if parsed.wanted.text else []), *parsed.unwanted)
            words = parsed.wanted.words[:MAX_WORDS_WEIGHED] if request.explain else ()
            texts = (
                [parsed.wanted.text] if parsed.wanted.text else [],
                [without_word(parsed.wanted.text, word) for word in words],
                [phrase.text for phrase in parsed.unwanted],
            )
            wanted, shortened, unwanted = (self.encoder.tokenize(some) if some else None for some in texts)
        said = {word for phrase in phrases for thing in noun_phrases(phrase.text) for word in thing.words}
        rarity = self.library.words.rarity(said)
        lookups = iter(range(NOUNS_LOOKED_UP))

        def same_meaning(noun: str) -> UsedNoun | None:
            return None if next(lookups, None) is None else self._word_in_captions(noun)

        statements = tuple(Statement.of(phrase.text, rarity, same_meaning) for phrase in phrases)
        with timings.stage("embed"):
            text, lost = self._embed_wanted(wanted, shortened)
            left_out = () if unwanted is None else tuple(self.encoder.embed_tokens(unwanted))
        query = Query(parsed, text, statements, left_out, lost=lost)
        if isinstance(request, CheckedExplain):
            return query
        return replace(query, picture=picture, picture_weight=request.picture_weight)

    def _embed_wanted(self, token_ids: TokenIds | None, shortened: TokenIds | None) -> tuple[Vectors | None, Vectors | None]:
        """Return the vector of what is wanted, (d,), and what it loses without each word, (w, d), where that is asked."""
        if token_ids is None or shortened is None:
            return (None if token_ids is None else self.encoder.embed_tokens(token_ids)[0]), None
        vectors = self.encoder.embed_with_shortened(token_ids, shortened)
        return vectors[0], vectors[0] - vectors[1:]

    def _search(self, request: CheckedSearch, query: Query, timings: StageTimings) -> Answer:
        with timings.stage("search"):
            page = Page(self.ranker, self.library, query, request, self.release)
            found = page.found
            suggested = suggest_filters(request, self.library.filters.counts)
        with timings.stage("rows"):
            rows = self.library.rows_of_found(found.ids)
            neighbours = None if found.neighbours is None else self.library.rows_of_found(found.neighbours)
        with timings.stage("evidence"):
            vectors = self.ranker.vectors_of(found.ids)
            evidence = self.ranker.judge(query, rows, vectors, neighbours)
            best = best_cards(found, evidence, request.top_k)
            if request.order == "date":
                best = newest_first(best, found.ids, self.library.filters.taken_of)
            cursor = page.cursor_behind([found.ids[at] for at in best])
        hits = self._hits([rows[at] for at in best], [evidence[at] for at in best], timings)
        hits = with_copies(hits, self.library.copies)
        hits = self._explained(query, hits, vectors[best], timings) if request.explain else hits
        filtered = None if found.left is None else Filtered(found.left, self.count)
        return Answer(request, hits, timings.timings_ms, query.parsed.part_read, filtered, suggested, cursor)

    def _hits(self, rows: Sequence[ImageRow], evidence: Sequence[Evidence], timings: StageTimings) -> list[Hit]:
        with timings.stage("caption"):
            return hits_of(rows, evidence, self.library, self._captions)

    def _explained(self, query: Query, hits: list[Hit], vectors: Vectors, timings: StageTimings) -> list[Hit]:
        """Return the hits with their word weights and sentences; `vectors` are theirs, (k, d)."""
        with timings.stage("evidence"):
            hits = weighed(query, hits, vectors)
        with timings.stage("explain"):
            explained = iter(self._explainer.explain(query.parsed, [hit for hit in hits if not hit.has_changed]))
        return [replace(hit, explanation=CHANGED if hit.has_changed else next(explained)) for hit in hits]

    def _located(self, text: Vectors, hit: Hit) -> Hit:
        """Return the hit with its heatmap and the check of it; unchanged where its picture cannot be read any more."""
        try:
            with opened_for_models(self.library, hit.row) as opened:
                pixels = self.encoder.prepare(opened.image, opened.scaled_from)
                seen_part = self.encoder.seen_part(opened.image)
        except ImageError as error:
            log.warning("no heatmap: %s", error)
            return hit
        embedding, contributions = self.encoder.attribute(pixels)  # (d,), (g, g, d)
        heatmap = Heatmap(contributions @ text, seen_part)
        occlusion = check_by_occlusion(
            heatmap,
            pixels,
            score=float(embedding @ text),
            score_of=lambda blanked: self.encoder.embed_pixels(blanked) @ text,
            seed=hit.row.id,
        )
        return replace(hit, evidence=replace(hit.evidence, heatmap=heatmap, occlusion=occlusion))


def _find_word_in_captions(encoder: Encoder, ranker: Ranker, library: Library, noun: str) -> UsedNoun | None:
    """Return a noun that captions use and that means the same as one that none uses, if there is one."""
    [vector] = encoder.embed_tokens(encoder.tokenize([noun]))
    return ranker.same_meaning(library.words.nearest(vector))

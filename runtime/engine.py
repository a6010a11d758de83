"""The verbs: search by words, by a picture, by likeness; explain. No HTTP and no environment; collaborators come in.

Takes requests that `search/query.py` has checked and parsed, and calls each step once.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from runtime.artefacts.match_calibration import NEIGHBOURS
from runtime.errors import ArtefactCorrupt, ImageError, ImageNotFound
from runtime.explain.explainer import Explainer
from runtime.library.caption_words import UsedNoun
from runtime.library.captions import Captions, CaptionSource
from runtime.library.catalog import ImageRow, Library
from runtime.models.encoder import Encoder, Vectors
from runtime.search.evidence import Answer, Evidence, Hit, StageTimings, weigh_words
from runtime.search.heatmap import Heatmap, check_by_occlusion
from runtime.search.noun_phrases import noun_phrases
from runtime.search.query import CheckedExplain, CheckedSearch, Query, RequestLimits
from runtime.search.ranking import Ranker, best_first
from runtime.search.testimony import Statement
from runtime.search.text_search import find_by_words
from runtime.search.words import Phrase, without_word

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

NOUNS_REMEMBERED = 4096  # that no caption uses
NOUNS_LOOKED_UP = 32  # of one query, each a run of the text tower
MAX_WORDS_WEIGHED = 16  # of a query's content words; each is a row of one text-tower batch


class Engine:
    """One library, its models and its explainer. Searches may run side by side in threads."""

    sample_models = False  # whether the models know drawn scenes only; set where they are opened

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
        self._encoder, self._ranker, self._explainer, self._captions = encoder, ranker, explainer, captions
        self._word_in_captions = lru_cache(NOUNS_REMEMBERED)(self._find_word_in_captions)  # of all threads

    @property
    def count(self) -> int:
        """How many pictures the library holds."""
        return self._ranker.count

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
            [picture] = self._ranker.vectors_of([request.like])
        return self._search(request, self._embed(request, timings, picture), timings)

    def search_by_image(self, request: CheckedSearch, image: "Image") -> Answer:
        """Return the pictures nearest to an RGB picture, or to a picture and words, best first.

        Raises:
            SessionFailed: a graph refused its input.
        """
        timings = StageTimings()
        with timings.stage("embed"):
            picture = self._encoder.embed_pixels(self._encoder.prepare(image)[None])[0]
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
            neighbours = self._rows_found(self._ranker.nearest(query, NEIGHBOURS))
        with timings.stage("evidence"):
            vectors = self._ranker.vectors_of(request.ids)
            evidence = self._ranker.judge(query, rows, vectors, neighbours)
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

        What is wanted has a run of its own, as the captions had; what is left out shares one.
        """
        with timings.stage("tokenize"):
            read_part = self._encoder.read_part
            unwanted_read = [read_part(phrase.text) for phrase in request.query.unwanted]
            parsed = request.query.cut_to(read_part(request.query.wanted.text), unwanted_read)
            phrases = (*([parsed.wanted] if parsed.wanted.text else []), *parsed.unwanted)
            runs = [[parsed.wanted.text], [phrase.text for phrase in parsed.unwanted]]
            tokens = [self._encoder.tokenize(texts) for texts in runs if any(texts)]
        said = {word for phrase in phrases for thing in noun_phrases(phrase.text) for word in thing.words}
        rarity = self.library.words.rarity(said)
        lookups = iter(range(NOUNS_LOOKED_UP))

        def same_meaning(noun: str) -> UsedNoun | None:
            return None if next(lookups, None) is None else self._word_in_captions(noun)

        statements = tuple(Statement.of(phrase.text, rarity, same_meaning) for phrase in phrases)
        with timings.stage("embed"):
            vectors = [vector for token_ids in tokens for vector in self._encoder.embed_tokens(token_ids)]
        text = vectors.pop(0) if parsed.wanted.text else None
        query = Query(parsed, text, statements, tuple(vectors))
        if isinstance(request, CheckedExplain):
            return query
        return replace(query, picture=picture, picture_weight=request.picture_weight)

    def _find_word_in_captions(self, noun: str) -> UsedNoun | None:
        """Return a noun that captions use and that means the same as one that none uses, if there is one."""
        [vector] = self._encoder.embed_tokens(self._encoder.tokenize([noun]))
        return self._ranker.same_meaning(self.library.words.nearest(vector))

    def _found_by_words(self, query: Query, count: int) -> list[int]:
        """Return the ids of pictures whose captions or names have the words that are wanted, in the captions' own words."""
        if query.text is None:
            return []
        statement, text = query.statements[0], query.parsed.wanted.text
        has_other_words = statement.is_whole and statement.phrases != noun_phrases(text)
        return find_by_words(self.library, statement.text if has_other_words else text, count)

    def _search(self, request: CheckedSearch, query: Query, timings: StageTimings) -> Answer:
        with timings.stage("search"):
            count = max(request.top_k, NEIGHBOURS) + (request.like is not None)
            found = [*self._ranker.nearest(query, count), *self._found_by_words(query, count)]
            ids = [image_id for image_id in dict.fromkeys(found) if image_id != request.like]
        with timings.stage("rows"):
            rows = self._rows_found(ids)
        with timings.stage("evidence"):
            vectors = self._ranker.vectors_of(ids)
            evidence = self._ranker.judge(query, rows, vectors)
            best = best_first(evidence)[: request.top_k]
        hits = self._hits([rows[at] for at in best], [evidence[at] for at in best], timings)
        hits = self._explained(query, hits, vectors[best], timings) if request.explain else hits
        return Answer(request, hits, timings.timings_ms, query.parsed.part_read)

    def _rows_found(self, ids: Sequence[int]) -> list[ImageRow]:
        """Return the rows of pictures that the index's own files name.

        Raises:
            ArtefactCorrupt: the catalogue has no such picture.
        """
        try:
            return self.library.rows(ids)
        except ImageNotFound as cause:
            reason = f"one of its files finds a picture that its catalogue lacks ({cause.image_path})"
            raise ArtefactCorrupt("The index", reason, "Build it again: lookwhy index FOLDER.") from cause

    def _hits(self, rows: Sequence[ImageRow], evidence: Sequence[Evidence], timings: StageTimings) -> list[Hit]:
        with timings.stage("caption"):
            captions = self._captions_of(rows)
        return [
            Hit(row, self.library.image_url(row), known, Phrase(caption), source)
            for row, known, (caption, source) in zip(rows, evidence, captions, strict=True)
        ]

    def _captions_of(self, rows: Sequence[ImageRow]) -> list[tuple[str, CaptionSource]]:
        """Return each row's caption and where it came from. Most come with the row; only the missing ones are made."""
        missing = [row for row in rows if row.caption is None]
        made = iter(self._captions.of_rows(missing) if missing else [])
        return [(row.caption, row.caption_source) if row.caption is not None else next(made) for row in rows]

    def _explained(self, query: Query, hits: list[Hit], vectors: Vectors, timings: StageTimings) -> list[Hit]:
        """Return the hits with their word weights and sentences; `vectors` are theirs, (k, d)."""
        with timings.stage("evidence"):
            hits = self._weighed(query, hits, vectors)
        with timings.stage("explain"):
            explanations = self._explainer.explain(query.parsed, hits)
        return [replace(hit, explanation=explanation) for hit, explanation in zip(hits, explanations, strict=True)]

    def _weighed(self, query: Query, hits: list[Hit], vectors: Vectors) -> list[Hit]:
        """Return the hits with their word weights, by leaving out each word: one batch through the text tower."""
        wanted = query.parsed.wanted
        words = wanted.words[:MAX_WORDS_WEIGHED]
        if query.text is None or not words or not hits:
            return hits
        token_ids = self._encoder.tokenize([without_word(wanted.text, word) for word in words])
        lost = query.text - self._encoder.embed_tokens(token_ids)  # (w, d)
        return [
            replace(hit, evidence=replace(hit.evidence, words=weigh_words(words, drops, hit.caption)))
            for hit, drops in zip(hits, vectors @ lost.T, strict=True)  # (k, w)
        ]

    def _located(self, text: Vectors, hit: Hit) -> Hit:
        """Return the hit with its heatmap and the check of it; unchanged where its picture cannot be read any more."""
        try:
            image = self.library.open_picture(hit.row)
        except ImageError as error:
            log.warning("no heatmap: %s", error)
            return hit
        pixels = self._encoder.prepare(image)
        embedding, contributions = self._encoder.attribute(pixels)  # (d,), (g, g, d)
        heatmap = Heatmap(contributions @ text, self._encoder.seen_part(image))
        occlusion = check_by_occlusion(
            heatmap,
            pixels,
            score=float(embedding @ text),
            score_of=lambda blanked: self._encoder.embed_pixels(blanked) @ text,
            seed=hit.row.id,
        )
        return replace(hit, evidence=replace(hit.evidence, heatmap=heatmap, occlusion=occlusion))

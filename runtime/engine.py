"""The verbs: search by text, by picture, by likeness; explain. No HTTP and no environment; collaborators come in."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from runtime.artefacts.match_calibration import WITNESSES
from runtime.errors import ImageError
from runtime.explain.explainer import Explainer, HitFacts
from runtime.library.captions import Captions
from runtime.library.catalog import ImageRow, Library
from runtime.models.encoder import Encoder, Vectors
from runtime.search.answer import Answer, Hit
from runtime.search.evidence import Evidence, weigh_words
from runtime.search.heatmap import Heatmap, check_by_occlusion
from runtime.search.query import (
    PICTURE_WEIGHT,
    Asked,
    Limits,
    check_picture_weight,
    check_top_k,
    check_wanted,
    checked_ids,
    checked_query,
)
from runtime.search.ranking import Matcher, best_first
from runtime.search.stopwatch import Stopwatch
from runtime.search.words import read_wish, without_word

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

MAX_WORDS_WEIGHED = 16  # of a query's content words; each is a row of one text-tower batch


class Engine:
    """One library, its models and its explainer. Searches may run side by side in threads."""

    sample_models = False  # whether the models know drawn scenes only; set where they are opened

    def __init__(
        self,
        encoder: Encoder,
        matcher: Matcher,
        library: Library,
        explainer: Explainer,
        *,
        captions: Captions,
        limits: Limits,
    ) -> None:
        """Keep the collaborators."""
        self.library, self.limits = library, limits
        self._encoder, self._matcher, self._explainer, self._captions = encoder, matcher, explainer, captions

    @property
    def count(self) -> int:
        """How many pictures the library holds."""
        return self._matcher.count

    def search_by_text(self, query: str, top_k: int, *, explain: bool = True) -> Answer:
        """Return the pictures that the query describes, best first.

        Args:
            query: what the picture should show, in words; "-word" leaves something out.
            top_k: how many pictures are wanted; a smaller library gives all it has.
            explain: whether each hit gets its word weights and its sentence.

        Raises:
            QueryEmpty, QueryTooLong, TopKOutOfRange: the request is outside its limits.
            SessionFailed: a graph refused its input.
        """
        clock = Stopwatch()
        return self._search(self._ask(query, clock), top_k, clock, explain=explain)

    def search_by_image(
        self, image: "Image", top_k: int, *, query: str = "", picture_weight: float = PICTURE_WEIGHT, explain: bool = True
    ) -> Answer:
        """Return the pictures nearest to an RGB picture, or to a picture and words, best first.

        Raises:
            QueryTooLong, TopKOutOfRange, PictureWeightOutOfRange: the request is outside its limits.
            SessionFailed: a graph refused its input.
        """
        check_picture_weight(picture_weight)
        check_top_k(top_k, self.limits)
        clock = Stopwatch()
        with clock.stage("embed"):
            picture = self._encoder.embed_pixels(self._encoder.prepare(image)[None])[0]
        return self._search(self._ask(query, clock, picture, picture_weight), top_k, clock, explain=explain)

    def search_like(
        self, image_id: int, top_k: int, *, query: str = "", picture_weight: float = PICTURE_WEIGHT, explain: bool = True
    ) -> Answer:
        """Return the pictures most like one of the library, perhaps with words, best first; that one is left out.

        Raises:
            ImageNotFound: the library has no such picture.
            QueryTooLong, TopKOutOfRange, PictureWeightOutOfRange: the request is outside its limits.
        """
        check_picture_weight(picture_weight)
        self.library.rows([image_id])  # refuses an unknown one by name
        clock = Stopwatch()
        [picture] = self._matcher.vectors_of([image_id])
        asked = self._ask(query, clock, picture, picture_weight)
        return self._search(asked, top_k, clock, explain=explain, leave_out=image_id)

    def explain(self, query: str, ids: Sequence[int], *, heatmap: bool = False, explain: bool = True) -> Answer:
        """Return these pictures with the evidence for the query, in the order of the ids.

        Args:
            query: the words that the pictures were found by.
            ids: of pictures, each taken once.
            heatmap: whether each gets its heatmap and the occlusion check, which cost image encodings.
            explain: whether each gets its word weights and its sentence.

        Raises:
            QueryEmpty, QueryTooLong, IdsOutOfRange: the request is outside its limits.
            ImageNotFound: an id is unknown.
        """
        ids = checked_ids(ids, self.limits, heatmap=heatmap)
        clock = Stopwatch()
        asked = self._ask(query, clock)
        with clock.stage("rows"):
            rows = self.library.rows(ids)
        with clock.stage("search"):
            witnesses = self.library.rows(self._matcher.nearest(asked, WITNESSES))
        with clock.stage("evidence"):
            evidence = self._matcher.judge(asked, rows, witnesses)
        hits = self._hits(rows, evidence, clock)
        hits = self._explained(asked, hits, clock) if explain else hits
        if heatmap and asked.text is not None:
            with clock.stage("heatmap"):
                hits = [self._located(asked.text, hit) for hit in hits]
        return Answer(asked.query, hits, clock.timings_ms)

    def _ask(
        self, query: str, clock: Stopwatch, picture: Vectors | None = None, picture_weight: float = PICTURE_WEIGHT
    ) -> Asked:
        """Return the question with its texts embedded, each by itself, as the captions in the index were.

        Whether searches side by side share a run is the encoder's affair.
        """
        query = checked_query(query, self.limits)
        wish = read_wish(query)
        if picture is None:
            check_wanted(wish)
        wanted = [wish.wanted] if wish.wanted else []
        with clock.stage("tokenize"):
            tokens = [self._encoder.tokenize([text]) for text in (*wanted, *wish.unwanted)]
        with clock.stage("embed"):
            vectors = [self._encoder.embed_tokens(token_ids)[0] for token_ids in tokens]
        text = vectors.pop(0) if wanted else None
        return Asked(query, wish, text, tuple(vectors), picture, picture_weight)

    def _search(self, asked: Asked, top_k: int, clock: Stopwatch, *, explain: bool, leave_out: int | None = None) -> Answer:
        check_top_k(top_k, self.limits)
        with clock.stage("search"):
            ids = self._matcher.nearest(asked, max(top_k, WITNESSES) + (leave_out is not None))
        with clock.stage("rows"):
            rows = self.library.rows([image_id for image_id in ids if image_id != leave_out])
        with clock.stage("evidence"):
            evidence = self._matcher.judge(asked, rows, rows[:WITNESSES])
            best = (best_first(evidence) if asked.is_plain else range(len(rows)))[:top_k]
        hits = self._hits([rows[at] for at in best], [evidence[at] for at in best], clock)
        return Answer(asked.query, self._explained(asked, hits, clock) if explain else hits, clock.timings_ms)

    def _hits(self, rows: Sequence[ImageRow], evidence: Sequence[Evidence], clock: Stopwatch) -> list[Hit]:
        with clock.stage("caption"):
            captions = self._captions.of_rows(rows)
        return [
            Hit(row, self.library.image_url(row), known, *caption)
            for row, known, caption in zip(rows, evidence, captions, strict=True)
        ]

    def _explained(self, asked: Asked, hits: list[Hit], clock: Stopwatch) -> list[Hit]:
        with clock.stage("evidence"):
            hits = self._weighed(asked, hits)
        with clock.stage("explain"):
            facts = [HitFacts(hit.row.id, hit.row.image_path, hit.caption or None, hit.evidence) for hit in hits]
            sentences = self._explainer.explain(asked.query, facts)
        return [
            replace(hit, explanation=sentence.text, explanation_source=sentence.source)
            for hit, sentence in zip(hits, sentences, strict=True)
        ]

    def _weighed(self, asked: Asked, hits: list[Hit]) -> list[Hit]:
        """Return the hits with their word weights, by leaving out each word: one batch through the text tower."""
        words = asked.words[:MAX_WORDS_WEIGHED]
        if asked.text is None or not words or not hits:
            return hits
        token_ids = self._encoder.tokenize([without_word(asked.wish.wanted, word) for word in words])
        lost = asked.text - self._encoder.embed_tokens(token_ids)  # (w, d)
        drops = self._matcher.vectors_of([hit.row.id for hit in hits]) @ lost.T  # (k, w)
        return [
            replace(hit, evidence=replace(hit.evidence, words=weigh_words(words, row, hit.caption)))
            for hit, row in zip(hits, drops, strict=True)
        ]

    def _located(self, text: Vectors, hit: Hit) -> Hit:
        """Return the hit with its heatmap and the check of it; as it is where its picture cannot be read any more."""
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
        return replace(hit, heatmap=heatmap, occlusion=occlusion)

"""Ranker: the pictures nearest to a query, the evidence that each is a match, and their order. Runs no model.

Knows the stores of the pictures' and of the captions' vectors, and the index's calibration of match probabilities.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import NEIGHBOURS, MatchCalibration, match_features
from runtime.library.catalog import ImageRow
from runtime.search.evidence import WEAK_FROM, Evidence, verdict_of
from runtime.search.query import Query
from runtime.search.testimony import Testimony, compare, noun_phrases, said_features
from runtime.stores.protocols import VectorSource, VectorStore

PICTURES_SAMPLED = 500  # to see how far cosines spread
# A picture whose caption says all that is asked for is a weak match at least, where such a caption is rather right than wrong.
CAPTION_BELIEVED_FROM = 0.5
Vectors = NDArray[np.float32]
Scores = NDArray[np.floating]


class Ranker:
    """One library's vectors. `captions` and `calibration` are absent from an index that was made without captions."""

    def __init__(
        self,
        store: VectorStore,
        captions: VectorSource | None = None,
        calibration: MatchCalibration | None = None,
        *,
        some_ids: Callable[[int], Sequence[int]] | None = None,
    ) -> None:
        """Keep the collaborators; `some_ids` returns about as many ids as asked for, from all over the library."""
        self._store, self._captions, self._calibration, self._some_ids = store, captions, calibration, some_ids

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self._store.count

    def nearest(self, query: Query, k: int) -> list[int]:
        """Return the ids of the k pictures nearest to the query's direction, best first."""
        library = self._some_pictures if query.is_mixed else None
        ids, _ = self._store.search(query.direction(library)[None], k)  # (1, k)
        return [int(image_id) for image_id in ids[0]]

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors, (k, d), of pictures of the library."""
        return self._store.vectors_of(ids)

    def judge(
        self, query: Query, rows: Sequence[ImageRow], vectors: Vectors, neighbours: Sequence[ImageRow] | None = None
    ) -> list[Evidence]:
        """Return the evidence for each of k pictures. A query without words gets scores alone, and no probability.

        Args:
            query: what was asked.
            rows: the pictures.
            vectors: theirs, (k, d), in the same order.
            neighbours: the `NEIGHBOURS` pictures nearest to the query, whose captions tell whether the library holds a match
                at all. None where they are the first of `rows`.
        """
        scores = query.scores(vectors)
        if query.text is None:
            return [Evidence(float(score)) for score in scores]
        texts = np.stack([query.text, *query.unwanted])  # (1 + m, d), as the phrases
        phrases = (query.parsed.wanted, *query.parsed.unwanted)
        caption_scores = self._caption_scores(texts, rows)
        nearest_captions = caption_scores[:, :NEIGHBOURS] if neighbours is None else self._caption_scores(texts, neighbours)
        told = [noun_phrases(row.caption or "") for row in rows]
        statements = query.statements
        said = [[compare(statement, one) for one in told] for statement in statements]  # (1 + m, k)
        probabilities = np.full(len(rows), np.nan)
        if self._calibration is not None and query.parsed.wanted.words:
            probabilities = np.ones(len(rows))
            for at, phrase in enumerate(phrases):
                if phrase.words:
                    context = self._calibration.query_context(
                        texts[at],
                        words=len(phrase.words),
                        phrases=len(noun_phrases(phrase.text)),
                        neighbour_scores=nearest_captions[at],
                    )
                    features = match_features(context, vectors @ texts[at], caption_scores[at], said_features(said[at]))
                    shown = self._calibration.probabilities(features, statements[at].compared)
                    if self._calibration.caption_is_right(len(phrase.words)) >= CAPTION_BELIEVED_FROM:
                        agrees = np.array([one.agrees for one in said[at]])
                        shown = np.where(agrees, np.maximum(shown, WEAK_FROM), shown)
                    probabilities *= shown if at == 0 else 1 - shown
        return [_evidence(*known) for known in zip(scores, caption_scores[0], probabilities, said[0], strict=True)]

    def same_meaning(self, nearest: tuple[str, float] | None) -> str | None:
        """Return the word of captions that is nearest to another word, given with its cosine, if both mean the same."""
        least = self._calibration.same_meaning_cosine if self._calibration else None
        return nearest[0] if nearest and least is not None and nearest[1] >= least else None

    @cached_property
    def _some_pictures(self) -> Vectors | None:
        return self._store.vectors_of(self._some_ids(PICTURES_SAMPLED)) if self._some_ids else None

    def _caption_scores(self, texts: Vectors, rows: Sequence[ImageRow]) -> Scores:
        """Return the (t, k) cosines of texts with the rows' captions, NaN for those that the index has no vector of."""
        scores = np.full((len(texts), len(rows)), np.nan)
        captioned = [at for at, row in enumerate(rows) if row.caption]
        if self._captions is not None and captioned:
            scores[:, captioned] = texts @ self._captions.vectors_of([rows[at].id for at in captioned]).T
        return scores


def best_first(evidence: Sequence[Evidence]) -> list[int]:
    """Return the order of the hits by match probability; as they are where it is unknown.

    The probability also uses the caption, which improves the order (benchmarks/RESULTS.md has by how much); a fixed mix of
    both cosines made it worse.
    """
    return sorted(range(len(evidence)), key=lambda at: -(evidence[at].match_probability or 0.0))


def _evidence(score: float, caption_score: float, probability: float, testimony: Testimony) -> Evidence:
    known = bool(np.isfinite(probability))
    return Evidence(
        score=float(score),
        caption_score=float(caption_score) if np.isfinite(caption_score) else None,
        match_probability=float(probability) if known else None,
        verdict=verdict_of(float(probability)) if known else None,
        testimony=testimony,
    )

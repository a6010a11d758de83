"""Matcher: the pictures nearest to a question, and the evidence that each is a match. Runs no model.

Knows the stores of the pictures' and of the captions' vectors, and the index's calibration.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import Calibration
from runtime.library.catalog import ImageRow
from runtime.search.evidence import Evidence, verdict_of
from runtime.search.query import Asked
from runtime.search.words import content_words
from runtime.stores.protocols import VectorSource, VectorStore

PICTURES_SAMPLED = 500  # to see how far cosines spread
Vectors = NDArray[np.float32]
Scores = NDArray[np.floating]


class Matcher:
    """One library's vectors. `captions` and `calibration` are absent from an index that was made without captions."""

    def __init__(
        self,
        store: VectorStore,
        captions: VectorSource | None = None,
        calibration: Calibration | None = None,
        *,
        some_ids: Callable[[int], Sequence[int]] | None = None,
    ) -> None:
        """Keep the collaborators; `some_ids` returns about as many ids as asked for, from all over the library."""
        self._store, self._captions, self._calibration, self._some_ids = store, captions, calibration, some_ids

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self._store.count

    def nearest(self, asked: Asked, k: int) -> list[int]:
        """Return the ids of the k pictures nearest to the question's direction, best first."""
        library = self._some_pictures if asked.is_mixed else None
        ids, _ = self._store.search(asked.direction(library)[None], k)  # (1, k)
        return [int(image_id) for image_id in ids[0]]

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors, (k, d), of pictures of the library."""
        return self._store.vectors_of(ids)

    def judge(self, asked: Asked, rows: Sequence[ImageRow], witnesses: Sequence[ImageRow]) -> list[Evidence]:
        """Return the evidence for each of k pictures; words alone are judged, a picture asked with only orders.

        Args:
            asked: the question.
            rows: the pictures.
            witnesses: the `WITNESSES` pictures nearest to the question, whose captions say whether there is a match at all.
        """
        vectors = self.vectors_of([row.id for row in rows])  # (k, d)
        scores = asked.scores(vectors)
        if asked.text is None:
            return [Evidence(float(score)) for score in scores]
        texts = np.stack([asked.text, *asked.unwanted])  # (1 + m, d)
        caption_scores, witness_scores = self._caption_scores(texts, rows), self._caption_scores(texts, witnesses)
        probabilities = self._probabilities(asked, texts, texts @ vectors.T, caption_scores, witness_scores)
        return [_evidence(*known) for known in zip(scores, caption_scores[0], probabilities, strict=True)]

    @cached_property
    def _some_pictures(self) -> Vectors | None:
        return self._store.vectors_of(self._some_ids(PICTURES_SAMPLED)) if self._some_ids else None

    def _probabilities(
        self, asked: Asked, texts: Vectors, scores: Scores, caption_scores: Scores, witness_scores: Scores
    ) -> Scores:
        """Return (k,): the wanted text holds and no unwanted one does.

        NaN where that cannot be said: without calibration, and of a text that names nothing ("the", "?!"), as every question
        that the calibration was fitted to names something.

        Args:
            asked: the question.
            texts: (1 + m, d), the wanted one first.
            scores: (1 + m, k) cosines of wanted and unwanted texts with the pictures.
            caption_scores: the same with their captions.
            witness_scores: the same with the witnesses' captions.
        """
        if self._calibration is None or not asked.words:
            return np.full(scores.shape[1], np.nan)
        holds = np.ones(scores.shape[1])
        for at, (vector, text) in enumerate(zip(texts, (asked.wish.wanted, *asked.wish.unwanted), strict=True)):
            words = len(content_words(text))
            if not words:
                continue
            standing = self._calibration.standing(vector, words, witness_scores[at])
            shown = self._calibration.probabilities(standing, scores[at], caption_scores[at])
            holds *= shown if at == 0 else 1 - shown
        return holds

    def _caption_scores(self, texts: Vectors, rows: Sequence[ImageRow]) -> Scores:
        """Return the (t, k) cosines of texts with the rows' captions, NaN for those that the index has no vector of."""
        scores = np.full((len(texts), len(rows)), np.nan)
        captioned = [at for at, row in enumerate(rows) if row.caption]
        if self._captions is not None and captioned:
            scores[:, captioned] = texts @ self._captions.vectors_of([rows[at].id for at in captioned]).T
        return scores


def best_first(evidence: Sequence[Evidence]) -> list[int]:
    """Return the order of the hits by match probability; as they are where it is unknown.

    Calibrated, the caption's testimony helps the order, too (benchmarks/RESULTS.md has by how much); a fixed mix of both
    cosines made it worse.
    """
    return sorted(range(len(evidence)), key=lambda at: -(evidence[at].match_probability or 0.0))


def _evidence(score: float, caption_score: float, probability: float) -> Evidence:
    known = bool(np.isfinite(probability))
    return Evidence(
        score=float(score),
        caption_score=float(caption_score) if np.isfinite(caption_score) else None,
        match_probability=float(probability) if known else None,
        verdict=verdict_of(float(probability)) if known else None,
    )

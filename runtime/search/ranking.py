"""Ranker: the pictures nearest to a query, the evidence that each is a match, and their order. Runs no model.

Knows the stores of the pictures' and of the captions' vectors, and the index's calibration of match probabilities.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import erf, isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import NEIGHBOURS, MatchCalibration, match_features
from runtime.artefacts.model_records import CLIP_LEVELS, EncoderRecord
from runtime.errors import ArtefactCorrupt
from runtime.library.caption_words import UsedNoun
from runtime.library.image_rows import ImageRow
from runtime.library.photos.filters import Allowed
from runtime.library.picture_text import PictureWord
from runtime.search.caption_stance import Stance, Statement, comparable_phrases, compare, stance_features
from runtime.search.embedded_query import Query
from runtime.search.evidence import Evidence
from runtime.search.noun_phrases import noun_phrases
from runtime.search.picture_text_matches import NO_WRITING, Writing, find_writing
from runtime.search.similarity_order import NearnessOrders
from runtime.search.text_search import which_are_named, words_of_text
from runtime.search.verdicts import WEAK_FROM, verdict_of
from runtime.search.words import Phrase
from runtime.stores.protocols import VectorSource, VectorStore

PICTURES_SAMPLED = 500  # to see how far cosines spread
# A file is seldom named after what its picture lacks, and who asks for words that stand in a picture seldom means another.
# Believed, not measured: drawn scenes have numbers for names, and no letters.
NAMES_BELIEVED = 0.9
# Where so many of the captions that agree with a question are right, such a picture is at least a weak match.
CAPTIONS_BELIEVED_FROM = 0.9
Vectors = NDArray[np.float32]
Scores = NDArray[np.floating]
TextsOf = Callable[[Sequence[int]], Mapping[int, Sequence[PictureWord]]]


class Ranker:
    """One library's vectors. `captions` and `calibration` are absent from an index that was made without captions."""

    def __init__(
        self,
        store: VectorStore,
        captions: VectorSource | None = None,
        calibration: MatchCalibration | None = None,
        *,
        encoder: EncoderRecord | None = None,
        some_ids: Callable[[int], Sequence[int]] | None = None,
        texts_of: TextsOf | None = None,
    ) -> None:
        """Keep the collaborators.

        Args:
            store: the pictures' vectors.
            captions: the captions' vectors.
            calibration: how likely a match is.
            encoder: what its cosines mean, and how likely a match is where there is no calibration; CLIP's if not given.
            some_ids: returns about as many ids as asked for, from all over the library.
            texts_of: returns the words that stand in pictures, by id, of those that have any; None where none were read.
        """
        self._texts_of, self.orders = texts_of, NearnessOrders(store)
        self._store, self._captions, self._some_ids = store, captions, some_ids
        self._levels = encoder.cosine_levels if encoder else CLIP_LEVELS
        self._calibration = calibration or (encoder.pair_calibration() if encoder else None)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self._store.count

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._store.dimension

    def nearest(self, query: Query, k: int, allowed: Allowed | None = None) -> list[int]:
        """Return the ids of the k pictures nearest to the query's direction, best first; `allowed` ones alone, if given."""
        ids, _ = self._store.search(self.direction(query)[None], k, allowed=allowed)  # (1, k)
        found: list[int] = ids[0].tolist()
        return found

    def direction(self, query: Query) -> Vectors:
        """Return the query's direction, (d,) of norm 1; of a mix, by how far the library's cosines spread."""
        return query.direction(self._some_pictures if query.is_mixed else None)

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors, (k, d), of pictures of the library; raises ArtefactCorrupt where the store lacks one."""
        return _vectors_of(self._store, ids)

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
            return [Evidence(float(score), levels=self._levels) for score in scores]
        nearest = vectors[:NEIGHBOURS] if neighbours is None else self.vectors_of([row.id for row in neighbours])
        phrases = (query.parsed.wanted, *query.parsed.unwanted)
        believed = self._calibration.agreeing_are_right if self._calibration else 0.0
        leasts = (WEAK_FROM if believed >= CAPTIONS_BELIEVED_FROM else 0.0, *[believed] * len(query.unwanted))
        together = zip(phrases, query.statements, (query.text, *query.unwanted), leasts, strict=True)
        texts = [_Text(phrase, stated, text, nearest @ text, least) for phrase, stated, text, least in together]
        caption_scores = self._caption_scores(texts, rows)
        nearest_captions = caption_scores[:, :NEIGHBOURS] if neighbours is None else self._caption_scores(texts, neighbours)
        told = [comparable_phrases(query.parsed.text, filter(None, (row.caption, *row.other_captions))) for row in rows]
        said = [[compare(text.statement, one) for one in told] for text in texts]  # (1 + m, k)
        wanted, *unwanted = (
            self._shown(text, vectors, *of_captions)
            for text, *of_captions in zip(texts, caption_scores, nearest_captions, said, strict=True)
        )
        matches = wanted
        is_named = which_are_named(rows, query.parsed.wanted.text)
        writings = self._writings(query, rows)
        is_said = [named or writing.is_whole for named, writing in zip(is_named, writings, strict=True)]
        if any(is_said):
            matches = np.where(is_said, 1 - (1 - np.nan_to_num(wanted)) * (1 - NAMES_BELIEVED), wanted)
        for shown in unwanted:
            matches = matches * (1 - np.nan_to_num(shown))
        if query.is_mixed:
            matches = self._with_likeness(query, matches, vectors)
        known = (scores.tolist(), caption_scores[0].tolist(), matches.tolist(), said[0], is_named, writings)
        return [self._evidence(*one) for one in zip(*known, strict=True)]

    def _evidence(
        self,
        score: float,
        caption_score: float,
        probability: float,
        stance: Stance,
        is_named: bool,
        writing: Writing,
    ) -> Evidence:
        return Evidence(
            score=score,
            caption_score=None if isnan(caption_score) else caption_score,
            match_probability=None if isnan(probability) else probability,
            verdict=None if isnan(probability) else verdict_of(probability),
            levels=self._levels,
            stance=stance,
            is_named=is_named,
            writing=writing,
        )

    def _shown(
        self, text: "_Text", vectors: Vectors, caption_scores: Scores, neighbour_scores: Scores, said: Sequence[Stance]
    ) -> Scores:
        """Return (k,): how likely each picture shows what a text says.

        NaN where that is unknown: without calibration, or content words ("the", "?!"): it was fitted to texts with some.

        Args:
            text: the wanted one, or an unwanted one.
            vectors: the pictures', (k, d).
            caption_scores: (k,) its cosines with their captions.
            neighbour_scores: its cosines with the neighbours' captions.
            said: what each of the k captions says of it.
        """
        calibration, words = self._calibration, len(text.phrase.words)
        if calibration is None or not words:
            return np.full(len(vectors), np.nan)
        things = len(noun_phrases(text.phrase.text))
        scores = vectors @ text.vector
        context = calibration.query_context(
            text.vector, words=words, phrases=things, scores=text.nearest_scores, neighbour_scores=neighbour_scores
        )
        features = match_features(context, scores, caption_scores, stance_features(said))
        shown = calibration.probabilities(features, text.statement.compared)
        return np.where([one.agrees for one in said], np.maximum(shown, text.least_if_agreeing), shown)

    def _writings(self, query: Query, rows: Sequence[ImageRow]) -> list[Writing]:
        """Return what of the text in each picture the wanted words name."""
        wanted = words_of_text(query.parsed.wanted.text)
        if self._texts_of is None or wanted.names_only:
            return [NO_WRITING] * len(rows)
        texts = self._texts_of([row.id for row in rows])
        return [find_writing(texts[row.id], wanted.words) if row.id in texts else NO_WRITING for row in rows]

    def _with_likeness(self, query: Query, matches: Scores, vectors: Vectors) -> Scores:
        """Return (k,) probabilities of a mix: that a picture shows the words, and that it is like the picture given.

        Likeness is the share of the library that is less like it, by the normal distribution of the library's cosines. At
        even weights both count in full; the lighter one fades out with its weight.
        """
        if self._some_pictures is None or query.picture is None:
            return matches
        library = self._some_pictures @ query.picture
        deviations = (vectors @ query.picture - library.mean()) / max(float(library.std()), 1e-6)
        likeness = np.array([(1 + erf(deviation / sqrt(2))) / 2 for deviation in deviations])
        weight = query.picture_weight
        mixed: Scores = matches ** min(1.0, 2 * (1 - weight)) * likeness ** min(1.0, 2 * weight)
        return mixed

    def same_meaning(self, nearest: tuple[UsedNoun, float] | None) -> UsedNoun | None:
        """Return the noun of captions that is nearest to another one, given with its cosine, if both mean the same."""
        least = self._calibration.same_meaning_cosine if self._calibration else None
        return nearest[0] if nearest and least is not None and nearest[1] >= least else None

    @cached_property
    def _some_pictures(self) -> Vectors | None:
        return self.vectors_of(self._some_ids(PICTURES_SAMPLED)) if self._some_ids else None

    def _caption_scores(self, texts: Sequence["_Text"], rows: Sequence[ImageRow]) -> Scores:
        """Return the (t, k) cosines of texts with the rows' captions, NaN for those that the index has no vector of."""
        scores = np.full((len(texts), len(rows)), np.nan)
        captioned = [at for at, row in enumerate(rows) if row.caption]
        if self._captions is not None and captioned:
            vectors = np.stack([text.vector for text in texts])
            scores[:, captioned] = vectors @ _vectors_of(self._captions, [rows[at].id for at in captioned]).T
        return scores


@dataclass(frozen=True)
class _Text:
    """A text of a query, what it states, its vector, (d,), and its cosines with the pictures nearest to the query.

    `least_if_agreeing` is how likely a picture shows it at least, where its caption says so. What is unwanted may be rare
    among the pictures nearest to the whole query, so that captions count there for as much as they are right.
    """

    phrase: Phrase
    statement: Statement
    vector: Vectors
    nearest_scores: Scores
    least_if_agreeing: float


def _vectors_of(store: VectorSource, ids: Sequence[int]) -> Vectors:
    """Return the vectors, (k, d), of pictures that the catalogue has.

    Raises:
        ArtefactCorrupt: the store lacks one.
    """
    try:
        return store.vectors_of(ids)
    except KeyError as cause:
        reason = "its catalogue names a picture of which it has no vector"
        raise ArtefactCorrupt("The index", reason, "Build the index again: lookwhy index FOLDER.") from cause

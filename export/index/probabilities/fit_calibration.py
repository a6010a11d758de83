"""Fitting a library's match calibration: from scores to the probability that a picture shows what a text says.

Searches the library with questions whose answers are known, from labels or from its captions (`observation.py`),
labels the best hits as true or false matches, and fits a logistic regression to their features (`logistic.py`). Runs the
text tower once a question, and no other model.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.index.captions.observation import Observation, observe_again, observe_by_labels
from export.index.captions.words import EmbedTexts
from export.index.catalog import IndexedImage
from export.index.probabilities.logistic import Examples
from runtime.artefacts.match_calibration import (
    BARE_FEATURES,
    CAPTION_FEATURES,
    NEIGHBOURS,
    STANCE_FEATURES,
    MatchCalibration,
    QueryContext,
    match_features,
)
from runtime.search.caption_stance import Statement, compare, stance_features
from runtime.search.words import content_words
from runtime.stores.protocols import VectorSource

QUESTIONS = 500
PICTURES_MAX = 5_000  # more do not change the fit, and captions that err are embedded once more
PICTURES_MIN = 20  # captioned ones; below, a fit would be a guess
HITS = 3  # labelled of each search
NOWHERE_SEARCHES = 5  # of seven, for a thing that captions have no word for (benchmarks/RESULTS.md)
HEARD_FROM = 0.6  # of the captions that agree are right, or what captions say in words is not weighed at all
SEED = 7


def calibrate(
    rows: Sequence[IndexedImage],
    pictures: VectorSource,
    captions: VectorSource,
    embed_texts: EmbedTexts,
    console: Console,
    *,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> MatchCalibration | None:
    """Return the calibration of a library, the same each time; None where it has too few captions.

    Args:
        rows: the library's.
        pictures: their vectors.
        captions: the vectors of their captions.
        embed_texts: n texts -> (n, d) float32 of L2 norm 1, each in a run of its own.
        console: where progress goes.
        labels: captions by people, by path, that are taken for true. Without those of enough captioned pictures, the
            library's own captions are, as far as they are reliable.
    """
    captioned = [row for row in rows if row.caption]
    labelled = [row for row in captioned if labels and row.image_path in labels]
    rng = random.Random(SEED)
    candidates = labelled if len(labelled) >= PICTURES_MIN else captioned
    sample = candidates if len(candidates) <= PICTURES_MAX else rng.sample(candidates, PICTURES_MAX)
    if len(sample) < PICTURES_MIN:
        return None
    ids = [row.id for row in sample]
    of_pictures, of_captions = (_as_in_16_bits(store.vectors_of(ids)) for store in (pictures, captions))
    texts = [row.caption or "" for row in sample]
    if labels and candidates is labelled:
        observation = observe_by_labels([labels[row.image_path] for row in sample], texts, of_captions)
    else:
        by_people = sum(row.caption_source == "given" for row in sample) > len(sample) / 2
        observation = observe_again(texts, of_pictures, of_captions, embed_texts, rng, by_people=by_people)
    if not observation.truth.exist:
        return None
    examples = _LabelledHits(of_pictures[observation.sample], observation, rng)
    with progress_bar(console, "Calibrating", QUESTIONS) as advance:
        for _ in range(QUESTIONS):
            examples.search_once(embed_texts)
            advance(1)
    return examples.fit()


@dataclass(frozen=True)
class _EmbeddedQuestion:
    """One question to n pictures, and which of them answer it.

    `scores` and `caption_scores` are its (n,) cosines with pictures and captions; `nearest` are the pictures by the former.
    """

    text: str
    statement: Statement
    scores: NDArray[np.float32]
    caption_scores: NDArray[np.float32]
    mean_score: float
    nearest: NDArray[np.intp]
    answers: set[int]

    def neighbours(self, hidden: set[int]) -> list[int]:
        """Return the `NEIGHBOURS` nearest pictures of a library without some."""
        start = self.nearest[: NEIGHBOURS + len(hidden)].tolist()
        return [at for at in start if at not in hidden][:NEIGHBOURS]


class _LabelledHits:
    """Searches a sample of n pictures with questions, and collects the hits as labelled examples.

    What is true comes from one side of the observation, what captions say from the other.
    """

    def __init__(self, pictures: NDArray[np.float32], observation: Observation, rng: random.Random) -> None:
        self._pictures, self._captions = pictures, observation.vectors  # (n, d), both
        self._questions, self._observed, self._figures = observation.truth, observation.observed, observation.figures
        self._rng = rng
        self._centroid = pictures.mean(axis=0)
        self._nearest, self._agreeing, self._others, self._part = Examples(), Examples(), Examples(), Examples()

    def search_once(self, embed_texts: EmbedTexts) -> None:
        """Ask one question of the library, of the library without its answers, and of others that lack what it names."""
        text = self._questions.draw(self._rng)
        [vector] = embed_texts([text])
        readings = self._questions.readings
        rarity = readings.rarity(text)
        statement = Statement.of(text, rarity)
        scores = self._pictures @ vector
        asked = _EmbeddedQuestion(
            text=text,
            statement=statement,
            scores=scores,
            caption_scores=self._captions @ vector,
            mean_score=float(self._centroid @ vector),
            nearest=np.argsort(-scores, kind="stable"),
            answers=readings.agreeing(statement),
        )
        lacking = asked.answers | readings.mentioning_a_word_of(statement, self._rng)
        for hidden in (set[int](), asked.answers, lacking):
            self._search(asked, hidden)
        # as if captions had no word for one of its things
        unused = self._rng.choice(statement.phrases).words[-1]
        part = Statement.of(text, {word: weight for word, weight in rarity.items() if word != unused})
        # It may be there unnamed. Mostly it is nowhere, as if all that captions call so were hidden.
        nowhere = asked.answers | readings.mentioning(unused)
        for hidden in (set[int](), asked.answers, *[nowhere] * NOWHERE_SEARCHES):
            self._search_in_part(asked, part, hidden)

    def _search(self, asked: _EmbeddedQuestion, hidden: set[int]) -> None:
        """Label the hits of a search without the hidden pictures: the nearest, and those that full text would find."""
        nearest, agreeing = asked.neighbours(hidden)[:HITS], self._observed.agreeing(asked.statement) - hidden
        by_words = self._rng.sample(sorted(agreeing), min(HITS, len(agreeing)))
        by_some_words = self._observed.most_covering(asked.statement.rarity, HITS, agreeing | hidden)
        for _ in range(1 if hidden else 2):  # as many examples with true matches as without
            self._label(asked, asked.statement, nearest, hidden, self._nearest)
        said = [hit for hit in (*nearest, *by_words) if hit in agreeing]
        unsaid = [hit for hit in (*nearest, *by_some_words) if hit not in agreeing]
        self._label(asked, asked.statement, said, hidden, self._agreeing)
        self._label(asked, asked.statement, unsaid, hidden, self._others)

    def _search_in_part(self, asked: _EmbeddedQuestion, part: Statement, hidden: set[int]) -> None:
        """Label the hits of the same search where captions can be compared with part of the question alone."""
        if part.phrases:
            by_some_words = self._observed.most_covering(part.rarity, HITS, hidden)
            hits = [*asked.neighbours(hidden)[:HITS], *by_some_words]
            self._label(asked, part, hits, hidden, self._part)

    def _label(
        self,
        asked: _EmbeddedQuestion,
        statement: Statement,
        hits: Sequence[int],
        hidden: set[int],
        examples: Examples,
    ) -> None:
        """Add some hits, each once, to the examples."""
        chosen = list(dict.fromkeys(hits))
        if not chosen:
            return
        neighbours = asked.neighbours(hidden)
        context = QueryContext(
            mean_score=asked.mean_score,
            best_score=float(asked.scores[neighbours].max(initial=-1.0)),
            best_caption_score=float(asked.caption_scores[neighbours].max(initial=-1.0)),
            words=len(content_words(asked.text)),
            phrases=len(asked.statement.phrases),
        )
        said = stance_features([compare(statement, self._observed.of_pictures[hit]) for hit in chosen])
        features = match_features(context, asked.scores[chosen], asked.caption_scores[chosen], said)
        examples.add(features, np.array([float(hit in asked.answers) for hit in chosen]))

    def fit(self) -> MatchCalibration | None:
        """Return the calibration fitted to all examples; None where too few of them are true matches, or too few false."""
        with_captions = (*BARE_FEATURES, *CAPTION_FEATURES)
        everything = (*with_captions, *STANCE_FEATURES)
        without_caption, with_caption = self._nearest.fit(BARE_FEATURES), self._nearest.fit(with_captions)
        if not (with_caption and without_caption):
            return None
        calibration = MatchCalibration(
            centroid=tuple(map(float, self._centroid)),
            with_caption=with_caption,
            without_caption=without_caption,
            agreeing_are_right=self._agreeing.share,
            fit={
                "questions": QUESTIONS,
                "pictures": len(self._pictures),
                "auroc": self._nearest.auroc(with_caption),
                **self._figures,
            },
        )
        if self._agreeing.share < HEARD_FROM:
            return calibration
        by_words = {
            "agreeing": self._agreeing.fit((*with_captions, "best_score")) or self._agreeing.fit_share(),
            "not_agreeing": self._others.fit(everything),
            "part_of_text": self._part.fit(everything),
        }
        return calibration.model_copy(update=by_words)


def _as_in_16_bits(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors, (n, d), rounded as shards and large stores keep them, so that all forms of a library fit alike.

    A vector that was rounded and scaled back to norm 1, by far less than the last of the 16 bits, becomes the same again.
    """
    return vectors.astype(np.float16).astype(np.float32)

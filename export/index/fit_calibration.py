"""Fitting a library's match calibration: from scores to the probability that a picture shows what a text says.

Searches the library with questions whose answers are known from its captions (`caption_questions.py`), labels the best hits
as true or false matches, and fits a logistic regression to their features (Platt scaling, over more than one score). Runs
the text tower once a question, and no other model.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.index.caption_questions import CaptionQuestions, CaptionReadings
from export.index.caption_reliability import CaptionReliability, Vocabulary, measure_reliability, without_omitted
from export.index.catalog import IndexedImage
from runtime.artefacts.match_calibration import (
    BARE_FEATURES,
    CAPTION_FEATURES,
    FEATURES,
    NEIGHBOURS,
    TESTIMONY_FEATURES,
    MatchCalibration,
    MatchWeights,
    QueryContext,
    match_features,
)
from runtime.search.testimony import Statement, compare, noun_phrases, said_features
from runtime.search.words import content_words
from runtime.stores.protocols import VectorSource

QUESTIONS = 500
PICTURES_MAX = 5_000  # more do not change the fit, and captions that err are embedded once more
PICTURES_MIN = 20  # captioned ones; below, a fit would be a guess
HITS = 3  # labelled of each search
EXAMPLES_MIN = 20  # of true and of false matches
RIDGE = 1.0  # on weights of standardized features; keeps them finite where a plane separates all examples
SEED = 7
BARE = tuple(name for name in BARE_FEATURES if name != "log_words")

EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass
class _Examples:
    """Labelled hits: rows of `FEATURES`, and for each whether it is a true match."""

    features: list[NDArray[np.float64]] = field(default_factory=list)  # each (k, f)
    holds: list[NDArray[np.float64]] = field(default_factory=list)  # each (k,)

    def add(self, features: NDArray[np.float64], holds: NDArray[np.float64]) -> None:
        """Add k hits."""
        self.features.append(features)
        self.holds.append(holds)

    @property
    def share(self) -> float:
        """The share of true matches, by Laplace's estimate, so that no examples are half true."""
        return (sum(map(np.sum, self.holds)) + 1) / (sum(map(len, self.holds)) + 2)

    def fit(self, names: Sequence[str]) -> tuple[MatchWeights, float] | None:
        """Return the logistic on some features, and its AUROC on the examples; None where there are too few of them."""
        if not self.holds:
            return None
        features, holds = np.concatenate(self.features), np.concatenate(self.holds)
        if not EXAMPLES_MIN <= holds.sum() <= len(holds) - EXAMPLES_MIN:
            return None
        weights = fit_logistic(features[:, [FEATURES.index(name) for name in names]], holds, names)
        log_odds = weights.log_odds(features)
        return weights, auroc(log_odds[holds > 0], log_odds[holds == 0])


def calibrate(
    rows: Sequence[IndexedImage], pictures: VectorSource, captions: VectorSource, embed_texts: EmbedTexts, console: Console
) -> MatchCalibration | None:
    """Return the calibration of a library, the same each time; None where it has too few captions.

    Args:
        rows: the library's.
        pictures: their vectors.
        captions: the vectors of their captions.
        embed_texts: n texts -> (n, d) float32 of L2 norm 1, each in a run of its own.
        console: where progress goes.
    """
    captioned = [row for row in rows if row.caption]
    rng = random.Random(SEED)
    sample = captioned if len(captioned) <= PICTURES_MAX else rng.sample(captioned, PICTURES_MAX)
    texts = [row.caption or "" for row in sample]
    if len(sample) < PICTURES_MIN:
        return None
    ids = [row.id for row in sample]
    of_pictures, of_captions = pictures.vectors_of(ids), captions.vectors_of(ids)
    reliability = measure_reliability(texts, of_pictures, embed_texts, rng)
    vocabulary = Vocabulary([noun_phrases(text) for text in texts])
    # Labels are taken from the captions that fit their pictures best: of the others, as many as have errors are left out.
    errors = int(len(sample) * reliability.share_with_errors(vocabulary.words_of_a_caption))
    trusted = np.sort(np.argsort((of_pictures * of_captions).sum(axis=1), kind="stable")[min(errors, len(sample) // 2) :])
    world = observe([texts[at] for at in trusted], of_captions[trusted], reliability, vocabulary, embed_texts, rng)
    questions = CaptionQuestions(world.texts)
    if not questions.exist:
        return None
    examples = _LabelledHits(of_pictures[trusted], world, questions, rng)
    with progress_bar(console, "Calibrating", QUESTIONS) as advance:
        for _ in range(QUESTIONS):
            examples.search_once(embed_texts)
            advance(1)
    return examples.fit(reliability)


@dataclass(frozen=True)
class _ObservedCaptions:
    """The captions of n pictures, whose words are taken for true, and what another observer, as reliable, says instead.

    `vectors` are those of the other observer's captions, (n, d).
    """

    texts: Sequence[str]
    observed: CaptionReadings
    vectors: NDArray[np.float32]


def observe(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    reliability: CaptionReliability,
    vocabulary: Vocabulary,
    embed_texts: EmbedTexts,
    rng: random.Random,
) -> _ObservedCaptions:
    """Return captions with their observation; the text tower runs for those that differ."""
    seen = [vocabulary.misread(text, reliability.wrong, rng) for text in texts]
    vectors = vectors.copy()
    for at, (text, other) in enumerate(zip(texts, seen, strict=True)):
        if text != other:
            [vectors[at]] = embed_texts([other])
    readings = [without_omitted(noun_phrases(other), reliability.omitted, rng) for other in seen]
    return _ObservedCaptions(texts, CaptionReadings(readings), vectors)


@dataclass(frozen=True)
class _AskedQuestion:
    """One question to n pictures: (n,) cosines with pictures and captions, its size, and which pictures answer it."""

    scores: NDArray[np.float32]
    caption_scores: NDArray[np.float32]
    mean_score: float
    words: int
    things: int
    answers: set[int]


class _LabelledHits:
    """Searches a sample of n pictures with questions, and collects the hits as labelled examples."""

    def __init__(
        self,
        pictures: NDArray[np.float32],
        captions: _ObservedCaptions,
        questions: CaptionQuestions,
        rng: random.Random,
    ) -> None:
        self._pictures, self._captions, self._observed = pictures, captions.vectors, captions.observed  # (n, d), both
        self._questions, self._rng = questions, rng
        self._centroid = pictures.mean(axis=0)
        self._nearest, self._agreeing, self._others, self._part = _Examples(), _Examples(), _Examples(), _Examples()

    def search_once(self, embed_texts: EmbedTexts) -> None:
        """Search with one question: all pictures, those that do not answer it, and those that lack one of its words.

        The captions say which hits are true. So that their own words can be weighed, they are read as if another observer,
        of their measured reliability, had written them.
        """
        question = self._questions.draw(self._rng)
        [text] = embed_texts([question])
        whole = Statement.of(question)
        part = Statement.of(question, self._rng.choice(whole.phrases).words[-1:])  # as if no caption had a word for it
        asked = _AskedQuestion(
            scores=self._pictures @ text,
            caption_scores=self._captions @ text,
            mean_score=float(self._centroid @ text),
            words=len(content_words(question)),
            things=len(whole.phrases),
            answers=self._questions.readings.agreeing(whole),
        )
        order = np.argsort(-asked.scores, kind="stable")
        lacking = asked.answers | self._questions.readings.mentioning_a_word_of(whole, self._rng)
        by_words = self._observed.agreeing(whole)
        for hidden in (set[int](), asked.answers, lacking):
            neighbours = _first(order, hidden)
            found = [*neighbours[:HITS], *self._some(by_words - hidden)]
            agreeing = [hit for hit in dict.fromkeys(found) if hit in by_words]
            others = [hit for hit in neighbours[:HITS] if hit not in by_words]
            # What captions say is there as often as not. What they have no word for is rather not there than unnamed.
            for _ in range(1 if hidden else 2):
                self._label(asked, whole, list(neighbours[:HITS]), neighbours, self._nearest)
                self._label(asked, whole, agreeing, neighbours, self._agreeing)
                self._label(asked, whole, others, neighbours, self._others)
            self._label(asked, part, list(neighbours[:HITS]), neighbours, self._part)

    def _label(
        self,
        asked: "_AskedQuestion",
        statement: Statement,
        hits: list[int],
        neighbours: NDArray[np.intp],
        examples: "_Examples",
    ) -> None:
        """Add some hits to the examples; `neighbours` are the nearest pictures that the library would have."""
        if not statement.phrases or not hits:
            return
        best = float(asked.caption_scores[neighbours].max(initial=-1.0))
        context = QueryContext(asked.mean_score, best, asked.words, asked.things)
        holds = np.array([float(hit in asked.answers) for hit in hits])
        said = said_features([compare(statement, self._observed.of_pictures[hit]) for hit in hits])
        examples.add(match_features(context, asked.scores[hits], asked.caption_scores[hits], said), holds)

    def _some(self, pictures: set[int]) -> list[int]:
        return self._rng.sample(sorted(pictures), min(HITS, len(pictures)))

    def fit(self, reliability: CaptionReliability) -> MatchCalibration | None:
        """Return the calibration fitted to all examples; None where too few of them are true matches, or too few false."""
        without_caption, with_caption = self._nearest.fit(BARE), self._nearest.fit((*BARE, *CAPTION_FEATURES))
        everything = (*BARE, *CAPTION_FEATURES, *TESTIMONY_FEATURES)
        agreeing, others = self._agreeing.fit((*BARE, *CAPTION_FEATURES)), self._others.fit(everything)
        part = self._part.fit(everything)
        if not (with_caption and without_caption):
            return None
        figures = {
            "questions": QUESTIONS,
            "pictures": len(self._pictures),
            "auroc": with_caption[1],
            "caption_words_wrong": reliability.wrong,
            "things_not_captioned": reliability.omitted,
        }
        return MatchCalibration(
            centroid=tuple(map(float, self._centroid)),
            agreeing=(agreeing or with_caption)[0],
            not_agreeing=(others or with_caption)[0],
            part_of_text=(part or with_caption)[0],
            with_caption=with_caption[0],
            without_caption=without_caption[0],
            agreeing_are_right=self._agreeing.share,
            fit=figures,
        )


def fit_logistic(
    features: NDArray[np.float64], holds: NDArray[np.float64], names: Sequence[str], steps: int = 50
) -> MatchWeights:
    """Return the ridge logistic of (n, f) features of these names on (n,) labels, by Newton's method."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.column_stack([(features - mean) / deviation, np.ones(len(features))])  # (n, f + 1)
    ridge = RIDGE * np.eye(design.shape[1])
    ridge[-1, -1] = 0.0  # the bias is free
    weights = np.zeros(design.shape[1])
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-(design @ weights)))
        slope = design.T @ (chances - holds) + ridge @ weights
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    raw = weights[:-1] / deviation
    named = dict(zip(names, map(float, raw), strict=True))
    return MatchWeights(bias=float(weights[-1] - raw @ mean), **named)


def auroc(true: NDArray[np.floating], false: NDArray[np.floating]) -> float:
    """Return the chance that a true example has more than a false one, ties counting half (Mann-Whitney's U)."""
    ordered = np.sort(false)
    below, not_above = np.searchsorted(ordered, true, "left"), np.searchsorted(ordered, true, "right")
    return float((below + not_above).mean() / (2 * len(false)))


def _first(order: NDArray[np.intp], hidden: set[int]) -> NDArray[np.intp]:
    """Return the first `NEIGHBOURS` of an order that are not hidden."""
    start = order[: NEIGHBOURS + len(hidden)]
    return np.array([at for at in start if at not in hidden][:NEIGHBOURS], dtype=np.intp)

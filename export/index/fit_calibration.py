"""Fitting a library's match calibration: from scores to the probability that a picture shows what a text says.

Searches the library with questions whose answers are known from its captions (`caption_questions.py`), labels the best hits
as true or false matches, and fits a logistic regression to their features (Platt scaling, over more than one score). Runs
the text tower once a question, and no other model.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.index.caption_questions import CaptionQuestions
from export.index.catalog import IndexedImage
from runtime.artefacts.match_calibration import NEIGHBOURS, MatchCalibration, MatchWeights, QueryContext, match_features
from runtime.search.words import content_words
from runtime.stores.protocols import VectorSource

QUESTIONS = 500
PICTURES_MAX = 20_000  # more do not change the fit, and these take 2 x 40 MB of vectors at 512 dimensions
PICTURES_MIN = 20  # captioned ones; below, a fit would be a guess
HITS = 3  # labelled of each search
EXAMPLES_MIN = 20  # of true and of false matches
RIDGE = 1.0  # on weights of standardized features; keeps them finite where a plane separates all examples
BARE_FEATURES = 3  # the first of `match_features`: those that need no caption
SEED = 7

EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class _Examples:
    """The features of some hits, (n, 5), and whether each is a true match, (n,)."""

    features: NDArray[np.float64]
    holds: NDArray[np.float64]


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
    questions = CaptionQuestions([row.caption or "" for row in sample])
    if len(sample) < PICTURES_MIN or not questions.exist:
        return None
    ids = [row.id for row in sample]
    examples = _LabelledHits(pictures.vectors_of(ids), captions.vectors_of(ids), questions, rng)
    with progress_bar(console, "Calibrating", QUESTIONS) as advance:
        for _ in range(QUESTIONS):
            examples.search_once(embed_texts)
            advance(1)
    return examples.fit()


class _LabelledHits:
    """Searches a sample of n pictures with questions, and collects the hits as labelled examples."""

    def __init__(
        self, pictures: NDArray[np.float32], captions: NDArray[np.float32], questions: CaptionQuestions, rng: random.Random
    ) -> None:
        self._pictures, self._captions = pictures, captions  # both (n, d)
        self._questions, self._rng = questions, rng
        self._centroid = pictures.mean(axis=0)
        self._examples: list[_Examples] = []

    def search_once(self, embed_texts: EmbedTexts) -> None:
        """Search with one question: all pictures, those that do not answer it, and those that lack one of its words."""
        question = self._questions.draw(self._rng)
        [text] = embed_texts([" ".join(question)])
        answers = self._questions.answers(question)
        lacking = answers | self._questions.mentioning_a_word_of(question, self._rng)
        scores, caption_scores = self._pictures @ text, self._captions @ text  # both (n,)
        order = np.argsort(-scores, kind="stable")
        words = len(content_words(" ".join(question)))
        for hidden in (set[int](), set[int](), answers, lacking):  # as many examples with true matches as without
            hits = _first(order, hidden)
            neighbours = caption_scores[hits]
            context = QueryContext(float(self._centroid @ text), float(neighbours.max(initial=-1.0)), words)
            features = match_features(context, scores[hits[:HITS]], neighbours[:HITS])
            holds = np.array([float(hit in answers) for hit in hits[:HITS]])
            self._examples.append(_Examples(features, holds))

    def fit(self) -> MatchCalibration | None:
        """Return the calibration fitted to all examples; None where too few of them are true matches, or too few false."""
        features = np.concatenate([examples.features for examples in self._examples])
        holds = np.concatenate([examples.holds for examples in self._examples])
        if not EXAMPLES_MIN <= holds.sum() <= len(holds) - EXAMPLES_MIN:
            return None
        calibration = MatchCalibration(
            centroid=tuple(map(float, self._centroid)),
            with_caption=fit_logistic(features, holds),
            without_caption=fit_logistic(features[:, :BARE_FEATURES], holds),
            fit={},
        )
        probabilities = 1 / (1 + np.exp(-calibration.with_caption.log_odds(features)))
        figures = {
            "questions": QUESTIONS,
            "pictures": len(self._pictures),
            "auroc": auroc(probabilities[holds > 0], probabilities[holds == 0]),
        }
        return calibration.model_copy(update={"fit": figures})


def fit_logistic(features: NDArray[np.float64], holds: NDArray[np.float64], steps: int = 50) -> MatchWeights:
    """Return the ridge logistic of (n, f) features on (n,) labels, by Newton's method; of 3 features or of all 5."""
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
    names = ("score", "mean_score", "log_words", "caption_score", "best_caption_score")[: len(raw)]
    return MatchWeights(bias=float(weights[-1] - raw @ mean), **dict(zip(names, map(float, raw), strict=True)))


def auroc(true: NDArray[np.floating], false: NDArray[np.floating]) -> float:
    """Return the chance that a true example has more than a false one, ties counting half (Mann-Whitney's U)."""
    ordered = np.sort(false)
    below, not_above = np.searchsorted(ordered, true, "left"), np.searchsorted(ordered, true, "right")
    return float((below + not_above).mean() / (2 * len(false)))


def _first(order: NDArray[np.intp], hidden: set[int]) -> NDArray[np.intp]:
    """Return the first `NEIGHBOURS` of an order that are not hidden."""
    start = order[: NEIGHBOURS + len(hidden)]
    return np.array([at for at in start if at not in hidden][:NEIGHBOURS], dtype=np.intp)

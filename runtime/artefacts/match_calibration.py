"""How scores become the probability that a picture shows what a text says: a record in the index's manifest.

Arithmetic alone. It is fitted by `export/index/probabilities/fit_calibration.py`, and what a probability is called is
`search/verdicts.py`'s.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

BARE_FEATURES = ("score", "mean_score", "log_phrases")
CAPTION_FEATURES = ("caption_score", "best_caption_score")
STANCE_FEATURES = ("agrees", "contradicts", "coverage")
# What the log-odds are linear in, in the order of the columns. `best_score` is weighed only where the caption agrees, and
# `log_words` only by indexes of earlier versions, in place of `log_phrases`.
FEATURES = (*BARE_FEATURES, "best_score", "log_words", *CAPTION_FEATURES, *STANCE_FEATURES)
NEIGHBOURS = 10  # the nearest pictures, whose captions tell whether the library holds a match at all
Floats = NDArray[np.floating]
Compared = Literal["whole", "part", "nothing"]


@dataclass(frozen=True)
class QueryContext:
    """How a text compares with the library as a whole; a cosine means little without it.

    `mean_score` is its mean cosine with all pictures, `best_score` the best one, and `best_caption_score` the best of its
    cosines with the captions of the `NEIGHBOURS` nearest pictures (NaN where none has one). `words` is the number of its
    content words, and `phrases` that of its noun phrases.
    """

    mean_score: float
    best_score: float
    best_caption_score: float
    words: int
    phrases: int


class MatchWeights(BaseModel):
    """A logistic over what is known of one hit: the log-odds are `bias` plus each weight times its feature.

    `score` and `caption_score` weigh the cosines of the text with picture and caption; `log_words` and `log_phrases` weigh
    log(1 + content words) and log(1 + noun phrases). `agrees`, `contradicts`, 1 or 0, and `coverage` weigh what the
    caption says in words (`search/caption_stance.py`). The others are of the `QueryContext`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: float
    score: float
    mean_score: float
    log_phrases: float = 0.0
    best_score: float = 0.0
    log_words: float = 0.0
    caption_score: float = 0.0
    best_caption_score: float = 0.0
    agrees: float = 0.0
    contradicts: float = 0.0
    coverage: float = 0.0

    def log_odds(self, features: Floats) -> NDArray[np.float64]:
        """Return the (k,) log-odds of (k, f) features as `match_features` returns them."""
        weights = np.array([getattr(self, name) for name in FEATURES])
        log_odds: NDArray[np.float64] = features @ weights + self.bias
        return log_odds


class MatchCalibration(BaseModel):
    """One library's way from scores to probabilities.

    `centroid` is the mean of the pictures' vectors, (d,). Of texts of which captions can say all, `agreeing` are the weights
    for pictures whose caption does, and `not_agreeing` those for the others. `part_of_text` are for texts with a word that
    no caption of the library uses. All three are None where captions err too often to be weighed by their words.
    `with_caption` are for texts of which captions can say nothing, or where these are None, as in an index of an earlier
    version; `without_caption` for pictures without a caption. `agreeing_are_right` is the share of true matches among the
    pictures whose captions agree. From `same_meaning_cosine` on, two nouns are taken to mean the same; None where that is
    unknown. `fit` says how many questions were put to how many pictures, how reliable their captions are, and how well the
    probabilities told true hits from false ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    centroid: tuple[float, ...]
    agreeing: MatchWeights | None = None
    not_agreeing: MatchWeights | None = None
    part_of_text: MatchWeights | None = None
    with_caption: MatchWeights
    without_caption: MatchWeights
    agreeing_are_right: float = 0.0
    same_meaning_cosine: float | None = None
    fit: dict[str, float]

    @cached_property
    def _centroid(self) -> NDArray[np.float64]:
        return np.asarray(self.centroid)

    def query_context(
        self, text: Floats, *, words: int, phrases: int, scores: Floats, neighbour_scores: Floats
    ) -> QueryContext:
        """Return the context of a text's vector, (d,).

        Args:
            text: the vector.
            words: how many content words the text has.
            phrases: how many noun phrases.
            scores: its cosines with the `NEIGHBOURS` nearest pictures.
            neighbour_scores: its cosines with their captions, NaN for none.
        """
        known = neighbour_scores[np.isfinite(neighbour_scores)]
        return QueryContext(
            mean_score=float(self._centroid @ text),
            best_score=float(scores.max(initial=-1.0)),
            best_caption_score=float(known.max()) if known.size else np.nan,
            words=words,
            phrases=phrases,
        )

    def probabilities(self, features: Floats, compared: Compared) -> NDArray[np.float64]:
        """Return how likely each picture shows what a text describes.

        Args:
            features: (k, f) as `match_features` returns them; a NaN stands where there is no caption.
            compared: how much of the text captions have words for.

        Returns:
            (k,) in [0, 1].
        """
        known = np.isfinite(features)
        features = np.where(known, features, 0.0)
        if compared == "whole":
            agrees = features[:, FEATURES.index("agrees")] > 0
            captioned = np.where(
                agrees, self._log_odds(self.agreeing, features), self._log_odds(self.not_agreeing, features)
            )
        else:
            captioned = self._log_odds(self.part_of_text if compared == "part" else None, features)
        log_odds = np.where(known.all(axis=1), captioned, self.without_caption.log_odds(features))
        return 1 / (1 + np.exp(-log_odds))

    def _log_odds(self, weights: MatchWeights | None, features: Floats) -> NDArray[np.float64]:
        return (weights or self.with_caption).log_odds(features)


def calibration_of_pairs(dimension: int, logit_scale: float, logit_bias: float) -> MatchCalibration:
    """Return the calibration of an encoder that was trained on single pairs: the log-odds are its own logit.

    It is what SigLIP's loss makes of a cosine (arXiv 2303.15343, section 3.2): how likely a random pair belongs together. Of
    the best of many hits it promises too much or too little, and it knows nothing of captions; so one that was fitted to a
    library goes before it.

    Args:
        dimension: of the vectors, d.
        logit_scale: what a cosine is multiplied by.
        logit_bias: what is added.
    """
    weights = MatchWeights(bias=logit_bias, score=logit_scale, mean_score=0.0)
    return MatchCalibration(centroid=(0.0,) * dimension, with_caption=weights, without_caption=weights, fit={})


def match_features(context: QueryContext, scores: Floats, caption_scores: Floats, said: Floats) -> NDArray[np.float64]:
    """Return (k, f): what the probability is a logistic of, in the order of `FEATURES`.

    Args:
        context: the text's.
        scores: (k,) cosines of text and pictures.
        caption_scores: (k,) cosines of text and captions, NaN where there is none.
        said: (k, 3), the `STANCE_FEATURES`.

    How much the text says is among them since a text that says more reaches less of a cosine, its true pictures included.
    """
    log_phrases, log_words = np.log1p([context.phrases, context.words])
    of_query = (context.mean_score, log_phrases, context.best_score, log_words)
    columns = (scores, *of_query, caption_scores, context.best_caption_score)
    features = np.empty((len(scores), len(columns) + said.shape[1]))
    for at, column in enumerate(columns):
        features[:, at] = column
    features[:, len(columns) :] = said
    return features

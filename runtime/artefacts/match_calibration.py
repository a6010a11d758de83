"""How scores become the probability that a picture shows what a text says: a record in the index's manifest.

Arithmetic alone. It is fitted by `export/index/fit_calibration.py`, and what a probability is called is `evidence.py`'s.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

NEIGHBOURS = 10  # the nearest pictures, whose captions tell whether the library holds a match at all
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class QueryContext:
    """How a text compares with the library as a whole; a cosine means little without it.

    `mean_score` is its mean cosine with all pictures, `best_caption_score` the best of its cosines with the captions of the
    `NEIGHBOURS` nearest pictures (NaN where none has one), `words` the number of its content words.
    """

    mean_score: float
    best_caption_score: float
    words: int


class MatchWeights(BaseModel):
    """A logistic over what is known of one hit: the log-odds are `bias` plus each weight times its feature.

    `score` and `caption_score` weigh the cosines of the text with picture and caption; `log_words` weighs log(1 + content
    words). The others are of the `QueryContext`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: float
    score: float
    mean_score: float
    log_words: float
    caption_score: float = 0.0
    best_caption_score: float = 0.0

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (k,) log-odds of (k, 5) features as `match_features` returns them."""
        weights = (self.score, self.mean_score, self.log_words, self.caption_score, self.best_caption_score)
        log_odds: NDArray[np.float64] = features @ np.asarray(weights) + self.bias
        return log_odds


class MatchCalibration(BaseModel):
    """One library's way from scores to probabilities.

    `centroid` is the mean of the pictures' vectors, (d,). `fit` says how many questions were put to how many pictures, and
    how well the probabilities told their true hits from the false ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    centroid: tuple[float, ...]
    with_caption: MatchWeights
    without_caption: MatchWeights
    fit: dict[str, float]

    def query_context(self, text: Floats, words: int, neighbour_scores: Floats) -> QueryContext:
        """Return the context of a text's vector, (d,).

        Args:
            text: the vector.
            words: how many content words the text has.
            neighbour_scores: its cosines with the captions of the `NEIGHBOURS` nearest pictures, NaN for none.
        """
        known = neighbour_scores[np.isfinite(neighbour_scores)]
        best = float(known.max()) if known.size else np.nan
        return QueryContext(float(np.asarray(self.centroid) @ text), best, words)

    def probabilities(self, context: QueryContext, scores: Floats, caption_scores: Floats) -> NDArray[np.float64]:
        """Return how likely each picture shows what the text describes.

        Args:
            context: the text's.
            scores: (k,) cosines of text and pictures.
            caption_scores: (k,) cosines of text and captions, NaN where there is none.

        Returns:
            (k,) in [0, 1].
        """
        features = match_features(context, scores, caption_scores)
        known = np.isfinite(features)
        features = np.where(known, features, 0.0)
        log_odds = np.where(known.all(axis=1), self.with_caption.log_odds(features), self.without_caption.log_odds(features))
        return 1 / (1 + np.exp(-log_odds))


def match_features(context: QueryContext, scores: Floats, caption_scores: Floats) -> NDArray[np.float64]:
    """Return (k, 5): what the probability is a logistic of, in the order that `MatchWeights.log_odds` takes.

    The number of words is one of them since a text that says more reaches less of a cosine, its true pictures included.
    """
    columns = (scores, context.mean_score, np.log1p(context.words), caption_scores, context.best_caption_score)
    return np.stack([np.broadcast_to(column, scores.shape) for column in columns], axis=1).astype(np.float64)

"""How far quantized models answer as the exact ones do: vectors, rankings, captions. Owns arithmetic; meets no model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.evaluation.answers import Answers, Caption
from export.evaluation.caption_scores import chrf_between
from export.evaluation.recall import score_blocks
from export.precision.gates import cosines_between

TOP = 10


@dataclass(frozen=True)
class CaptionAgreement:
    """Shares of captions and of tokens that are equal, position by position, and chrF (0 to 100) of one to the other."""

    captions_equal: float
    tokens_equal: float
    chrf: float


@dataclass(frozen=True)
class Agreement:
    """Cosines of the same text or picture in both models; the share of the first ten that both have.

    `overlap_at_10` is None where there are ten pictures or fewer, which every ranking has among its first ten; `captions`
    where one of the two has no captioner.
    """

    text_cosine_mean: float
    text_cosine_worst: float
    image_cosine_mean: float
    image_cosine_worst: float
    overlap_at_10: float | None
    captions: CaptionAgreement | None


def measure_agreement(exact: Answers, quantized: Answers) -> Agreement:
    """Return how near two models' answers to the same texts and pictures are."""
    texts, images = cosines_between(exact.texts, quantized.texts), cosines_between(exact.images, quantized.images)
    both = exact.captions is not None and quantized.captions is not None
    return Agreement(
        text_cosine_mean=float(texts.mean()),
        text_cosine_worst=float(texts.min()),
        image_cosine_mean=float(images.mean()),
        image_cosine_worst=float(images.min()),
        overlap_at_10=_overlap(exact, quantized) if len(exact.images) > TOP else None,
        captions=_compare_captions(exact.captions or (), quantized.captions or ()) if both else None,
    )


def _overlap(exact: Answers, quantized: Answers) -> float:
    pairs = zip(_best_pictures(exact), _best_pictures(quantized), strict=True)
    return float(np.mean([len(np.intersect1d(one, other)) / TOP for one, other in pairs]))


def _best_pictures(answers: Answers) -> Iterator[NDArray[np.int64]]:
    """Yield the first ten pictures of each text, unordered."""
    for _, scores in score_blocks(answers.texts, answers.images):
        yield from np.argpartition(-scores, TOP - 1, axis=1)[:, :TOP]


def _compare_captions(exact: Sequence[Caption], quantized: Sequence[Caption]) -> CaptionAgreement:
    pairs = list(zip(exact, quantized, strict=True))
    places = sum(max(len(one.token_ids), len(other.token_ids)) for one, other in pairs)
    same = sum(a == b for one, other in pairs for a, b in zip(one.token_ids, other.token_ids, strict=False))
    return CaptionAgreement(
        captions_equal=float(np.mean([one.token_ids == other.token_ids for one, other in pairs])),
        tokens_equal=same / places if places else 1.0,
        chrf=chrf_between([other.text for other in quantized], [one.text for one in exact]),
    )

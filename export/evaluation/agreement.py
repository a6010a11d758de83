"""Measures how closely quantized models agree with exact ones: vectors, rankings, captions. Runs no model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.evaluation.caption_scores import chrf_between
from export.evaluation.model_outputs import ModelOutputs, TokenizedCaption
from export.evaluation.recall import score_blocks
from export.precision.gates import cosines_between

TOP = 10


@dataclass(frozen=True)
class CaptionAgreement:
    """Fractions of captions, and of tokens position by position, that are equal; chrF (0 to 100) between the captions."""

    captions_equal: float
    tokens_equal: float
    chrf: float


@dataclass(frozen=True)
class Agreement:
    """How closely two models agree.

    Attributes:
        text_cosine_mean: mean cosine of the same text's vectors in both models.
        text_cosine_worst: the smallest.
        image_cosine_mean: the same for pictures.
        image_cosine_worst: the smallest.
        overlap_at_10: fraction of a text's first ten pictures that both models find, mean over texts; None with ten pictures
            or fewer, because every ranking has them all among its first ten.
        captions: None where one of the two models has no captioner.
    """

    text_cosine_mean: float
    text_cosine_worst: float
    image_cosine_mean: float
    image_cosine_worst: float
    overlap_at_10: float | None
    captions: CaptionAgreement | None


def measure_agreement(exact: ModelOutputs, quantized: ModelOutputs) -> Agreement:
    """Compare two models' outputs for the same texts and pictures."""
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


def _overlap(exact: ModelOutputs, quantized: ModelOutputs) -> float:
    pairs = zip(_best_pictures(exact), _best_pictures(quantized), strict=True)
    return float(np.mean([len(np.intersect1d(one, other)) / TOP for one, other in pairs]))


def _best_pictures(outputs: ModelOutputs) -> Iterator[NDArray[np.int64]]:
    """Yield the first ten pictures of each text, unordered."""
    for _, scores in score_blocks(outputs.texts, outputs.images):
        yield from np.argpartition(-scores, TOP - 1, axis=1)[:, :TOP]


def _compare_captions(exact: Sequence[TokenizedCaption], quantized: Sequence[TokenizedCaption]) -> CaptionAgreement:
    pairs = list(zip(exact, quantized, strict=True))
    places = sum(max(len(one.token_ids), len(other.token_ids)) for one, other in pairs)
    same = sum(a == b for one, other in pairs for a, b in zip(one.token_ids, other.token_ids, strict=False))
    return CaptionAgreement(
        captions_equal=float(np.mean([one.token_ids == other.token_ids for one, other in pairs])),
        tokens_equal=same / places if places else 1.0,
        chrf=chrf_between([other.text for other in quantized], [one.text for one in exact]),
    )

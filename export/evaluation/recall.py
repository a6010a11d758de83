"""Recall@k from text to image and from image to text, and the recall of random rankings. Runs no model.

The definitions are those of Karpathy & Fei-Fei, "Deep Visual-Semantic Alignments for Generating Image Descriptions" (CVPR
2015), which CLIP's zero-shot retrieval on Flickr30k and COCO uses too (Radford et al. 2021). Text to image: the fraction of
captions whose own picture is among the first k. Image to text: the fraction of pictures of which at least one caption is
among the first k of all captions.

Ties count against the model: a picture with the same score as the right one ranks before it. Otherwise a model that gives
everything the same vector would seem to find everything.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KS = (1, 5, 10)
TIE = 1e-6  # the product of the same two float32 vectors varies by about 1e-7 with their place in the matrix
BLOCK_TEXTS = 1024  # texts that are scored at once: 20 MB with 5,000 pictures
ALPHA = 0.00135  # the one-sided tail of a normal distribution beyond three standard deviations

Vectors = NDArray[np.float32]
Ranks = NDArray[np.int64]
Recall = dict[str, float]


@dataclass(frozen=True)
class Retrieval:
    """Ranks from 0: of each text's picture among all pictures (c,); of each picture's best text among all others' (n,)."""

    text_to_image: Ranks
    image_to_text: Ranks

    def recall(self) -> dict[str, Recall]:
        """Return R@k by direction."""
        return {"text_to_image": _recall(self.text_to_image), "image_to_text": _recall(self.image_to_text)}


def rank_both_ways(texts: Vectors, images: Vectors, owners: NDArray[np.int64]) -> Retrieval:
    """Rank all pictures for every text, and all texts for every picture.

    Args:
        texts: (c, d) float32 of L2 norm 1.
        images: (n, d) float32 of L2 norm 1.
        owners: (c,) which picture each text describes; every picture has one text at least.

    A score that is NaN counts as a tie.
    """
    text_ranks = np.empty(len(texts), np.int64)
    best_own = np.full(len(images), -np.inf, np.float32)
    for rows, scores in score_blocks(texts, images):
        own = scores[np.arange(len(scores)), owners[rows]]  # (b,)
        text_ranks[rows] = _beaten(scores, own[:, None], owners[rows]).sum(axis=1)
        with np.errstate(invalid="ignore"):  # NaN stays NaN, and every score then ranks before it
            np.maximum.at(best_own, owners[rows], own)
    image_ranks = np.zeros(len(images), np.int64)
    for rows, scores in score_blocks(texts, images):
        image_ranks += _beaten(scores, best_own, owners[rows]).sum(axis=0)
    return Retrieval(text_ranks, image_ranks)


def score_blocks(texts: Vectors, images: Vectors) -> Iterator[tuple[slice, Vectors]]:
    """Yield blocks of texts, each as its rows and its (b, n) cosines with all pictures."""
    for start in range(0, len(texts), BLOCK_TEXTS):
        rows = slice(start, start + BLOCK_TEXTS)
        yield rows, texts[rows] @ images.T


def chance_recall(captions_each: Sequence[int]) -> dict[str, Recall]:
    """Return the mean R@k of random rankings; `captions_each` is the number of captions of each picture."""
    pictures, captions = len(captions_each), sum(captions_each)
    by_count = {count: [_any_among(k, count, captions) for k in KS] for count in set(captions_each)}
    to_text = np.mean([by_count[count] for count in captions_each], axis=0)
    to_image = [min(1.0, k / pictures) for k in KS]
    return {"text_to_image": _named(to_image), "image_to_text": _named(to_text)}


def differs_from_chance(text_to_image: Recall, pictures: int) -> bool:
    """Return whether some R@k of text to image is above that of random rankings: the exact binomial test, one-sided.

    The captions of one picture are alike and succeed or fail together. So a trial is a picture, not a caption, which makes
    the test stricter. `ALPHA` is divided by the number of tests (Bonferroni).
    """
    hits = {k: math.floor(text_to_image[f"R@{k}"] * pictures + 1e-9) for k in KS if k < pictures}
    return any(_tail(count, pictures, k / pictures) < ALPHA / len(KS) for k, count in hits.items())


def _beaten(scores: Vectors, right: Vectors, owners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where a score of a text and a picture not its own is no smaller than the right one, (b, n)."""
    beaten = ~(scores < right - TIE)
    beaten[np.arange(len(scores)), owners] = False
    return beaten


def _recall(ranks: Ranks) -> Recall:
    return _named([float((ranks < k).mean()) for k in KS])


def _named(values: Sequence[float] | NDArray[np.float64]) -> Recall:
    return {f"R@{k}": float(value) for k, value in zip(KS, values, strict=True)}


def _any_among(k: int, wanted: int, total: int) -> float:
    """Return the probability that k of `total`, drawn without replacement, include at least one of `wanted`."""
    if k > total - wanted:
        return 1.0
    return 1.0 - math.prod((total - wanted - i) / (total - i) for i in range(k))


def _tail(hits: int, trials: int, probability: float) -> float:
    """Return the probability of at least `hits` successes in `trials`."""
    terms = (
        math.lgamma(trials + 1) - math.lgamma(i + 1) - math.lgamma(trials - i + 1)
        + i * math.log(probability) + (trials - i) * math.log1p(-probability)
        for i in range(hits, trials + 1)
    )  # fmt: skip
    return math.fsum(map(math.exp, terms))

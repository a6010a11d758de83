"""Synthetic vectors of pictures and of texts about them, as many as asked for, with the modality gap of CLIP embeddings.

Used where CLIP embeddings of a million pictures are not available. Cosines are chosen like those of CLIP ViT-B/32 (two
pictures about .5, a text and its picture .3, a text and another picture .17; Liang et al. 2022, "Mind the Gap": the means of
both kinds lie .82 apart, here .76), so texts are queries far from every picture. How densely pictures cluster is chosen like
the sample models' embeddings of 8,000 drawn scenes: to find 95 % of the ten nearest, as many of 256 clusters must be
searched (for texts 40 here, 38 there; for pictures 21 and 19). All vectors are generated from seeds, block by block, so they
never have to be in memory together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIMENSION = 512
BLOCK = 8_192  # vectors generated at once
TOPICS, TOPIC_DECAY = 20_000, 0.7  # pictures belong to topics, whose sizes fall as rank^-decay
LATENT, LATENT_DECAY = 256, 0.65  # dimensions of a content; their standard deviations fall as rank^-decay
TOPIC_SHARE = 0.6  # share of a content's variance that it has in common with its topic
PICTURE_MEAN, TEXT_MEAN, MEANS_COSINE = (
    0.70,
    0.65,
    0.37,
)  # lengths of the means, cosine between them
PICTURE_NOISE = 0.25  # length of the part of a picture's content outside the latent dimensions
TEXT_CONTENT = 0.28  # length of the part of a text's content that describes its picture; the rest is independent
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class SyntheticVectors:
    """The constants that one seed gives; they determine all vectors."""

    seed: int
    topics: Vectors  # (t, l)
    topic_probabilities: NDArray[np.float64]  # (t,)
    picture_directions: Vectors  # (l, d): from a content's latent dimensions to a picture's vector
    text_directions: Vectors  # (l, d): the same for the part of a text that is independent of its picture
    means: Vectors  # (2, d): of pictures and of texts

    def pictures(self, count: int, *, part: int = 0) -> Iterator[Vectors]:
        """Yield the vectors of `count` pictures, (n, d) of norm 1, in blocks; another `part` gives other pictures."""
        for rng, size in self._blocks(count, part):
            yield self._picture(self._contents(rng, size), rng)

    def texts(self, count: int, *, part: int = 0, wording: int = 0) -> Iterator[Vectors]:
        """Yield a text, (n, d) of norm 1, about each picture of a part, in blocks; another `wording` gives other texts."""
        for block, (rng, size) in enumerate(self._blocks(count, part)):
            contents = self._contents(rng, size)
            own = np.random.default_rng((self.seed, 2, part, wording, block))
            yield self._text(contents, own)

    def _blocks(self, count: int, part: int) -> Iterator[tuple[np.random.Generator, int]]:
        for block, start in enumerate(range(0, count, BLOCK)):
            yield np.random.default_rng((self.seed, 1, part, block)), min(BLOCK, count - start)

    def _contents(self, rng: np.random.Generator, size: int) -> Vectors:
        topics = self.topics[rng.choice(len(self.topics), size, p=self.topic_probabilities)]
        own = rng.standard_normal(topics.shape, np.float32) * _deviations()
        contents: Vectors = TOPIC_SHARE**0.5 * topics + (1 - TOPIC_SHARE) ** 0.5 * own  # (n, l)
        return contents

    def _picture(self, contents: Vectors, rng: np.random.Generator) -> Vectors:
        noise = _unit(rng.standard_normal((len(contents), DIMENSION), np.float32))
        content = (1 - PICTURE_NOISE**2) ** 0.5 * _unit(contents @ self.picture_directions) + PICTURE_NOISE * noise
        return _unit(PICTURE_MEAN * self.means[0] + (1 - PICTURE_MEAN**2) ** 0.5 * content)

    def _text(self, contents: Vectors, rng: np.random.Generator) -> Vectors:
        own: Vectors = rng.standard_normal(contents.shape, np.float32) * _deviations()  # (n, l)
        content = TEXT_CONTENT * _unit(contents @ self.picture_directions) + (1 - TEXT_CONTENT**2) ** 0.5 * _unit(
            own @ self.text_directions
        )
        return _unit(TEXT_MEAN * self.means[1] + (1 - TEXT_MEAN**2) ** 0.5 * content)


def make_synthetic_vectors(seed: int) -> SyntheticVectors:
    """Return the constants of a seed."""
    rng = np.random.default_rng((seed, 0))
    picture_directions, text_directions = (_orthogonal(rng, LATENT) for _ in range(2))
    means = _orthogonal(rng, 2)
    means[1] = MEANS_COSINE * means[0] + (1 - MEANS_COSINE**2) ** 0.5 * means[1]
    topic_probabilities = np.arange(1, TOPICS + 1, dtype=np.float64) ** -TOPIC_DECAY
    topics = rng.standard_normal((TOPICS, LATENT), np.float32) * _deviations()
    return SyntheticVectors(
        seed, topics, topic_probabilities / topic_probabilities.sum(), picture_directions, text_directions, means
    )


def _deviations() -> Vectors:
    return (np.arange(1, LATENT + 1) ** -LATENT_DECAY).astype(np.float32)


def _orthogonal(rng: np.random.Generator, count: int) -> Vectors:
    return np.linalg.qr(rng.standard_normal((DIMENSION, count)))[0].T.astype(np.float32).copy()


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit

"""A world of vectors as large as asked for: pictures, and texts about them from the far side of the modality gap.

Stands in for CLIP embeddings where a million pictures cannot be had. Cosines are set after those known of CLIP ViT-B/32
(two pictures about .5, a text and its picture .3, with another one .17; Liang et al. 2022, "Mind the Gap": the means of both
lie .82 apart, here .76), so that texts are queries far from every picture. How pictures crowd is set after the sample
models' embeddings of 8,000 drawn scenes: as many of 256 clusters must be searched for 95 % of the ten nearest (texts 40
here, 38 there; pictures 21 and 19). Everything comes from seeds, block by block: no run holds the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIMENSION = 512
BLOCK = 8_192  # vectors made at once
TOPICS, TOPIC_DECAY = 20_000, 0.7  # pictures come in topics, of sizes that fall as rank^-decay
LATENT, LATENT_DECAY = 256, 0.65  # directions that contents differ in, whose deviations fall as rank^-decay
TOPIC_SHARE = 0.6  # of a picture's content, in variance: what it has in common with its topic
PICTURE_MEAN, TEXT_MEAN, MEANS_COSINE = 0.70, 0.65, 0.37  # how much all pictures, all texts have in common
GRAIN = 0.25  # of a picture's content, in length: what lies in no common direction
TOLD = 0.28  # of a text's content, in length: what it says of its picture; the rest is a text's own
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class World:
    """The constants of one world: the same seed, the same world."""

    seed: int
    topics: Vectors  # (t, l)
    chances: NDArray[np.float64]  # (t,)
    seen: Vectors  # (l, d): from a content's latent directions to a picture's
    said: Vectors  # (l, d): those in which texts differ of their own
    means: Vectors  # (2, d): of pictures and of texts

    def pictures(self, count: int, *, part: int = 0) -> Iterator[Vectors]:
        """Yield the vectors of `count` pictures, (n, d) of norm 1, in blocks; each `part` has others."""
        for rng, size in self._blocks(count, part):
            yield self._picture(self._contents(rng, size), rng)

    def texts(self, count: int, *, part: int = 0, told: int = 0) -> Iterator[Vectors]:
        """Yield a text, (n, d) of norm 1, about each picture of a part, in blocks; each `told` words them otherwise."""
        for block, (rng, size) in enumerate(self._blocks(count, part)):
            contents = self._contents(rng, size)
            own = np.random.default_rng((self.seed, 2, part, told, block))
            yield self._text(contents, own)

    def _blocks(self, count: int, part: int) -> Iterator[tuple[np.random.Generator, int]]:
        for block, start in enumerate(range(0, count, BLOCK)):
            yield np.random.default_rng((self.seed, 1, part, block)), min(BLOCK, count - start)

    def _contents(self, rng: np.random.Generator, size: int) -> Vectors:
        topics = self.topics[rng.choice(len(self.topics), size, p=self.chances)]
        own = rng.standard_normal(topics.shape, np.float32) * _deviations()
        contents: Vectors = TOPIC_SHARE**0.5 * topics + (1 - TOPIC_SHARE) ** 0.5 * own  # (n, l)
        return contents

    def _picture(self, contents: Vectors, rng: np.random.Generator) -> Vectors:
        grain = _unit(rng.standard_normal((len(contents), DIMENSION), np.float32))
        content = (1 - GRAIN**2) ** 0.5 * _unit(contents @ self.seen) + GRAIN * grain
        return _unit(PICTURE_MEAN * self.means[0] + (1 - PICTURE_MEAN**2) ** 0.5 * content)

    def _text(self, contents: Vectors, rng: np.random.Generator) -> Vectors:
        own: Vectors = rng.standard_normal(contents.shape, np.float32) * _deviations()  # (n, l)
        content = TOLD * _unit(contents @ self.seen) + (1 - TOLD**2) ** 0.5 * _unit(own @ self.said)
        return _unit(TEXT_MEAN * self.means[1] + (1 - TEXT_MEAN**2) ** 0.5 * content)


def make_world(seed: int) -> World:
    """Return the world of a seed."""
    rng = np.random.default_rng((seed, 0))
    seen, said = (_orthogonal(rng, LATENT) for _ in range(2))
    means = _orthogonal(rng, 2)
    means[1] = MEANS_COSINE * means[0] + (1 - MEANS_COSINE**2) ** 0.5 * means[1]
    chances = np.arange(1, TOPICS + 1, dtype=np.float64) ** -TOPIC_DECAY
    topics = rng.standard_normal((TOPICS, LATENT), np.float32) * _deviations()
    return World(seed, topics, chances / chances.sum(), seen, said, means)


def _deviations() -> Vectors:
    return (np.arange(1, LATENT + 1) ** -LATENT_DECAY).astype(np.float32)


def _orthogonal(rng: np.random.Generator, count: int) -> Vectors:
    return np.linalg.qr(rng.standard_normal((DIMENSION, count)))[0].T.astype(np.float32).copy()


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit

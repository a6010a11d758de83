"""A query in the models' space: vectors of its texts and of its picture, which come in ready. Runs no model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.search.caption_stance import Statement
from runtime.search.query import PICTURE_WEIGHT, ParsedQuery

Vectors = NDArray[np.float32]

# How much of an unwanted text is subtracted from the wanted one. On storybook scenes, half leaves no hit of the unwanted
# kind among the first five, and the whole begins to lose the wanted ones (benchmarks/RESULTS.md).
UNWANTED_WEIGHT = 0.5


@dataclass(frozen=True)
class Query:
    """A query in the models' space: a text, a picture, or both.

    `text` and `picture` are (d,) float32 of norm 1, or None; `unwanted` holds one such vector for each unwanted phrase.
    `lost` is what the text's vector loses without each of its first content words, (w, d), where they are weighed.
    `statements` are those of the wanted and of each unwanted text.
    """

    parsed: ParsedQuery
    text: Vectors | None
    statements: tuple[Statement, ...]
    unwanted: tuple[Vectors, ...] = ()
    picture: Vectors | None = None
    picture_weight: float = PICTURE_WEIGHT
    lost: Vectors | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether it has both words and a picture."""
        return self.picture is not None and not self.parsed.is_empty

    def direction(self, library: Vectors | None = None) -> Vectors:
        """Return the (d,) direction of norm 1 in which the answers lie.

        In a mix, each side is divided by the spread of its cosines over the `library`, (n, d), some of its pictures. A
        picture's cosines spread wider or narrower than a text's, so in a plain mean one side would dominate.
        """
        words, picture = self._words_direction(), self.picture
        if words is None or picture is None:
            return _unit(_first(words, picture))
        if library is not None:
            words, picture = (vector / max(float((library @ vector).std()), 1e-6) for vector in (words, picture))
        return _unit((1 - self.picture_weight) * words + self.picture_weight * picture)

    def scores(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return the (k,) cosines of (k, d) pictures with what is wanted; of text and picture, their weighted mean."""
        if self.text is None or self.picture is None:
            only: NDArray[np.float32] = vectors @ _first(self.text, self.picture)
            return only
        weight = np.float32(self.picture_weight)
        mixed: NDArray[np.float32] = (1 - weight) * (vectors @ self.text) + weight * (vectors @ self.picture)
        return mixed

    def _words_direction(self) -> Vectors | None:
        parts = [-UNWANTED_WEIGHT * vector for vector in self.unwanted]
        if self.text is not None:
            parts.append(self.text)
        return np.sum(parts, axis=0) if parts else None


def _first(*vectors: Vectors | None) -> Vectors:
    """Return the first vector that is there; a query has at least one."""
    return next(vector for vector in vectors if vector is not None)


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit

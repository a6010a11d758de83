"""What is asked: words, minus-words, a picture, and the one direction in the models' space that all of it makes.

Checks a request against its limits. Knows no model and no library; vectors come in ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.errors import IdsOutOfRange, PictureWeightOutOfRange, QueryEmpty, QueryTooLong, RequestMalformed, TopKOutOfRange
from runtime.search.words import Wish, content_words

Vectors = NDArray[np.float32]

# How much of an unwanted text is taken from the wanted one. On storybook scenes, half leaves no hit of the unwanted kind
# among the first five, and the whole begins to lose the wanted ones (benchmarks/RESULTS.md).
UNWANTED_WEIGHT = 0.5
PICTURE_WEIGHT = 0.5


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    top_k_max: int = 100
    query_max_chars: int = 1000
    heatmaps_max: int = 10


@dataclass(frozen=True)
class Asked:
    """A question in the models' space: a text, a picture, or both.

    `text` and `picture` are (d,) of norm 1, or None; `unwanted` holds one such vector for each of the minus-words.
    `picture_weight` is the picture's say, from 0 to 1.
    """

    query: str
    wish: Wish
    text: Vectors | None
    unwanted: tuple[Vectors, ...] = ()
    picture: Vectors | None = None
    picture_weight: float = PICTURE_WEIGHT

    @property
    def is_plain(self) -> bool:
        """Whether it is words alone, none of them unwanted: then its direction is its text's vector."""
        return self.picture is None and not self.unwanted

    @property
    def words(self) -> list[str]:
        """The content words that are wanted."""
        return content_words(self.wish.wanted)

    @property
    def is_mixed(self) -> bool:
        """Whether words and a picture both have a say."""
        return self.picture is not None and self.wish != Wish("")

    def direction(self, library: Vectors | None = None) -> Vectors:
        """Return the (d,) direction of norm 1 in which the answers lie.

        In a mix, words and picture each count by how far their cosines spread over the `library`, (n, d), some of its
        pictures: a picture's lie wider, or narrower, than a text's, so that a plain mean would be all the one or the other.
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
        share = np.float32(self.picture_weight)
        mixed: NDArray[np.float32] = (1 - share) * (vectors @ self.text) + share * (vectors @ self.picture)
        return mixed

    def _words_direction(self) -> Vectors | None:
        parts = [-UNWANTED_WEIGHT * vector for vector in self.unwanted]
        if self.text is not None:
            parts.append(self.text)
        return np.sum(parts, axis=0) if parts else None


def _first(*vectors: Vectors | None) -> Vectors:
    """Return the first vector that is there; a question has one."""
    return next(vector for vector in vectors if vector is not None)


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def checked_query(query: str, limits: Limits) -> str:
    """Return the query without the space around it; it may be empty.

    Raises:
        QueryTooLong: it is over the limit.
        RequestMalformed: it holds half a character.
    """
    try:
        query.encode()
    except UnicodeEncodeError as cause:  # half a surrogate pair: JSON can carry it, no tokenizer can
        raise RequestMalformed("The query holds half a character (an unpaired surrogate). Send whole ones.") from cause
    stripped = query.strip()
    if len(stripped) > limits.query_max_chars:
        raise QueryTooLong(len(stripped), limits.query_max_chars)
    return stripped


def check_wanted(wish: Wish) -> None:
    """Refuse words that name nothing to look for.

    Raises:
        QueryEmpty: there is no word, or there are minus-words alone.
    """
    if not wish.wanted:
        raise QueryEmpty


def check_top_k(top_k: int, limits: Limits) -> None:
    """Refuse a number of results that is out of range.

    Raises:
        TopKOutOfRange: it is.
    """
    if not 1 <= top_k <= limits.top_k_max:
        raise TopKOutOfRange(top_k, limits.top_k_max)


def check_picture_weight(picture_weight: float) -> None:
    """Refuse a weight that is no share.

    Raises:
        PictureWeightOutOfRange: it is not in [0, 1].
    """
    if not 0 <= picture_weight <= 1:  # false of NaN, too
        raise PictureWeightOutOfRange(picture_weight)


def checked_ids(ids: Sequence[int], limits: Limits, *, heatmap: bool) -> list[int]:
    """Return the ids, each once.

    Raises:
        IdsOutOfRange: there is none, or more than may be explained at once.
    """
    allowed = limits.heatmaps_max if heatmap else limits.top_k_max
    once = list(dict.fromkeys(ids))
    if not 1 <= len(once) <= allowed:
        raise IdsOutOfRange(len(once), allowed, heatmap=heatmap)
    return once

"""A world of random, nearly orthogonal words: a picture is the sum of its words' vectors, and so is a text."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIMENSION = 512
COLOURS = ("red", "blue", "green", "white", "black", "yellow", "purple", "pink", "brown", "beige")
NOUNS = tuple(f"{first}{last}" for first in "bdfgklmnprtvz" for last in ("and", "elt", "ock", "urt"))  # 52, with no plural
THINGS = 3  # in each picture
UNNAMED = frozenset(("a", "and"))


class WordEncoder:
    """Embeds a text as the sum of its words, each a fixed random direction; counts the texts."""

    def __init__(self) -> None:
        self.read = 0
        self._directions: dict[str, NDArray[np.float64]] = {}

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += len(texts)
        sums = np.stack([sum(map(self._direction, set(text.split()) - UNNAMED), np.zeros(DIMENSION)) for text in texts])
        return _unit(sums)

    def _direction(self, word: str) -> NDArray[np.float64]:
        if word not in self._directions:
            self._directions[word] = np.random.default_rng([*word.encode()]).standard_normal(DIMENSION)
        return self._directions[word]


@dataclass(frozen=True)
class World:
    """Captions of n pictures, and the pictures' vectors, (n, d)."""

    captions: list[str]
    pictures: NDArray[np.float32]
    encoder: WordEncoder


def make_world(count: int, *, wrong: float = 0.0, omitted: float = 0.0, seed: int = 0) -> World:
    """Return pictures of three coloured things; `wrong` is a share of the captions' words, `omitted` one of the things."""
    rng, encoder = random.Random(seed), WordEncoder()
    shown = [[(rng.choice(COLOURS), noun) for noun in rng.sample(NOUNS, THINGS)] for _ in range(count)]
    captions = []
    for things in shown:
        named = [thing for thing in things if rng.random() >= omitted] or things[:1]
        misread = [tuple(_spoiled(word, wrong, rng) for word in thing) for thing in named]
        captions.append(" and ".join(f"a {colour} {noun}" for colour, noun in misread))
    texts = [" ".join(f"{colour} {noun}" for colour, noun in things) for things in shown]
    return World(captions, encoder.embed_texts(texts), encoder)


def ignorant(texts: Sequence[str]) -> NDArray[np.float32]:
    """An encoder whose vectors have nothing to do with the texts."""
    vectors = np.random.default_rng(sum(map(len, texts))).standard_normal((len(texts), DIMENSION))
    return _unit(vectors)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _spoiled(word: str, wrong: float, rng: random.Random) -> str:
    if rng.random() >= wrong:
        return word
    return rng.choice([other for other in (COLOURS if word in COLOURS else NOUNS) if other != word])

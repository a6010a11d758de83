"""The words that a library's captions use, in its catalogue, and which of them means the same as another word.

Owns the table's form and reads it; `export/index/captions/words.py` fills it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from runtime.library.catalog_file import CatalogFile

# rarity is log(1 + captions / captions with the word). is_coloured: some caption gives the noun a colour. vector is the text
# tower's of the word alone, d 16-bit floats, of norm 1; the less frequent words have none.
CAPTION_WORDS_SCHEMA = """
    CREATE TABLE caption_words (
        word TEXT PRIMARY KEY, rarity REAL NOT NULL, is_coloured INTEGER NOT NULL, vector BLOB
    ) WITHOUT ROWID;
"""
NOUNS = "SELECT word, is_coloured, vector FROM caption_words WHERE vector IS NOT NULL ORDER BY word"
RARITY = "SELECT rarity FROM caption_words WHERE word = ?"
WORDS_REMEMBERED = 4096  # of queries, whose words come back


@dataclass(frozen=True, slots=True)
class UsedNoun:
    """A noun that captions use: its stem, and whether any of them gives it a colour, as of a boat, but not of a day."""

    word: str
    is_coloured: bool


class CaptionWords:
    """The words of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue; one from before there was the table has no words."""
        self._catalog = catalog
        self._is_there = bool(catalog.fetch("SELECT 1 FROM sqlite_master WHERE name = 'caption_words'"))
        self._rarity_of = lru_cache(WORDS_REMEMBERED)(partial(_read_rarity, catalog))  # no method: it would be a circle

    def rarity(self, stems: Collection[str]) -> dict[str, float] | None:
        """Return how rare those of the stems are that captions use, above 0; None where that is not known."""
        if not self._is_there:
            return None
        known = {stem: self._rarity_of(stem) for stem in stems}
        return {stem: rarity for stem, rarity in known.items() if rarity is not None}

    def nearest(self, vector: NDArray[np.float32]) -> tuple[UsedNoun, float] | None:
        """Return the frequent noun whose vector is nearest to a given one, (d,) of norm 1, and their cosine."""
        nouns, vectors = self._nouns
        if not nouns:
            return None
        if vectors.shape[1:] != vector.shape:
            raise self._catalog.damage("the vectors of its words have another length")
        cosines = vectors @ vector
        best = int(cosines.argmax())
        return nouns[best], float(cosines[best])

    @cached_property
    def _nouns(self) -> tuple[list[UsedNoun], NDArray[np.float32]]:
        """The nouns that have a vector, and their vectors, (w, d); read when they are first needed, at most 1 MB."""
        found = self._catalog.fetch(NOUNS) if self._is_there else []
        nouns = [UsedNoun(word, bool(is_coloured)) for word, is_coloured, _ in found]
        try:
            vectors = [np.frombuffer(blob, dtype="<f2").astype(np.float32) for _, _, blob in found]
            return nouns, np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)
        except (ValueError, TypeError) as cause:  # of unequal lengths, or no bytes
            raise self._catalog.damage("the vectors of its words cannot be read") from cause


def _read_rarity(catalog: CatalogFile, stem: str) -> float | None:
    found = catalog.fetch(RARITY, stem)
    if not found:
        return None
    [(rarity,)] = found
    if not isinstance(rarity, float) or not rarity > 0:
        raise catalog.damage(f"it does not say how rare {stem!r} is")
    return rarity

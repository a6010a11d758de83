"""The text that was read in pictures: the catalogue's table `picture_text`, and the words of one picture in it.

Owns the table's form and reads it; `export/index/text/` fills it. Older catalogues have none.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

from runtime.library.catalog_file import CatalogFile

PICTURE_TEXT_SCHEMA = """
    -- One row a picture that was looked at for text, also where it has none: that is not looked for again.
    CREATE TABLE picture_text (
        id INTEGER PRIMARY KEY,  -- of the table images
        reader TEXT NOT NULL,  -- the models that read it
        words TEXT NOT NULL  -- a JSON list in reading order, each word as [text, left, top, right, bottom]
    );
"""
PICTURE_TEXT_COLUMNS = "id, reader, words"
HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'picture_text'"
NO_WORDS = "[]"
SELECT = f"SELECT id, words FROM picture_text WHERE words != '{NO_WORDS}' AND id IN (SELECT value FROM json_each(?))"
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PictureWord:
    """A word as it stands in a picture; `box` is left, top, right, bottom, as fractions of the upright picture."""

    text: str
    box: Box


class PictureTexts:
    """The texts of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue, and find out whether it has any."""
        self._catalog = catalog
        self.are_known = bool(catalog.fetch(HAS_TABLE))

    def of_pictures(self, ids: Sequence[int]) -> dict[int, tuple[PictureWord, ...]]:
        """Return the words of those of these pictures that have any, by id, each picture's in reading order.

        Raises:
            ArtefactCorrupt: the catalogue is damaged.
        """
        if not self.are_known:
            return {}
        try:
            return {image_id: read_words(words) for image_id, words in self._catalog.fetch(SELECT, json.dumps(list(ids)))}
        except (ValueError, TypeError) as cause:
            raise self._catalog.damage("the words of a picture cannot be read") from cause


def write_words(words: Iterable[PictureWord]) -> str:
    """Return what the column `words` holds of these."""
    return json.dumps([[word.text, *word.box] for word in words], ensure_ascii=False, separators=(",", ":"))


def read_words(column: str) -> tuple[PictureWord, ...]:
    """Return the words in the column `words`.

    Raises:
        ValueError, TypeError: it is no such list.
    """
    words = tuple(PictureWord(text, (left, top, right, bottom)) for text, left, top, right, bottom in json.loads(column))
    for word in words:
        if not isinstance(word.text, str) or not all(isfinite(edge) for edge in word.box):
            raise ValueError("no word with its box")
    return words

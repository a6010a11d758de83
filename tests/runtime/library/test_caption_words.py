"""The words that captions use, in a catalogue that has them and in one from before it could."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from runtime.library.caption_words import CAPTION_WORDS_SCHEMA, CaptionWords, UsedNoun
from runtime.library.catalog import Library
from runtime.library.catalog_file import CatalogFile
from runtime.library.image_rows import CATALOG_SCHEMA

AXES = np.eye(3, dtype=np.float32)


def words_of(folder: Path, rows: dict[str, np.ndarray | None]) -> CaptionWords:
    """The words of a catalogue, each with its vector if it has one."""
    folder.mkdir(exist_ok=True)
    file = folder / "catalog.sqlite"
    connection = sqlite3.connect(file)
    connection.executescript(CATALOG_SCHEMA + CAPTION_WORDS_SCHEMA)
    blobs = [
        (word, 0.5, word == "boat", None if vector is None else vector.astype("<f2").tobytes())
        for word, vector in rows.items()
    ]
    connection.executemany("INSERT INTO caption_words VALUES (?, ?, ?, ?)", blobs)
    connection.commit()
    connection.close()
    return CaptionWords(CatalogFile(file))


@pytest.fixture
def words(tmp_path: Path) -> CaptionWords:
    return words_of(tmp_path, {"boat": AXES[0], "sunset": AXES[1], "red": None})


def test_the_words_that_captions_use_are_told_with_their_rarity(words: CaptionWords) -> None:
    assert words.rarity({"boat", "red", "dusk", "zebra's", 'a"b'}) == {"boat": 0.5, "red": 0.5}
    assert words.rarity(["dusk"]) == words.rarity([]) == {}


def test_the_nearest_word_is_one_that_has_a_vector(words: CaptionWords) -> None:
    cases: list[tuple[list[float], str, float]] = [
        ([0.6, 0.8, 0], "sunset", 0.8),
        ([0.8, 0.6, 0], "boat", 0.8),
        ([-1, 0, 0], "sunset", 0),  # the least unlike, however far
    ]
    for vector, word, cosine in cases:
        found = words.nearest(np.array(vector, dtype=np.float32))
        assert found
        assert found[0] == UsedNoun(word, is_coloured=word == "boat")
        assert found[1] == pytest.approx(cosine)


def test_without_a_word_that_has_a_vector_none_is_nearest(tmp_path: Path) -> None:
    assert words_of(tmp_path, {"red": None}).nearest(AXES[0]) is None
    assert words_of(tmp_path / "empty", {}).nearest(AXES[0]) is None


def test_a_catalogue_from_before_there_were_words_tells_of_none(library: Library) -> None:
    assert library.words.rarity({"boat"}) is None, "it is not known whether captions use it"
    assert library.words.nearest(AXES[0]) is None


def test_any_thread_may_ask(words: CaptionWords) -> None:
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda at: words.rarity({"boat", f"zebra{at % 4}"}), range(200)))
    assert told == [{"boat": 0.5}] * 200

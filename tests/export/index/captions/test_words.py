"""Which words captions use, as an index keeps them, and from which cosine on another word means the same."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.captions.words import NOUNS_EMBEDDED, NOUNS_MIN, UsedWords, read_used_words
from export.index.catalog import Catalog, write_catalog
from runtime.library.caption_words import UsedNoun
from runtime.library.catalog import Library
from tests.export.index.small_library import build, draw_many, manifest_of
from tests.export.index.word_world import NOUNS, WordEncoder


class Axes:
    """Embeds each text on an axis of its own, and "sunset" near "dusk"; keeps the texts."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += texts
        return np.eye(max(2, len(texts)), dtype=np.float32)[: len(texts)]


def test_the_stems_of_all_content_words_are_used() -> None:
    used = read_used_words(["Two red boats at sunset", "a grey t-shirt", ""], Axes().embed_texts)
    assert set(used.rarity) == {"two", "red", "boat", "sunset", "grey", "gray", "t-shirt"}


def test_a_word_is_the_rarer_the_fewer_captions_have_it() -> None:
    rarity = read_used_words(["a boat by a boat", "a boat", "a house", ""], Axes().embed_texts).rarity
    assert rarity == pytest.approx({"boat": np.log(1 + 4 / 2), "house": np.log(1 + 4 / 1)})


def test_only_frequent_nouns_are_embedded_as_they_are_mostly_written() -> None:
    encoder = Axes()
    captions = ["two boats at sunset", "red boats", "a boat", "a house", "a kite", "a kite in red"]
    used = read_used_words(captions, encoder.embed_texts)
    assert encoder.read == ["boats", "kite"], "the most frequent first; what is said once may be an error"
    assert used.nouns is not None
    assert list(used.nouns) == ["boat", "kite"]


def test_of_many_nouns_the_most_frequent_are_embedded() -> None:
    encoder = Axes()
    rare = [f"a n{at}oun" for at in range(NOUNS_EMBEDDED)]
    read_used_words([*rare, *rare, *["a zebra"] * 3], encoder.embed_texts)
    assert len(encoder.read) == NOUNS_EMBEDDED
    assert encoder.read[0] == "zebra"


def test_captions_without_a_frequent_noun_have_words_alone() -> None:
    encoder = Axes()
    assert read_used_words(["a boat"], encoder.embed_texts) == UsedWords({"boat": np.log(2)})
    assert read_used_words([], encoder.embed_texts) == UsedWords()
    assert encoder.read == []


@pytest.mark.parametrize(("nouns", "cosine"), [(NOUNS_MIN - 1, None), (NOUNS_MIN, 0.5)])
def test_too_few_nouns_do_not_tell_what_is_the_same(nouns: int, cosine: float | None) -> None:
    captions = [f"a {noun}" for noun in NOUNS[:nouns]] * 2
    assert read_used_words(captions, Axes().embed_texts).same_meaning_cosine == cosine


def test_the_same_is_what_lies_in_the_upper_half_of_the_way_from_different_nouns_to_one() -> None:
    def embed_texts(texts: Sequence[str]) -> NDArray[np.float32]:
        """Pairs of nouns whose cosine is 0.6, all other pairs at 0."""
        rows = np.zeros((len(texts), len(texts)), dtype=np.float32)
        for at in range(0, len(texts), 2):
            rows[at, at], rows[at + 1, at], rows[at + 1, at + 1] = 1, 0.6, 0.8
        return rows

    captions = [f"a {noun}" for noun in NOUNS[:20]] * 2
    assert read_used_words(captions, embed_texts).same_meaning_cosine == pytest.approx(0.8)


def written(folder: Path, used: UsedWords | None) -> Library:
    write_catalog(folder / "catalog.sqlite", Catalog(), used)
    return Library(folder / "catalog.sqlite", folder)


def test_a_library_knows_the_words_that_were_written(tmp_path: Path) -> None:
    encoder = WordEncoder()
    used = read_used_words([f"a red {noun}" for noun in ("boat", "house", "kite")] * 2 + ["a dog"], encoder.embed_texts)
    library = written(tmp_path, used)
    words = library.words
    assert set(words.rarity({"red", "boat", "dog", "zebra", "boats"}) or ()) == {"red", "boat", "dog"}
    near = encoder.embed_texts(["boat boat house"])[0] * 0.9 + encoder.embed_texts(["zebra"])[0] * 0.1
    found = words.nearest(near)
    assert found is not None
    boat = encoder.embed_texts(["boat"])[0]
    assert found[0] == UsedNoun("boat", is_coloured=True)
    assert found[1] == pytest.approx(float(boat @ near), abs=1e-3)


def test_a_library_without_captions_uses_no_word(tmp_path: Path) -> None:
    library = written(tmp_path, None)
    words = library.words
    assert words.rarity({"boat"}) == {}
    assert words.nearest(np.array([1, 0], dtype=np.float32)) is None


def test_an_index_keeps_the_words_of_its_captions_calibrated_or_not(tmp_path: Path) -> None:
    build(draw_many(tmp_path / "photos", ["a.png", "b.png"]), tmp_path / "index")
    manifest = manifest_of(tmp_path / "index")
    library = Library.open(tmp_path / "index", manifest)
    assert set(library.words.rarity({"brightness", "boat"}) or ()) == {"brightness"}
    assert manifest.calibration is None

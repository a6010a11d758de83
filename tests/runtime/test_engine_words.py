"""The verbs, where words find what vectors do not: candidates of the full text, and nouns that no caption uses."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.captions.words import read_used_words
from export.index.catalog import Catalog, IndexedImage, write_catalog
from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.engine import NOUNS_LOOKED_UP, Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.search.evidence import Answer
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.stores.flat import FlatStore
from tests.runtime.conftest import ColourEncoder

AXIS_OF = {"boat": 0, "ship": 0, "sunset": 1, "dusk": 1, "dusks": 1, "house": 2, "zebra": 3}
ELSEWHERE = 12  # pictures that lie nearest to any query of a boat, more than a search for one looks at
BY_WORDS = ["a boat at sunset", "two grey boats", "a boat and a house at sunset", "two sunsets"]
SUNSET_BOAT, GREY_BOATS, SUNSET_HOUSE, SUNSETS = range(ELSEWHERE + 1, ELSEWHERE + 5)
CAPTIONS = ["a house"] * ELSEWHERE + BY_WORDS + ["a sunset"] * ELSEWHERE


class WordsEncoder(ColourEncoder):
    """Embeds a text by the nouns in it, each on an axis; nouns of one meaning share theirs. Keeps the texts of its runs."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        self.texts += texts
        counts = np.zeros((len(texts), self.dimension), dtype=np.int64)
        for row, text in zip(counts, texts, strict=True):
            for word in text.split():
                row[AXIS_OF.get(word, 3)] += word in AXIS_OF
        return counts

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_tokens(self.tokenize(texts))


def weights(log_odds: float) -> MatchWeights:
    return MatchWeights(bias=log_odds, score=1, mean_score=0)


CALIBRATION = MatchCalibration(
    centroid=(0, 0, 0, 0),
    agreeing=MatchWeights(bias=2, score=1, mean_score=0, best_score=1),
    not_agreeing=weights(-3),
    part_of_text=MatchWeights(bias=-3, score=1, mean_score=0, agrees=2),
    with_caption=weights(-3),
    without_caption=weights(-3),
    same_meaning_cosine=0.9,
    fit={},
)


@pytest.fixture
def encoder() -> WordsEncoder:
    return WordsEncoder()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    rows = [
        IndexedImage(number, "front.jpg" if number == SUNSETS else f"{number}.jpg", f"{number:064x}", 1, 1, 1, caption, 0)
        for number, caption in enumerate(CAPTIONS, start=1)
    ]
    used = read_used_words(CAPTIONS, WordsEncoder().embed_texts)
    write_catalog(tmp_path / "catalog.sqlite", Catalog(rows), used)
    return Library(tmp_path / "catalog.sqlite", tmp_path)


@pytest.fixture
def engine(encoder: WordsEncoder, library: Library) -> Engine:
    """Its pictures of houses lie nearest to boats and sunsets, and those of boats and of sunsets far away."""
    vectors = np.full((len(CAPTIONS), 4), 0.01, dtype=np.float32)
    vectors[:ELSEWHERE, :2], vectors[ELSEWHERE:SUNSETS, 2], vectors[SUNSETS:, 3] = 1, 1, 1
    store = FlatStore(4)
    store.add(range(1, len(CAPTIONS) + 1), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    ranker = Ranker(store, store, CALIBRATION)
    return Engine(encoder, ranker, library, EvidenceExplainer(), captions=Captions(library, None), limits=RequestLimits())


def find(engine: Engine, query: str, top_k: int, **options: Any) -> Answer:
    return engine.search(engine.limits.check_search(query, top_k, explain=False, **options))


def ids_of(answer: Answer) -> list[int]:
    return [hit.row.id for hit in answer.hits]


def test_what_words_find_is_judged_and_ordered_with_what_vectors_find(engine: Engine) -> None:
    answer = find(engine, "boat sunset", 4)
    assert set(ids_of(answer)[:2]) == {SUNSET_BOAT, SUNSET_HOUSE}
    assert [hit.evidence.verdict for hit in answer.hits] == ["strong", "strong", "none", "none"]
    assert [hit.evidence.stance.agrees for hit in answer.hits] == [True, True, False, False]
    assert ids_of(find(engine, "boat sunset", 1)) in ([SUNSET_BOAT], [SUNSET_HOUSE])


def test_a_picture_is_a_hit_once_however_it_was_found(engine: Engine) -> None:
    found = ids_of(find(engine, "house", 50))
    assert len(found) == len(set(found)) == len(CAPTIONS)


def test_a_picture_that_is_searched_with_is_no_hit_though_its_words_are_wanted(engine: Engine) -> None:
    assert SUNSET_BOAT not in ids_of(find(engine, "boat sunset", 50, like=SUNSET_BOAT))
    assert SUNSET_HOUSE in ids_of(find(engine, "boat sunset", 2, like=SUNSET_BOAT))


def test_a_search_without_words_looks_for_none(engine: Engine) -> None:
    assert set(ids_of(find(engine, "", 3, like=SUNSET_BOAT))) == {GREY_BOATS, SUNSET_HOUSE, SUNSETS}


@pytest.mark.parametrize("query", ["boat sunset", "a house", "the", "two grey boats", "boat -sunset"])
def test_where_captions_use_all_words_each_text_is_one_run(engine: Engine, encoder: WordsEncoder, query: str) -> None:
    find(engine, query, 2)
    assert encoder.text_batches == [1] * (1 + ("-" in query))


def test_a_noun_that_no_caption_uses_is_embedded_once_and_remembered(engine: Engine, encoder: WordsEncoder) -> None:
    for query in ("boat at dusk", "house at dusk", "boat at dusk"):
        find(engine, query, 2)
    assert encoder.texts == ["boat at dusk", "dusk", "house at dusk", "boat at dusk"]
    assert encoder.text_batches == [1, 1, 1, 1]


def test_a_noun_without_one_of_the_same_meaning_is_remembered_too(engine: Engine, encoder: WordsEncoder) -> None:
    first, second = (find(engine, "boat near a zebra", 50) for _ in range(2))
    assert encoder.texts == ["boat near a zebra", "zebra", "boat near a zebra"]
    assert ids_of(first) == ids_of(second)
    said = {hit.row.id: hit.evidence.stance for hit in first.hits}
    assert (said[SUNSET_BOAT].agrees, said[SUNSET_BOAT].agrees_in_part, said[1].agrees_in_part) == (False, True, False)


def test_where_captions_can_say_a_part_alone_that_part_is_looked_for(engine: Engine) -> None:
    [hit] = find(engine, "boat near a zebra", 1).hits
    assert "boat" in hit.caption.text
    assert hit.evidence.stance.agrees_in_part


def test_a_noun_that_no_caption_uses_finds_what_captions_call_it(engine: Engine) -> None:
    answer = find(engine, "a boat at dusk", 2)
    assert set(ids_of(answer)) == {SUNSET_BOAT, SUNSET_HOUSE}
    assert all(hit.evidence.stance.agrees for hit in answer.hits)
    assert answer.verdict == "strong"


def test_its_number_is_looked_for_beside_the_word_in_its_place(engine: Engine) -> None:
    assert ids_of(find(engine, "2 dusks", 1)) == ids_of(find(engine, "two dusks", 1)) == [SUNSETS]
    assert find(engine, "a dusk", 1).verdict == "strong", "an article is no number"


def test_what_is_unwanted_is_read_in_the_captions_words_too(engine: Engine, encoder: WordsEncoder) -> None:
    hits = {hit.row.id: hit.evidence.match_probability or 0 for hit in find(engine, "boat -dusk", 50).hits}
    assert encoder.texts == ["boat", "dusk", "dusk"]
    assert hits[SUNSET_BOAT] < 0.1
    assert hits[GREY_BOATS] > 0.8


@pytest.mark.parametrize("query", ["grey boats", "gray boats", "two gray boats"])
def test_grey_and_gray_are_one_word_of_captions(engine: Engine, encoder: WordsEncoder, query: str) -> None:
    said = {hit.row.id: hit.evidence.stance for hit in find(engine, query, 50).hits}
    assert [image_id for image_id, told in said.items() if told.agrees] == [GREY_BOATS]
    assert encoder.text_batches == [1]


def test_words_that_name_no_thing_are_looked_for_as_they_are(engine: Engine) -> None:
    assert ids_of(find(engine, "front", 1)) == [SUNSETS]
    assert find(engine, "front", 1).hits[0].evidence.is_named


def test_a_catalogue_from_before_there_were_words_costs_no_run_more(
    engine: Engine, encoder: WordsEncoder, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.words, "_is_there", False)
    find(engine, "a zebra at dusk", 2)
    assert encoder.text_batches == [1]


def test_an_explanation_later_says_of_the_words_what_the_search_said(engine: Engine) -> None:
    at_once = find(engine, "a boat at dusk", 2)
    checked = engine.limits.check_explain("a boat at dusk", ids_of(at_once))
    later = engine.explain(checked)
    assert [hit.evidence.stance for hit in later.hits] == [hit.evidence.stance for hit in at_once.hits]
    chances = [[hit.evidence.match_probability for hit in answer.hits] for answer in (later, at_once)]
    assert chances[0] == pytest.approx(chances[1], rel=1e-5)


def test_no_more_nouns_than_a_limit_are_looked_up_for_one_query(engine: Engine, encoder: WordsEncoder) -> None:
    made_up = ["".join(letters) for letters in product("xz", repeat=6)]  # 64 words that no caption uses
    find(engine, " and ".join(made_up), 1)
    assert len([text for text in encoder.texts if text in made_up]) == NOUNS_LOOKED_UP

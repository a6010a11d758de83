"""Matcher: the evidence for each hit, from the pictures' and the captions' vectors and the calibration."""

from pathlib import Path

import numpy as np
import pytest

from runtime.artefacts.match_calibration import Calibration, MatchWeights
from runtime.library.catalog import ImageRow
from runtime.search.evidence import Evidence
from runtime.search.query import Asked
from runtime.search.ranking import Matcher, best_first
from runtime.search.words import Wish, read_wish
from runtime.stores.flat import FaissStore

AXES = np.eye(3, dtype=np.float32)
CALIBRATION = Calibration(
    centroid=(0.1, 0.1, 0.1),
    with_caption=MatchWeights(bias=-4, score=4, mean_score=0, log_words=0, caption_score=4),
    without_caption=MatchWeights(bias=-2, score=4, mean_score=0, log_words=0),
    fit={},
)
ROWS = [
    ImageRow(1, "1.jpg", "", 1, 1, 1, "a boat"),
    ImageRow(2, "2.jpg", "", 1, 1, 1, None),
    ImageRow(3, "3.jpg", "", 1, 1, 1, "a boat at sunset"),
]


def store_of(vectors: dict[int, list[float]]) -> FaissStore:
    store = FaissStore(3)
    matrix = np.array(list(vectors.values()), dtype=np.float32)
    store.add(list(vectors), matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
    return store


@pytest.fixture
def matcher() -> Matcher:
    pictures = store_of({1: [1, 0, 0], 2: [1, 0, 0], 3: [1, 1, 0]})
    return Matcher(pictures, store_of({1: [1, 0, 0], 3: [1, 1, 0]}), CALIBRATION)


def chances(hits: list[Evidence]) -> list[float]:
    probabilities = [hit.match_probability for hit in hits if hit.match_probability is not None]
    assert len(probabilities) == len(hits)
    return probabilities


def boat(query: str = "a boat", unwanted: tuple[np.ndarray, ...] = ()) -> Asked:
    return Asked(query, read_wish(query), AXES[0], unwanted)


def test_picture_and_caption_both_count_and_a_missing_caption_is_none(matcher: Matcher) -> None:
    first, second, third = matcher.judge(boat(), ROWS, ROWS)
    assert (first.score, first.caption_score) == pytest.approx((1, 1))
    assert second.caption_score is None
    assert first.match_probability == pytest.approx(1 / (1 + np.exp(-4)))
    assert second.match_probability == pytest.approx(1 / (1 + np.exp(-2)))
    assert third.score == pytest.approx(np.sqrt(0.5))
    assert first.verdict == "strong"


def test_what_shows_an_unwanted_thing_is_no_match(matcher: Matcher) -> None:
    plain = matcher.judge(boat(), ROWS, ROWS)
    minus = matcher.judge(boat("a boat -sunset", (AXES[1],)), ROWS, ROWS)
    assert minus[2].score == plain[2].score
    before, after = chances(plain), chances(minus)
    assert after[2] < 0.5 * before[2]
    assert after[0] > 0.95 * before[0]


def test_a_picture_alone_is_not_judged(matcher: Matcher) -> None:
    evidence = matcher.judge(Asked("", Wish(""), None, (), AXES[0]), ROWS, ROWS)
    assert [known.match_probability for known in evidence] == [None] * 3
    assert [known.verdict for known in evidence] == [None] * 3


def test_without_calibration_there_are_scores_and_no_verdicts() -> None:
    matcher = Matcher(store_of({1: [1, 0, 0], 2: [0, 1, 0], 3: [1, 1, 0]}))
    evidence = matcher.judge(boat(), ROWS, ROWS)
    assert [known.verdict for known in evidence] == [None] * 3
    assert best_first(evidence) == [0, 1, 2]


@pytest.mark.parametrize("query", ["the", "?!", "-"])
def test_words_that_name_nothing_are_not_judged(matcher: Matcher, query: str) -> None:
    assert [known.verdict for known in matcher.judge(boat(query), ROWS, ROWS)] == [None] * 3


def test_unwanted_words_that_name_nothing_change_nothing(matcher: Matcher) -> None:
    plain, minus = (matcher.judge(asked, ROWS, ROWS) for asked in (boat(), boat("a boat -the", (AXES[1],))))
    assert [known.match_probability for known in minus] == [known.match_probability for known in plain]


def test_hits_are_ordered_by_probability_and_equals_stay_as_they_are() -> None:
    evidence = [Evidence(0.5, match_probability=p) for p in (0.2, 0.9, 0.2, 0.9)]
    assert best_first(evidence) == [1, 3, 0, 2]


def test_captions_and_calibration_of_an_index_are_checked_like_its_other_files(tmp_path: Path) -> None:
    from runtime.errors import ArtefactMissing
    from tests.export.index.small_library import build, draw_many, manifest_of

    draw_many(tmp_path / "photos", ["a.png", "b.png"])
    build(tmp_path / "photos", tmp_path / "index")
    captions = manifest_of(tmp_path / "index").captions
    assert captions
    (tmp_path / "index" / captions.path).unlink()
    with pytest.raises(ArtefactMissing, match="caption_index"):
        manifest_of(tmp_path / "index")

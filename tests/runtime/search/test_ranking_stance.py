"""Ranker: what captions and names say in words, what is unwanted, and likeness, as parts of one probability."""

from collections.abc import Collection, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.library.caption_words import UsedNoun
from runtime.library.image_rows import ImageRow
from runtime.search.caption_stance import Statement
from runtime.search.embedded_query import Query
from runtime.search.evidence import Evidence
from runtime.search.hits import best_first
from runtime.search.query import parse_query
from runtime.search.ranking import CAPTIONS_BELIEVED_FROM, NAMES_BELIEVED, Ranker
from runtime.search.verdicts import WEAK_FROM
from runtime.stores.flat import FlatStore

AXES = np.eye(4, dtype=np.float32)


def weights(bias: float = -4.0, **named: float) -> MatchWeights:
    return MatchWeights.model_validate({"bias": bias, "score": 0.0, "mean_score": 0.0} | named)


WEIGHED = MatchCalibration(
    centroid=(0, 0, 0, 0),
    agreeing=weights(1),
    not_agreeing=weights(contradicts=-3),
    part_of_text=weights(agrees=2, contradicts=-1),
    with_caption=weights(),
    without_caption=weights(),
    fit={},
)


def believed(calibration: MatchCalibration, right: float = CAPTIONS_BELIEVED_FROM) -> MatchCalibration:
    """The calibration of a library of whose agreeing captions this share is right."""
    return calibration.model_copy(update={"agreeing_are_right": right})


def logistic(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def store_of(vectors: Sequence[Sequence[float]]) -> FlatStore:
    store = FlatStore(4)
    matrix = np.array(vectors, dtype=np.float32)
    store.add(range(1, len(vectors) + 1), matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
    return store


def asked(query: str, unused: Collection[str] = (), picture: Sequence[Any] = ()) -> Query:
    """The query with a vector for each of its texts, the wanted one's first; `picture` is one and its weight."""
    parsed = parse_query(query)
    texts = (parsed.wanted, *parsed.unwanted)
    statements = tuple(Statement.of(text.text, {stem: 1.0 for stem in text.stems if stem not in unused}) for text in texts)
    return Query(parsed, AXES[0], statements, tuple(AXES[1 : len(texts)]), *picture)


def judged(
    query: Query, captions: Sequence[str | None], calibration: MatchCalibration | None, *names: str
) -> list[Evidence]:
    """The evidence for pictures that all look alike, by their captions, and by the names of their files."""
    paths = names or [f"{at}.jpg" for at in range(len(captions))]
    rows = [ImageRow(at, path, "", 1, 1, 1, text) for at, (path, text) in enumerate(zip(paths, captions, strict=True), 1)]
    store = store_of([[1, 1, 1, 1]] * len(rows))
    ranker = Ranker(store, store, calibration, some_ids=lambda _: [row.id for row in rows])
    return ranker.judge(query, rows, store.vectors_of([row.id for row in rows]))


def probabilities(*known: Any) -> list[float | None]:
    return [evidence.match_probability for evidence in judged(*known)]


def test_a_caption_that_agrees_lifts_and_one_that_contradicts_lowers() -> None:
    captions = ["a red boat", "a boat", "a blue boat", None]
    evidence = judged(asked("a red boat"), captions, WEIGHED)
    wanted = [logistic(1), logistic(-4), logistic(-7), logistic(-4)]
    assert [known.match_probability for known in evidence] == pytest.approx(wanted)
    told = [(known.stance.agrees, known.stance.conflict is not None) for known in evidence]
    assert told == [(True, False), (False, False), (False, True), (False, False)]
    assert best_first(evidence) == [0, 1, 3, 2]


def test_all_captions_of_a_picture_count_together() -> None:
    row = ImageRow(1, "1.jpg", "", 1, 1, 1, "a red boat", caption_source="given", other_captions=("a quay at sunset",))
    store = store_of([[1, 1, 1, 1]])
    [known] = Ranker(store, store, WEIGHED).judge(asked("a red boat at sunset"), [row], store.vectors_of([1]))
    assert known.stance.agrees
    assert known.match_probability == pytest.approx(logistic(1))


def test_captions_are_compared_with_what_the_library_has_words_for() -> None:
    captions = ["a red boat", "a blue boat"]
    part = asked("a red boat at dusk", {"dusk"})
    assert probabilities(part, captions, believed(WEIGHED)) == pytest.approx([logistic(-2), logistic(-5)])
    nothing = asked("a zebra", {"zebra"})
    assert probabilities(nothing, captions, WEIGHED) == pytest.approx([logistic(-4)] * 2)


def test_a_picture_whose_caption_says_all_is_at_least_a_weak_match() -> None:
    low = believed(WEIGHED.model_copy(update={"agreeing": weights()}))
    agreeing, silent = judged(asked("a red boat"), ["a red boat", "a boat"], low)
    assert (agreeing.match_probability, agreeing.verdict) == (WEAK_FROM, "weak")
    assert silent.match_probability == pytest.approx(logistic(-4))
    assert silent.verdict == "none"


def test_the_floor_lowers_no_better_match() -> None:
    high = believed(WEIGHED.model_copy(update={"agreeing": weights(3)}))
    assert probabilities(asked("a red boat"), ["a red boat"], high) == pytest.approx([logistic(3)])


def test_captions_that_are_seldom_right_give_no_floor() -> None:
    low = WEIGHED.model_copy(update={"agreeing": weights()})
    for calibration in (low, believed(low, 0.89)):
        assert probabilities(asked("a red boat"), ["a red boat"], calibration) == pytest.approx([logistic(-4)])


def test_a_part_of_a_query_gives_no_floor() -> None:
    part = asked("a red boat at dusk", {"dusk"})
    assert probabilities(part, ["a red boat"], believed(WEIGHED)) == pytest.approx([logistic(-2)])


def test_a_picture_that_is_named_so_is_believed_by_a_fixed_share() -> None:
    evidence = judged(asked("a red boat"), [None, None, None], WEIGHED, "red boat.jpg", "boat.jpg", "red/the boats.jpg")
    lifted = 1 - (1 - logistic(-4)) * (1 - NAMES_BELIEVED)
    assert [known.match_probability for known in evidence] == pytest.approx([lifted, logistic(-4), lifted])
    assert [known.is_named for known in evidence] == [True, False, True]
    assert [known.verdict for known in evidence] == ["strong", "none", "strong"]


def test_a_name_counts_even_where_nothing_is_calibrated() -> None:
    evidence = judged(asked("a red boat"), [None, None], None, "boat.jpg", "red boat.jpg")
    assert [known.match_probability for known in evidence] == [None, pytest.approx(NAMES_BELIEVED)]
    assert best_first(evidence) == [1, 0]


def test_what_is_unwanted_is_judged_by_its_own_statement() -> None:
    wanted = logistic(1)
    captions = ["a boat at sunset", "a boat", "a boat without a sunset"]
    minus = probabilities(asked("a boat -sunset"), captions, WEIGHED)
    shown = [logistic(1), logistic(-4), logistic(-7)]
    assert minus == pytest.approx([wanted * (1 - one) for one in shown])
    both = probabilities(asked("a boat -sunset -dog"), ["a boat and a dog at sunset"], WEIGHED)
    assert both == pytest.approx([wanted * (1 - wanted) ** 2])


def test_what_a_caption_says_of_the_unwanted_counts_for_as_much_as_captions_are_right() -> None:
    captions = ["a boat at sunset", "a boat"]
    shown = [0.97, logistic(-4)]  # the first by its caption, where its score alone would say `logistic(1)`
    minus = judged(asked("a boat -sunset"), captions, believed(WEIGHED, 0.97))
    assert [one.match_probability for one in minus] == pytest.approx([logistic(1) * (1 - one) for one in shown])
    assert [one.verdict for one in minus] == ["none", "weak"]


@pytest.mark.parametrize(
    ("weight", "of_words", "of_likeness"), [(0.0, 1, 0), (0.25, 1, 0.5), (0.5, 1, 1), (0.75, 0.5, 1), (1.0, 0, 1)]
)
def test_a_mix_is_the_product_of_words_and_likeness_and_the_lighter_one_fades_out(
    weight: float, of_words: float, of_likeness: float
) -> None:
    vectors = store_of([[1, 0, 0, 3], [1, 0, 0, 2], [1, 0, 0, 1], [1, 0, 0, 0]])
    rows = [
        ImageRow(at, f"{at}.jpg", "", 1, 1, 1, text) for at, text in enumerate(("a dog", "a boat", "a boat", "a boat"), 1)
    ]
    ranker = Ranker(vectors, vectors, WEIGHED, some_ids=lambda _: [1, 2, 3, 4])
    library = vectors.vectors_of([1, 2, 3, 4])
    evidence = ranker.judge(asked("a boat", (), (AXES[3], weight)), rows, library)
    cosines = library @ AXES[3]
    likeness = np.array([NormalDist(float(cosines.mean()), float(cosines.std())).cdf(float(one)) for one in cosines])
    words = np.array([logistic(-4), logistic(1), logistic(1), logistic(1)])
    wanted = words**of_words * likeness**of_likeness
    assert [known.match_probability for known in evidence] == pytest.approx(list(wanted), rel=1e-4)
    order = {0.0: [1, 2, 3, 0], 0.5: [1, 2, 3, 0], 1.0: [0, 1, 2, 3]}.get(weight)
    assert order in (None, best_first(evidence))


@pytest.mark.parametrize(("weight", "chance"), [(0.0, None), (0.5, None), (0.99, None), (1.0, 0.5)])
def test_a_mix_has_no_probability_where_its_words_have_none_unless_they_count_nothing(
    weight: float, chance: float | None
) -> None:
    mix = asked("a boat", (), (AXES[3], weight))
    assert probabilities(mix, ["a boat", None], None) == [chance, chance]
    named_nothing = asked("the", (), (AXES[3], weight))
    assert probabilities(named_nothing, ["a boat", None], WEIGHED) == [chance, chance]


def test_a_mix_of_a_library_whose_pictures_are_all_alike_is_judged() -> None:
    evidence = probabilities(asked("a boat", (), (AXES[3], 0.5)), ["a boat", "a dog"], WEIGHED)
    assert evidence == pytest.approx([logistic(1) / 2, logistic(-4) / 2])


SUNSET = UsedNoun("sunset", is_coloured=False)


@pytest.mark.parametrize(
    ("least", "nearest", "word"),
    [
        (0.8, (SUNSET, 0.8), SUNSET),
        (0.8, (SUNSET, 0.79), None),
        (0.8, None, None),
        (None, (SUNSET, 1.0), None),
    ],
)
def test_a_word_means_the_same_as_another_from_the_measured_cosine_on(
    least: float | None, nearest: tuple[UsedNoun, float] | None, word: UsedNoun | None
) -> None:
    calibration = WEIGHED.model_copy(update={"same_meaning_cosine": least})
    assert Ranker(store_of([[1, 0, 0, 0]]), None, calibration).same_meaning(nearest) == word
    assert Ranker(store_of([[1, 0, 0, 0]])).same_meaning(nearest) is None


def test_a_search_that_finds_no_picture_has_no_evidence() -> None:
    ranker = Ranker(store_of([[1, 0, 0, 0]]), None, WEIGHED)
    assert ranker.judge(asked("a boat -sunset"), [], np.zeros((0, 4), dtype=np.float32)) == []


@pytest.mark.parametrize("alone", [True, False])
def test_the_best_picture_among_the_nearest_counts_whichever_are_judged(alone: bool) -> None:
    store = store_of([[3, 4, 0, 0], [4, 3, 0, 0], [1, 0, 0, 0]])
    best = WEIGHED.model_copy(update={"not_agreeing": weights(0, best_score=1), "without_caption": weights(0, best_score=1)})
    rows = [ImageRow(at, f"{at}.jpg", "", 1, 1, 1, None) for at in (1, 2, 3)]
    ranker = Ranker(store, None, best)
    judged_rows, neighbours = (rows[:1], rows[:2]) if alone else (rows[:2], None)
    vectors = store.vectors_of([row.id for row in judged_rows])
    known = ranker.judge(asked("a boat"), judged_rows, vectors, neighbours)
    assert [one.match_probability for one in known] == pytest.approx([logistic(0.8)] * len(judged_rows))

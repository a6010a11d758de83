"""The pages of a search: each picture comes once, on one page, whatever is asked, and while the index is exchanged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.engine import Engine
from runtime.search import candidates
from runtime.search.query import RequestLimits
from tests.runtime.conftest import ColourEncoder
from tests.runtime.search.paged_library import COPIES, NAMED, PICTURES, asking, ids_of, paged_engine, pages

FIRSTS = dict(COPIES)
EVERY = range(1, PICTURES + 1)


@pytest.fixture(scope="module", params=["flat", "clustered"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return paged_engine(tmp_path_factory.mktemp(request.param), clustered=request.param == "clustered")


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return paged_engine(tmp_path_factory.mktemp("alone"))


def cards(ids: Sequence[int]) -> set[int]:
    return {FIRSTS.get(one, one) for one in ids}


SEARCHES = {
    "words": (asking("red"), EVERY),
    "words of names": (asking("holiday"), EVERY),
    "words of captions": (asking("a red boat"), EVERY),
    "words left out": (asking("red -green"), EVERY),
    "by date": (asking("red", "date"), EVERY),
    "in a folder": (asking("blue", where={"folder": "holiday"}), NAMED),
    "from a year on": (asking("blue", where={"from": "2013"}), [one for one in EVERY if one % 4 and one % 9 >= 3]),
    "nothing left": (asking("blue", where={"from": "2033"}), []),
    "like a picture": (asking("", like=52), [one for one in EVERY if one != 52]),
    "like one with copies": (asking("", like=205), [one for one in EVERY if not 200 <= one < 225]),
    "like one, and words": (asking("green", like=52), [one for one in EVERY if one != 52]),
    "like one of many, in a folder": (asking("green", like=110, where={"folder": "holiday"}), {*NAMED} - {109, 110, 111}),
    "a picture sent along": (asking("", upload=True), EVERY),
    "a picture and words": (asking("red", upload=True, where={"folder": "other"}), {*EVERY} - {*NAMED}),
}


@pytest.mark.parametrize("sizes", [(24,), (1, 50, 7)], ids=str)
@pytest.mark.parametrize("name", SEARCHES)
def test_the_pages_hold_every_card_once(engine: Engine, name: str, sizes: tuple[int, ...]) -> None:
    ask, left = SEARCHES[name]
    answers = list(pages(engine, ask, *sizes))
    shown = ids_of(answers)
    assert len(shown) == len(cards(shown)), "a card came twice"
    assert cards(shown) == cards(list(left)), "not every card came, or one too many"
    assert set(shown) <= set(left)
    full = [sizes[at % len(sizes)] for at in range(len(answers) - 1)]
    assert [len(answer.hits) for answer in answers[:-1]] == full, "a page before the last was not full"
    assert answers[-1].hits or not left


@pytest.mark.parametrize("name", ["in a folder", "like one with copies", "like one of many, in a folder", "words"])
def test_where_the_first_page_holds_all_none_comes_behind_it(
    flat: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, left = SEARCHES[name]
    count = len(cards(list(left)))
    monkeypatch.setattr(flat, "limits", RequestLimits(top_k_max=PICTURES))
    assert ask(flat, None, count).next is None
    assert ask(flat, None, count - 1).next is not None


def test_a_page_is_ordered_as_the_first_one_is(engine: Engine) -> None:
    for answer in pages(engine, asking("red"), 24):
        probabilities = [hit.evidence.match_probability or 0 for hit in answer.hits]
        assert probabilities == sorted(probabilities, reverse=True)
    for answer in pages(engine, asking("red", "date"), 24):
        taken = [hit.facts.taken or "" for hit in answer.hits]
        assert taken == sorted(taken, reverse=True)


def test_nearer_pictures_come_on_earlier_pages(flat: Engine) -> None:
    means = [np.mean([hit.evidence.score for hit in answer.hits]) for answer in pages(flat, asking("", upload=True), 24)]
    assert means == sorted(means, reverse=True)


def test_pictures_that_have_the_words_come_before_nearer_ones_that_have_not(flat: Engine) -> None:
    first = [len(set(ids_of([answer])) & set(NAMED)) for answer in pages(flat, asking("holiday"), 24)]
    assert first[0] >= 20
    assert sum(first[:3]) == len(cards(NAMED))


@pytest.mark.parametrize("query", ["red", "red -green"])
def test_a_hit_has_the_same_probability_on_whichever_page_it_comes(flat: Engine, query: str) -> None:
    whole = flat.search(flat.limits.check_search(query, 100, explain=False)).hits
    at_once = {hit.row.id: hit.evidence for hit in whole}
    in_pages = {hit.row.id: hit.evidence for answer in pages(flat, asking(query), 10) for hit in answer.hits}
    assert len(at_once) == 100
    for image_id, evidence in at_once.items():
        assert in_pages[image_id].match_probability == pytest.approx(evidence.match_probability, abs=1e-6)


def test_a_page_judges_no_more_pictures_than_two_pages_and_their_copies_have(
    flat: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []
    judge = flat.ranker.judge

    def counted(query: Any, rows: Any, *more: Any) -> Any:
        judged.append(len(rows))
        return judge(query, rows, *more)

    monkeypatch.setattr(flat.ranker, "judge", counted)
    answers = list(pages(flat, asking("holiday"), 10))
    assert len(answers) == len(judged) > 10
    assert max(judged) <= 4 * 10
    assert max(len(answer.next or "") for answer in answers) < 1000


def test_pages_stop_going_before_others_for_their_words_once_a_cursor_holds_many_ids(
    flat: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "AHEAD_MAX", 20)
    ask, ahead = asking("holiday"), list[int]()
    shown = []
    for answer in pages(flat, ask, 8):
        shown += ids_of([answer])
        if answer.next:
            request = flat.limits.check_page(flat.limits.check_search("holiday", 8), answer.next)
            assert request.cursor is not None
            ahead.append(len(request.cursor.ahead))
    assert 8 < max(ahead) <= 20
    assert (len(shown), cards(shown)) == (len(cards(shown)), cards(EVERY))


def test_words_are_looked_for_among_the_first_results_alone(flat: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "WORDS_UNTIL", 24)
    found = [len(set(ids_of([answer])) & set(NAMED)) for answer in pages(flat, asking("holiday"), 24)]
    assert found[0] >= 20
    assert found[1] < 20


class DriftingEncoder(ColourEncoder):
    """Embeds each text a little differently every time, as int8 does in batches of several."""

    def embed_tokens(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        exact = super().embed_tokens(token_ids)
        drift = np.random.default_rng(len(self.text_batches)).normal(scale=0.01, size=exact.shape)
        drifted: NDArray[np.float32] = (exact + drift).astype(np.float32)
        unit: NDArray[np.float32] = drifted / np.linalg.norm(drifted, axis=1, keepdims=True)
        return unit


@pytest.mark.parametrize("clustered", [False, True])
def test_the_pages_keep_one_order_though_the_query_is_embedded_a_little_differently_each_time(
    tmp_path: Path, *, clustered: bool
) -> None:
    drifting = paged_engine(tmp_path, clustered=clustered, encoder=DriftingEncoder())
    shown = ids_of(list(pages(drifting, asking("red"), 11)))
    assert (len(shown), cards(shown)) == (len(cards(shown)), cards(EVERY))


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("name", ["words", "words of names", "like one, and words", "in a folder"])
def test_while_the_index_is_exchanged_no_picture_comes_twice_and_none_that_stayed_is_left_out(
    tmp_path: Path, name: str, *, clustered: bool
) -> None:
    ask, left = SEARCHES[name]
    before = [one for one in EVERY if one % 5]
    after = [one for one in EVERY if one % 7]
    engines = [paged_engine(tmp_path / "0", clustered=clustered, ids=before)]
    engines.append(paged_engine(tmp_path / "1", clustered=clustered, ids=after))
    cursor, shown = None, list[int]()
    for at in range(PICTURES):
        answer = ask(engines[at >= 4], cursor, 9)  # the fifth page comes from the other one
        shown += ids_of([answer])
        cursor = answer.next
        if cursor is None:
            break
    assert len(shown) == len(set(shown))
    stayed = {one for one in before if one in after and one in left and one not in FIRSTS and one not in FIRSTS.values()}
    assert stayed <= set(shown)


def test_a_picture_whose_copy_was_shown_before_both_were_known_to_be_copies_comes_no_more(tmp_path: Path) -> None:
    first = asking("red")(paged_engine(tmp_path / "0", copies=[]), None, 20)
    shown, cursor = ids_of([first]), first.next
    other = next(one for one in EVERY if one not in shown)
    folded = paged_engine(tmp_path / "1", copies=[(shown[0], other)])
    later = list[int]()
    while cursor is not None:
        answer = asking("red")(folded, cursor, 20)
        later += ids_of([answer])
        cursor = answer.next
    assert sorted(later) == [one for one in EVERY if one not in shown and one != other]

"""Verdicts and word weights."""

from contextlib import suppress

import numpy as np
import pytest

from runtime.search import evidence
from runtime.search.evidence import Answer, Evidence, StageTimings, weigh_words
from runtime.search.query import RequestLimits
from runtime.search.verdicts import STRONG_FROM, WEAK_FROM, verdict_of
from runtime.search.words import Phrase
from tests.runtime.explain.hits import hit_of


def test_verdicts_begin_at_their_thresholds() -> None:
    assert [verdict_of(p) for p in (0.0, WEAK_FROM - 1e-9, WEAK_FROM, STRONG_FROM - 1e-9, STRONG_FROM, 1.0)] == [
        "none", "none", "weak", "weak", "strong", "strong",
    ]  # fmt: skip


def test_a_match_is_weak_from_one_third_on_and_strong_from_three_quarters_on() -> None:
    assert [verdict_of(p) for p in (0.333, 1 / 3, 0.749, 0.75)] == ["none", "weak", "weak", "strong"]


def test_shares_are_of_the_positive_drops_and_add_up_to_one() -> None:
    red, boat, sunset = weigh_words(["red", "boat", "sunset"], np.array([0.1, 0.3, -0.2]), Phrase("a RED boat's mast"))
    assert (red.share, boat.share) == pytest.approx((0.25, 0.75))
    assert sunset.share == 0.0
    assert (red.in_caption, boat.in_caption, sunset.in_caption) == (True, True, False)
    assert sunset.drop == pytest.approx(-0.2)


def test_words_that_the_match_does_not_lose_by_have_no_share() -> None:
    assert [word.share for word in weigh_words(["a", "b"], np.array([0.0, -0.1]), Phrase(""))] == [0.0, 0.0]


def test_a_stage_that_runs_again_or_fails_adds_to_its_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([1.0, 1.25, 2.0, 2.0625, 3.0, 3.0000006])
    monkeypatch.setattr(evidence, "perf_counter", lambda: next(seconds))
    timings = StageTimings()
    with timings.stage("embed"):
        pass
    with suppress(ValueError), timings.stage("embed"):
        raise ValueError
    with timings.stage("rows"):
        pass
    assert timings.timings_ms == {"embed": 312.5, "rows": 0.001}


def test_an_answer_is_as_sure_as_its_surest_hit() -> None:
    hits = [hit_of(at, "a.jpg", None, Evidence(0.3, match_probability=known)) for at, known in enumerate((0.2, None, 0.5))]
    request = RequestLimits().check_search("a boat", 3)
    assert (Answer(request, hits).match_probability, Answer(request, hits).verdict) == (0.5, "weak")
    assert (Answer(request, hits[1:2]).match_probability, Answer(request, []).verdict) == (None, None)


def test_a_plural_in_the_caption_mentions_its_singular() -> None:
    [word] = weigh_words(["boat"], np.array([0.1]), Phrase("three boats"))
    assert word.in_caption

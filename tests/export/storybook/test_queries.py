import random
from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest

from export.storybook.captions import exact_caption
from export.storybook.facts import Facts, StatedGroup, encode_facts, truth_table
from export.storybook.queries import Query, paraphrase, partial_query, short_query, wordings
from export.storybook.scenes import Group, HeldOut, Scene, sample_scenes

Ask = Callable[[Scene, random.Random], Query]

SCENE = Scene((Group(1, "red", "cat"), Group(1, "blue", "house")), "in front of", "meadow", "night")


def scenes(count: int) -> list[Scene]:
    return list(islice(sample_scenes(random.Random(11), HeldOut.ANY), count))


@pytest.mark.parametrize("ask", [paraphrase, partial_query, short_query])
def test_a_query_is_true_of_the_scene_it_was_made_from(ask: Ask) -> None:
    rng = random.Random(1)
    for scene in scenes(1000):
        query = ask(scene, rng)
        assert query.text == query.text.strip()
        assert "  " not in query.text
        assert query.facts.hold_in(scene), (query, exact_caption(scene))


def test_the_truth_table_agrees_with_one_comparison_at_a_time() -> None:
    rng = random.Random(2)
    shown = scenes(150)
    asked = [ask(scene, rng).facts for scene in shown for ask in (paraphrase, partial_query, short_query)]
    table = truth_table(encode_facts(asked), encode_facts([Facts.of_scene(scene) for scene in shown]))
    expected = [[facts.hold_in(scene) for scene in shown] for facts in asked]
    assert np.array_equal(table, expected)
    assert table.any(axis=1).all()
    assert not table.all(axis=1).any()


@pytest.mark.parametrize(
    "facts",
    [
        Facts((StatedGroup("cat", "blue"),)),
        Facts((StatedGroup("cat", "red", (2,)),)),
        Facts((StatedGroup("cat"), StatedGroup("dog"))),
        Facts((StatedGroup("cat"),), relation="next to"),
        Facts(place="city"),
        Facts(time="day"),
    ],
)
def test_one_wrong_fact_makes_a_text_untrue(facts: Facts) -> None:
    assert not facts.hold_in(SCENE)


def test_what_is_not_stated_is_not_asked_for() -> None:
    assert Facts((StatedGroup("cat"),)).hold_in(SCENE)
    assert Facts((StatedGroup("house", "blue"), StatedGroup("cat")), time="night").hold_in(SCENE)
    assert Facts().hold_in(SCENE)


def test_and_does_not_state_who_stands_where() -> None:
    rng = random.Random(3)
    beside = Scene(SCENE.groups, "next to", "meadow", "night")
    for query in (paraphrase(beside, rng) for _ in range(200)):
        assert (query.facts.relation == "") == (" and " in query.text)


def test_wordings_are_distinct_and_as_many_as_asked() -> None:
    texts = wordings(SCENE, random.Random(4), 3)
    assert len(set(texts)) == 3

import numpy as np
import pytest

from export.storybook.benchmark import query_sets
from export.storybook.facts import Facts, encode_facts, truth_table
from export.storybook.metrics import caption_figures, hit_at_1, recall_at
from export.storybook.scenes import Group, Scene

CAPTION = "a red cat in a city at night"


def test_recall_counts_the_queries_whose_own_picture_is_among_the_best() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.8, 0.5, 0.1], [0.9, 0.8, 0.7]], np.float32)
    assert recall_at(scores, (1, 2, 3)) == {
        "recall@1": pytest.approx(1 / 3),
        "recall@2": pytest.approx(2 / 3),
        "recall@3": pytest.approx(1.0),
    }


def test_a_hit_is_any_true_picture_and_questions_without_one_are_left_out() -> None:
    scores = np.array([[0.1, 0.9], [0.9, 0.1], [0.5, 0.4]], np.float32)
    true = np.array([[True, True], [False, True], [False, False]])
    assert hit_at_1(scores, true) == 0.5


def test_a_right_caption_scores_one_everywhere() -> None:
    figures = caption_figures([CAPTION], [CAPTION])
    assert figures["exact"] == figures["f1"] == figures["objects"] == 1.0


def test_a_wrong_colour_costs_one_fact_of_five() -> None:
    figures = caption_figures(["a blue cat in a city at night"], [CAPTION])
    assert figures["exact"] == 0.0
    assert figures["colours"] == 0.0
    assert figures["f1"] == pytest.approx(4 / 5)


def test_an_object_too_many_is_counted_against_the_caption() -> None:
    figures = caption_figures(["a red cat next to a dog in a city at night"], [CAPTION])
    assert figures["objects"] == pytest.approx(2 / 3)


def test_short_questions_are_answered_by_what_they_say() -> None:
    scenes = [Scene((Group(2, "red", "castle"),), "", "city", "night")]
    questions = query_sets(scenes)
    right = {
        query.text
        for name, queries in questions.items()
        if name != "partial"
        for query, true in zip(
            queries,
            truth_table(
                encode_facts([query.facts for query in queries]),
                encode_facts([Facts.of_scene(scene) for scene in scenes]),
            ),
            strict=True,
        )
        if true.any()
    }
    assert right == {"a castle", "castle", "a red castle", "two castles", "a castle in a city"}

import random
from itertools import islice

import pytest

from export.storybook.scenes import HeldOut, Scene, sample_scenes


def scenes(seed: int, held_out: HeldOut = HeldOut.ANY, count: int = 2000, distinct: bool = False) -> list[Scene]:
    return list(islice(sample_scenes(random.Random(seed), held_out, distinct), count))


def test_the_same_seed_chooses_the_same_scenes_and_another_seed_others() -> None:
    assert scenes(1) == scenes(1)
    assert scenes(1) != scenes(2)


def test_a_held_out_combination_never_appears_in_training_scenes() -> None:
    assert not any(scene.has_held_out() for scene in scenes(3, HeldOut.NEVER))


def test_every_scene_of_the_held_out_pool_has_a_held_out_combination() -> None:
    assert all(scene.has_held_out() for scene in scenes(4, HeldOut.ONLY))


def test_any_scene_may_appear_when_nothing_is_asked() -> None:
    assert {scene.has_held_out() for scene in scenes(5)} == {True, False}


def test_distinct_scenes_do_not_repeat() -> None:
    assert len(set(scenes(6, distinct=True))) == 2000
    assert len(set(scenes(6))) < 2000


def test_a_scene_survives_its_json_form() -> None:
    for scene in scenes(7, count=50):
        assert Scene.from_json(scene.to_json()) == scene


@pytest.mark.parametrize("relation", ["", "next to", "above", "in front of"])
def test_every_relation_occurs_and_relates_two_groups(relation: str) -> None:
    related = [scene for scene in scenes(8) if scene.relation == relation]
    assert related
    assert {len(scene.groups) for scene in related} == {2 if relation else 1}

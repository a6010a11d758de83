import random
from collections import Counter
from itertools import islice

import pytest

from export.storybook.captions import exact_caption, noun_phrase, parse_caption
from export.storybook.scenes import Group, HeldOut, Scene, sample_scenes


def test_a_caption_parses_back_to_the_facts_of_its_scene() -> None:
    for scene in islice(sample_scenes(random.Random(1), HeldOut.ANY), 2000):
        facts = parse_caption(exact_caption(scene))
        assert facts.objects == Counter(group.object for group in scene.groups)
        assert facts.colours == Counter((group.object, group.colour) for group in scene.groups)
        assert facts.counts == Counter((group.object, group.count) for group in scene.groups)
        assert list(facts.place.elements()) == [scene.place]
        assert list(facts.time.elements()) == [scene.time]
        assert list(facts.relation.elements()) == ([scene.relation] if scene.relation else [])


def test_distinct_scenes_have_distinct_captions() -> None:
    scenes = list(islice(sample_scenes(random.Random(2), HeldOut.ANY, distinct=True), 5000))
    assert len({exact_caption(scene) for scene in scenes}) == len(scenes)


@pytest.mark.parametrize(
    ("group", "phrase"),
    [
        (Group(1, "orange", "car"), "an orange car"),
        (Group(1, "", "umbrella"), "an umbrella"),
        (Group(2, "red", "butterfly"), "two red butterflies"),
        (Group(3, "", "boat"), "three boats"),
    ],
)
def test_a_noun_phrase_takes_the_article_and_the_plural_it_needs(group: Group, phrase: str) -> None:
    assert noun_phrase(group.count, group.colour, group.object) == phrase


def test_flying_things_are_above_their_place() -> None:
    scene = Scene((Group(2, "brown", "plane"),), "", "desert", "day")
    assert exact_caption(scene) == "two brown planes above a desert on a sunny day"


def test_a_colour_is_bound_to_its_object() -> None:
    swapped = parse_caption("a red car next to a blue house in a city at night")
    assert swapped.colours != parse_caption("a blue car next to a red house in a city at night").colours


def test_a_broken_caption_says_what_can_be_read_and_no_more() -> None:
    facts = parse_caption("castle castle next to")
    assert facts.objects == Counter({"castle": 2})
    assert facts.colours == Counter({("castle", ""): 2})
    assert facts.counts == Counter({("castle", 0): 2})
    assert not facts.place
    assert not facts.time

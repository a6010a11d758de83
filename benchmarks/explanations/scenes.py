"""Situations to write sentences about: drawn scenes with their exact captions, a query, a verdict, and what fills the gaps.

Each scene has two kinds of things of two colours. What a wrong sentence names instead is never in the scene.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from export.storybook.captions import PLACE_PHRASES, PLACE_PREPOSITIONS, TIME_PHRASES, exact_caption, noun_phrase, plural
from export.storybook.scenes import COLOURS, COUNTS, OBJECTS, PLACES, TIMES, Group, HeldOut, Scene, sample_scenes
from runtime.library.image_rows import ImageRow
from runtime.search.evidence import Evidence, Hit, WordWeight
from runtime.search.verdicts import Verdict
from runtime.search.words import Phrase

Gaps = dict[str, str]
TIME_WORDS = {"day": "a sunny day", "sunset": "sunset", "night": "night", "rain": "the rain"}
PROBABILITIES: dict[Verdict, float] = {"strong": 0.93, "weak": 0.52, "none": 0.06}
SCORE_COSINE, SEEN_DROP_COSINE = 0.3, 0.05
# By situation: the query, with gaps, and the verdict. Any other situation is itself a query that nothing matches.
SITUATIONS: dict[str, tuple[str, Verdict]] = {
    "whole": ("{a}", "strong"),
    "whole_two": ("{a} {rel} {b}", "strong"),
    "whole_scene": ("{a} {place}", "strong"),
    "seen": ("{a} {seen_time}", "strong"),
    "part_colour": ("{wrong_a}", "weak"),
    "part_count": ("{wrong_count_a}", "weak"),
    "part_thing": ("{a} and {other}", "weak"),
    "part_time": ("{a} {wrong_time}", "weak"),
    "other": ("{other}", "none"),
    "believed_thing": ("{a} and {other}", "strong"),
    "believed_colour": ("{wrong_a}", "strong"),
    "believed_count": ("{wrong_count_a}", "strong"),
    "believed_binding": ("{swapped_a} and {swapped_b}", "strong"),
}


@dataclass(frozen=True)
class Situation:
    """One hit of one query, as the check gets it, and what fills the gaps of sentences about it."""

    query: str
    hit: Hit
    gaps: Gaps


def draw_scenes(rng: random.Random) -> Iterator[Scene]:
    """Yield scenes with two kinds of things of two colours."""
    for scene in sample_scenes(rng, HeldOut.NEVER, distinct=True):
        if len(scene.groups) == 2 and len({group.colour for group in scene.groups}) == 2 and not scene.in_the_air():
            yield scene


def make_situation(name: str, scene: Scene, rng: random.Random) -> Situation:
    """Return the situation of this name, or with this query, over a scene."""
    gaps = _fill_gaps(scene, rng)
    query, verdict = SITUATIONS.get(name, (name, "none"))
    query, caption = query.format(**gaps), exact_caption(scene)
    words: tuple[WordWeight, ...] = ()
    if name == "seen":  # the caption leaves the time out, and the picture speaks for it
        caption = caption.removesuffix(f" {TIME_PHRASES[scene.time]}")
        words = tuple(
            WordWeight(word, SEEN_DROP_COSINE, 1 / len(Phrase(query).words), word in Phrase(caption).words)
            for word in Phrase(query).words
        )
    evidence = Evidence(SCORE_COSINE, match_probability=PROBABILITIES[verdict], verdict=verdict, words=words)
    row = ImageRow(1, "00001.jpg", "0" * 64, 100, 224, 224, caption)
    return Situation(query, Hit(row, "/images/00001.jpg", evidence, Phrase(caption), "index"), gaps)


def _fill_gaps(scene: Scene, rng: random.Random) -> Gaps:
    a, b = scene.groups
    free = [colour for colour in COLOURS if colour not in (a.colour, b.colour)]
    other = Group(1, rng.choice(free), rng.choice([name for name in OBJECTS if name not in (a.object, b.object)]))
    wrong_count = replace(a, count=rng.choice([count for count in COUNTS if count != a.count]))
    wrong_colour = rng.choice([colour for colour in free if colour != other.colour])
    wrong_place = rng.choice([place for place in PLACES if place != scene.place])
    wrong_time = rng.choice([time for time in TIMES if time != scene.time])
    groups = {
        "a": a,
        "b": b,
        "other": other,
        "wrong_a": replace(a, colour=wrong_colour),
        "wrong_count_a": wrong_count,
        "swapped_a": replace(a, colour=b.colour),
        "swapped_b": replace(b, colour=a.colour),
    }
    gaps = {name: _named(group) for name, group in groups.items()}
    gaps |= {
        f"is_{name}": _is(group) for name, group in {"a": a, "b": b, "other": other, "wrong_count": wrong_count}.items()
    }
    gaps |= {f"{name}_noun": _noun(group) for name, group in {"a": a, "b": b, "other": other}.items()}
    gaps |= {"the_a": f"the {a.colour} {_noun(a)}", "the_b": f"the {b.colour} {_noun(b)}", "the_a_noun": f"the {_noun(a)}"}
    gaps |= {"a_colour": a.colour, "b_colour": b.colour, "wrong_colour": wrong_colour, "rel": scene.relation}
    gaps |= {"place": _place(scene.place), "wrong_place": _place(wrong_place), "the_place": PLACE_PHRASES[scene.place]}
    gaps |= {"time": TIME_PHRASES[scene.time], "wrong_time": TIME_PHRASES[wrong_time]}
    gaps |= {"wrong_time_word": TIME_WORDS[wrong_time], "time_word": TIME_WORDS[scene.time]}
    gaps |= {"seen_time": TIME_PHRASES[scene.time], "seen_word": TIME_WORDS[scene.time]}
    return gaps | {name.capitalize(): text[0].upper() + text[1:] for name, text in gaps.items() if text}


def _named(group: Group) -> str:
    return noun_phrase(group.count, group.colour, group.object)


def _noun(group: Group) -> str:
    return group.object if group.count == 1 else plural(group.object)


def _is(group: Group) -> str:
    return "is" if group.count == 1 else "are"


def _place(place: str) -> str:
    return f"{PLACE_PREPOSITIONS[place]} {PLACE_PHRASES[place]}"

"""Writes queries for a scene: paraphrases, partial descriptions, and short queries of two or three words.

Owns every wording but the exact caption. Each query comes with the facts that it states, so that every picture of which they
are true is a right answer, also a picture that the query was not made from.
"""

import random
from dataclasses import dataclass, replace

from export.storybook.captions import PLACE_PHRASES, PLACE_PREPOSITIONS, TIME_PHRASES, noun_phrase, plural
from export.storybook.facts import Facts, StatedGroup
from export.storybook.scenes import COUNTS, Group, Scene

_TIME_WORDINGS = {
    "day": ("on a sunny day", "in the sunshine", "by day", "under a blue sky"),
    "sunset": ("at sunset", "in the evening", "at dusk", "under an orange sky"),
    "night": ("at night", "under the stars", "in the dark", "under the moon"),
    "rain": ("in the rain", "on a rainy day", "in the wet", "under grey clouds"),
}
_PLACE_WORDINGS = {
    "sea": ("on the sea", "on the ocean", "on the water"),
    "beach": ("on a beach", "on the sand", "on the beach"),
    "mountain": ("on a snowy mountain", "in the snow", "in the mountains"),
    "meadow": ("in a meadow", "in the grass", "in a green field"),
    "desert": ("in a desert", "in the desert"),
    "city": ("in a city", "in a town", "on the street"),
}
_PREFIXES = ("a picture of ", "a drawing of ", "a photo of ")
_PLURAL_COUNTS = (2, 3)


@dataclass(frozen=True, slots=True)
class Query:
    """A text and the facts that it states."""

    text: str
    facts: Facts


def paraphrase(scene: Scene, rng: random.Random) -> Query:
    """Return a query that states every fact of the scene, in other words than the caption's."""
    return _word(scene, Facts.of_scene(scene), rng)


def partial_query(scene: Scene, rng: random.Random) -> Query:
    """Return a query that states some of the facts, in any words: at least one group, or the place or time."""
    stated = [_state_partly(group, rng) for group in scene.groups]
    relation = scene.relation
    if len(stated) == 2 and rng.random() < 0.5:
        stated, relation = [rng.choice(stated)], ""
    place = scene.place if rng.random() < 0.35 else ""
    time = scene.time if rng.random() < 0.35 else ""
    if (place or time) and rng.random() < 0.08:
        stated, relation = [], ""
    return _word(scene, Facts(tuple(stated), relation, place, time), rng)


def short_query(scene: Scene, rng: random.Random) -> Query:
    """Return a query for one group of the scene and nothing else: "a red castle", "two castles", "castles"."""
    group = rng.choice(scene.groups)
    colour = group.colour if rng.random() < 0.6 else ""
    if rng.random() < 0.8:
        facts = Facts((StatedGroup(group.object, colour, (group.count,)),))
        return Query(noun_phrase(group.count, colour, group.object), facts)
    counts = _PLURAL_COUNTS if group.count > 1 else COUNTS
    stated = StatedGroup(group.object, colour, counts)
    return Query(_name(stated), Facts((stated,)))


def wordings(scene: Scene, rng: random.Random, count: int) -> list[str]:
    """Return up to `count` distinct paraphrases that state every fact of the scene."""
    found: dict[str, None] = {}
    for _ in range(4 * count):
        found[paraphrase(scene, rng).text] = None
    return list(found)[:count]


def wording_of_time(time: str, rng: random.Random) -> str:
    """Return a random wording of a time of day that captions do not use: "at dusk"."""
    return rng.choice([wording for wording in _TIME_WORDINGS[time] if wording != TIME_PHRASES[time]])


def wording_of_place(place: str, rng: random.Random) -> str:
    """Return a random wording of a place that captions do not use: "in the snow"."""
    usual = f"{PLACE_PREPOSITIONS[place]} {PLACE_PHRASES[place]}"
    return rng.choice([wording for wording in _PLACE_WORDINGS[place] if wording != usual])


def _state_partly(group: Group, rng: random.Random) -> StatedGroup:
    """Return the group, perhaps without its colour or its number."""
    colour = group.colour if rng.random() < 0.8 else ""
    if rng.random() < 0.8:
        counts: tuple[int, ...] = (group.count,)
    else:
        counts = _PLURAL_COUNTS if group.count > 1 else COUNTS
    return StatedGroup(group.object, colour, counts)


def _word(scene: Scene, facts: Facts, rng: random.Random) -> Query:
    """Return words for the facts; the relation is removed from the facts where the words do not state it."""
    things, facts = _word_groups(facts, rng)
    where = _word_place(scene, facts, rng)
    when = ""
    if facts.time:
        when = rng.choice(_TIME_WORDINGS[facts.time]) if rng.random() < 0.5 else TIME_PHRASES[facts.time]
    when_first = bool(when and (things or where)) and rng.random() < 0.15
    parts = (when, things, where) if when_first else (things, where, when)
    text = " ".join(part for part in parts if part)
    if things and not when_first and rng.random() < 0.05:
        text = rng.choice(_PREFIXES) + text
    return Query(text, facts)


def _word_groups(facts: Facts, rng: random.Random) -> tuple[str, Facts]:
    names = [_name(stated) for stated in facts.groups]
    if len(names) < 2:
        return "".join(names), facts
    first, second = names
    roll = rng.random()
    if facts.relation == "next to" and roll < 0.4:
        link = rng.choice(("next to", "beside", "and"))
        without_relation = replace(facts, relation="") if link == "and" else facts
        return f"{second} {link} {first}", without_relation
    if facts.relation == "above" and roll < 0.3:
        return f"{second} {rng.choice(('below', 'under'))} {first}", facts
    if facts.relation == "above" and roll < 0.5:
        return f"{first} over {second}", facts
    if facts.relation == "in front of" and roll < 0.3:
        return f"{second} behind {first}", facts
    return f"{first} {facts.relation} {second}", facts


def _word_place(scene: Scene, facts: Facts, rng: random.Random) -> str:
    if not facts.place:
        return ""
    usual = f"{PLACE_PREPOSITIONS[facts.place]} {PLACE_PHRASES[facts.place]}"
    phrase = rng.choice(_PLACE_WORDINGS[facts.place]) if rng.random() < 0.5 else usual
    _, name = phrase.split(" ", 1)
    if not facts.groups:
        return name
    return f"{rng.choice(('above', 'over'))} {name}" if scene.in_the_air() else phrase


def _name(stated: StatedGroup) -> str:
    """ "a red car" for one, "two cars" for two, "cars" for several, "car" for any number."""
    if len(stated.counts) == 1:
        return noun_phrase(stated.counts[0], stated.colour, stated.object)
    noun = plural(stated.object) if stated.counts == _PLURAL_COUNTS else stated.object
    return f"{stated.colour} {noun}".strip()

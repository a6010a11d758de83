"""Writes the exact caption of a scene, and parses captions, also wrong ones, back into facts.

Owns the one canonical wording that BLIP is trained on and scored by. Other wordings are in queries.py.
"""

from collections import Counter
from dataclasses import dataclass

from export.storybook.scenes import COLOURS, OBJECTS, RELATIONS, Group, Scene

NUMBER_WORDS = {1: "a", 2: "two", 3: "three"}
PLACE_PHRASES = {
    "sea": "the sea",
    "beach": "a beach",
    "mountain": "a snowy mountain",
    "meadow": "a meadow",
    "desert": "a desert",
    "city": "a city",
}
PLACE_PREPOSITIONS = {
    "sea": "on",
    "beach": "on",
    "mountain": "on",
    "meadow": "in",
    "desert": "in",
    "city": "in",
}
TIME_PHRASES = {"day": "on a sunny day", "sunset": "at sunset", "night": "at night", "rain": "in the rain"}

_PLURALS = {name: "butterflies" if name == "butterfly" else name + "s" for name in OBJECTS}
_SINGULARS = {name: name for name in OBJECTS} | {plural: name for name, plural in _PLURALS.items()}
_COUNTS = {"a": 1, "an": 1, "two": 2, "three": 3}


def plural(name: str) -> str:
    """ "butterflies" for "butterfly"."""
    return _PLURALS[name]


def noun_phrase(count: int, colour: str, name: str) -> str:
    """ "an orange car", "two birds"; an empty colour is left out."""
    noun = name if count == 1 else plural(name)
    words = f"{colour} {noun}".strip()
    number = "an" if count == 1 and words[0] in "aeiou" else NUMBER_WORDS[count]
    return f"{number} {words}"


def exact_caption(scene: Scene) -> str:
    """Return the canonical caption: all facts of the scene, in one fixed wording, lower case, without a full stop."""
    phrases = [noun_phrase(group.count, group.colour, group.object) for group in scene.groups]
    things = f" {scene.relation} ".join(phrases)
    preposition = "above" if scene.in_the_air() else PLACE_PREPOSITIONS[scene.place]
    return f"{things} {preposition} {PLACE_PHRASES[scene.place]} {TIME_PHRASES[scene.time]}"


@dataclass(frozen=True, slots=True)
class CaptionFacts:
    """The facts that a caption states, as multisets.

    Colours and counts are kept with their object, as in ("car", "red"), so that a red car next to a blue house does not
    match a blue car next to a red house.
    """

    objects: Counter[str]
    colours: Counter[tuple[str, str]]
    counts: Counter[tuple[str, int]]
    place: Counter[str]
    time: Counter[str]
    relation: Counter[str]


def parse_caption(caption: str) -> CaptionFacts:
    """Read the facts out of a caption in the canonical wording."""
    words = caption.split()
    groups = [_group_at(words, index) for index, word in enumerate(words) if word in _SINGULARS]
    return CaptionFacts(
        objects=Counter(group.object for group in groups),
        colours=Counter((group.object, group.colour) for group in groups),
        counts=Counter((group.object, group.count) for group in groups),
        place=_mentioned(caption, PLACE_PHRASES),
        time=_mentioned(caption, TIME_PHRASES),
        relation=_stated_relation(caption, groups),
    )


def _group_at(words: list[str], index: int) -> Group:
    """Return the group whose noun is the word at `index`; "" and 0 stand for a missing colour or number."""
    before = words[max(0, index - 2) : index]
    colour = before.pop() if before and before[-1] in COLOURS else ""
    return Group(_COUNTS.get(before[-1], 0) if before else 0, colour, _SINGULARS[words[index]])


def _mentioned(caption: str, phrases: dict[str, str]) -> Counter[str]:
    padded = f" {caption} "
    return Counter(name for name, phrase in phrases.items() if f" {phrase} " in padded)


def _stated_relation(caption: str, groups: list[Group]) -> Counter[str]:
    """Return the relation between two groups, if any; "two birds above a beach" relates a group to a place instead."""
    if len(groups) < 2:
        return Counter()
    return Counter([relation for relation in RELATIONS if f" {relation} " in caption][:1])

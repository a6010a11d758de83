"""What a storybook scene can show, and the random choice of scenes.

Owns the vocabulary (objects, colours, places, times), the Scene and Box types, the combinations held out of training, and
sampling. Writes no text (captions.py) and no pixels (drawing.py).
"""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

AIR = ("balloon", "bird", "kite", "butterfly", "plane")
WATER = ("boat", "duck", "whale")
GROUND = ("house", "castle", "tree", "car", "tent", "dog", "cat", "flower", "mushroom", "umbrella")
OBJECTS = AIR + WATER + GROUND
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "brown")
PLACES = ("sea", "beach", "mountain", "meadow", "desert", "city")
TIMES = ("day", "sunset", "night", "rain")
COUNTS = (1, 2, 3)
RELATIONS = ("next to", "above", "in front of")

# In "a dog in front of a house" the first must be small enough to leave the second recognisable.
SMALL = ("dog", "cat", "flower", "mushroom", "umbrella", "car")
BIG = ("house", "castle", "tree", "tent")

_REPEATS_BEFORE_THE_END = 10_000

HELD_OUT_COLOURS = frozenset(
    {
        ("boat", "purple"),
        ("dog", "blue"),
        ("house", "green"),
        ("balloon", "white"),
        ("car", "brown"),
        ("tree", "red"),
    }
)
HELD_OUT_PLACES = frozenset(
    {
        ("dog", "beach"),
        ("house", "desert"),
        ("balloon", "city"),
        ("kite", "sea"),
        ("cat", "mountain"),
        ("umbrella", "meadow"),
    }
)


class HeldOut(StrEnum):
    """Which scenes to sample: none with a combination held out of training, any scenes, or only scenes with one."""

    NEVER = "never"
    ANY = "any"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Group:
    """One to three objects of one kind and colour."""

    count: int
    colour: str
    object: str


@dataclass(frozen=True, slots=True)
class Scene:
    """The facts of one picture. `relation` is that of the first group to the second; "" if there is only one."""

    groups: tuple[Group, ...]
    relation: str
    place: str
    time: str

    def has_held_out(self) -> bool:
        """Return whether any of its (object, colour) or (object, place) pairs never occurs in training."""
        return any(
            (group.object, group.colour) in HELD_OUT_COLOURS or (group.object, self.place) in HELD_OUT_PLACES
            for group in self.groups
        )

    def in_the_air(self) -> bool:
        """Return whether every object flies, so that the place is below them."""
        return all(group.object in AIR for group in self.groups)

    def to_json(self) -> dict[str, Any]:
        """Return values that JSON can hold; `from_json` reads them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> "Scene":
        """Return the scene that `to_json` wrote."""
        groups = tuple(Group(**group) for group in facts["groups"])
        return cls(groups, facts["relation"], facts["place"], facts["time"])


@dataclass(frozen=True, slots=True)
class Box:
    """Where one object was drawn, as fractions of the picture in [0, 1]; x grows to the right, y downwards."""

    object: str
    colour: str
    x0: float
    y0: float
    x1: float
    y1: float


def sample_scene(rng: random.Random) -> Scene:
    """Return a scene of any kind, held-out combinations included; half of all scenes have a single group."""
    place, time = rng.choice(PLACES), rng.choice(TIMES)
    standing = WATER if place == "sea" else GROUND
    kind = rng.random()
    if kind < 0.5:
        groups, relation = _alone(rng, standing), ""
    elif kind < 0.72:
        groups, relation = _next_to(rng, standing), "next to"
    elif kind < 0.9 or place == "sea":
        groups, relation = _above(rng, standing), "above"
    else:
        groups, relation = _in_front_of(rng), "in front of"
    return Scene(groups, relation, place, time)


def sample_scenes(rng: random.Random, held_out: HeldOut, distinct: bool = False) -> Iterator[Scene]:
    """Yield scenes that obey `held_out`, without end; with `distinct` none twice, until new ones become rare."""
    seen: set[Scene] = set()
    repeats = 0
    while repeats < _REPEATS_BEFORE_THE_END:
        scene = sample_scene(rng)
        if held_out is not HeldOut.ANY and scene.has_held_out() != (held_out is HeldOut.ONLY):
            continue
        if distinct and scene in seen:
            repeats += 1
            continue
        repeats = 0
        seen.add(scene)
        yield scene


def _alone(rng: random.Random, standing: tuple[str, ...]) -> tuple[Group, ...]:
    objects = AIR if rng.random() < 0.35 else standing
    return (Group(rng.choice((1, 1, 2, 3)), rng.choice(COLOURS), rng.choice(objects)),)


def _next_to(rng: random.Random, standing: tuple[str, ...]) -> tuple[Group, ...]:
    # Named in alphabetical order: left and right are drawn at random, so a caption must not depend on them.
    objects = sorted(rng.sample(AIR if rng.random() < 0.25 else standing, 2))
    return tuple(Group(1, rng.choice(COLOURS), name) for name in objects)


def _above(rng: random.Random, standing: tuple[str, ...]) -> tuple[Group, ...]:
    flying = Group(rng.choice((1, 1, 2)), rng.choice(COLOURS), rng.choice(AIR))
    return flying, Group(1, rng.choice(COLOURS), rng.choice(standing))


def _in_front_of(rng: random.Random) -> tuple[Group, ...]:
    # Two colours, since the figures overlap and one colour would melt them together.
    front, back = rng.sample(COLOURS, 2)
    return Group(1, front, rng.choice(SMALL)), Group(1, back, rng.choice(BIG))

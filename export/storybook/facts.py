"""The facts that a text states about a picture, and whether they are true of a scene.

Owns `Facts`, whose fields may all be unstated. `hold_in` compares one text with one scene; `truth_table` compares whole
batches, encoded as rows of small integers. Wordings are in queries.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.storybook.scenes import COLOURS, COUNTS, OBJECTS, PLACES, RELATIONS, TIMES, Group, Scene

_UNSTATED = -1
_GROUP_COLUMNS = (3, 6)


@dataclass(frozen=True, slots=True)
class StatedGroup:
    """A group that a text states. "castles" allows the counts 2 and 3; "castle" allows any; "" is any colour."""

    object: str
    colour: str = ""
    counts: tuple[int, ...] = COUNTS

    def fits(self, group: Group) -> bool:
        """Return whether a scene's group is as stated."""
        return group.object == self.object and self.colour in ("", group.colour) and group.count in self.counts


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that a text states; "" is a fact that it does not state."""

    groups: tuple[StatedGroup, ...] = ()
    relation: str = ""
    place: str = ""
    time: str = ""

    @classmethod
    def of_scene(cls, scene: Scene) -> "Facts":
        """Return all facts of a scene, as its exact caption states them."""
        groups = tuple(StatedGroup(group.object, group.colour, (group.count,)) for group in scene.groups)
        return cls(groups, scene.relation, scene.place, scene.time)

    def hold_in(self, scene: Scene) -> bool:
        """Return whether every stated fact is true of the scene."""
        return (
            self.place in ("", scene.place)
            and self.time in ("", scene.time)
            and self.relation in ("", scene.relation)
            and all(any(stated.fits(group) for group in scene.groups) for stated in self.groups)
        )


def encode_facts(facts: Sequence[Facts]) -> NDArray[np.int16]:
    """Encode facts as rows for `truth_table`.

    Returns:
        (n, 9) int16: place, time, relation, then for two groups: object, colour, and the allowed counts as bits.
        -1 stands for what is not stated.
    """
    rows = np.full((len(facts), 9), _UNSTATED, np.int16)
    for row, fact in zip(rows, facts, strict=True):
        row[0] = _index(PLACES, fact.place)
        row[1] = _index(TIMES, fact.time)
        row[2] = _index(RELATIONS, fact.relation)
        for column, stated in zip(_GROUP_COLUMNS, fact.groups, strict=False):
            bits = sum(1 << (count - 1) for count in stated.counts)
            row[column : column + 3] = _index(OBJECTS, stated.object), _index(COLOURS, stated.colour), bits
    return rows


def truth_table(texts: NDArray[np.int16], scenes: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return which texts are true of which scenes.

    Args:
        texts: (t, 9) int16 from `encode_facts`.
        scenes: (s, 9) int16 from `encode_facts` over `Facts.of_scene`.

    Returns:
        (t, s) bool.
    """
    asked, shown = texts[:, None, :], scenes[None, :, :]
    true = ((asked[..., :3] == shown[..., :3]) | (asked[..., :3] == _UNSTATED)).all(-1)
    for column in _GROUP_COLUMNS:
        stated = asked[..., column : column + 3]
        fits = [_fits(stated, shown[..., other : other + 3]) for other in _GROUP_COLUMNS]
        true &= (stated[..., 0] == _UNSTATED) | fits[0] | fits[1]
    return np.asarray(true)


def _fits(stated: NDArray[np.int16], group: NDArray[np.int16]) -> NDArray[np.bool_]:
    """`StatedGroup.fits` for broadcast triples of object, colour and count bits."""
    same_colour = (stated[..., 1] == _UNSTATED) | (stated[..., 1] == group[..., 1])
    allowed_count = (stated[..., 2] & group[..., 2]) > 0
    return np.asarray((stated[..., 0] == group[..., 0]) & same_colour & allowed_count)


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name else _UNSTATED

"""What a text states about a picture, and whether a picture shows it.

Owns Facts, the meaning of a query: each field may be unstated. One text and one scene are compared by `hold_in`; whole
batches by `truth_table` over rows of small integers. Words are queries.py's.
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
    """A group that a text asks for. "castles" allows the counts 2 and 3; "castle" allows any; "" is any colour."""

    object: str
    colour: str = ""
    counts: tuple[int, ...] = COUNTS

    def fits(self, group: Group) -> bool:
        """True when the group shows what is wanted."""
        return group.object == self.object and self.colour in ("", group.colour) and group.count in self.counts


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that a text states, in no order; "" means that it says nothing of the kind."""

    groups: tuple[StatedGroup, ...] = ()
    relation: str = ""
    place: str = ""
    time: str = ""

    @classmethod
    def of_scene(cls, scene: Scene) -> "Facts":
        """Everything that is true of a scene, as its exact caption states it."""
        groups = tuple(StatedGroup(group.object, group.colour, (group.count,)) for group in scene.groups)
        return cls(groups, scene.relation, scene.place, scene.time)

    def hold_in(self, scene: Scene) -> bool:
        """True when every stated fact holds in the scene."""
        return (
            self.place in ("", scene.place)
            and self.time in ("", scene.time)
            and self.relation in ("", scene.relation)
            and all(any(wanted.fits(group) for group in scene.groups) for wanted in self.groups)
        )


def encode_facts(facts: Sequence[Facts]) -> NDArray[np.int16]:
    """Facts as rows for `truth_table`.

    Returns:
        (n, 9) int16: place, time, relation, then for two groups: object, colour, and the allowed counts as bits.
        -1 stands for what is not stated.
    """
    rows = np.full((len(facts), 9), _UNSTATED, np.int16)
    for row, fact in zip(rows, facts, strict=True):
        row[0] = _index(PLACES, fact.place)
        row[1] = _index(TIMES, fact.time)
        row[2] = _index(RELATIONS, fact.relation)
        for column, wanted in zip(_GROUP_COLUMNS, fact.groups, strict=False):
            bits = sum(1 << (count - 1) for count in wanted.counts)
            row[column : column + 3] = _index(OBJECTS, wanted.object), _index(COLOURS, wanted.colour), bits
    return rows


def truth_table(texts: NDArray[np.int16], scenes: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which texts are true of which scenes.

    Args:
        texts: (t, 9) int16 from `encode_facts`.
        scenes: (s, 9) int16 from `encode_facts` over `Facts.of_scene`.

    Returns:
        (t, s) bool.
    """
    asked, shown = texts[:, None, :], scenes[None, :, :]
    true = ((asked[..., :3] == shown[..., :3]) | (asked[..., :3] == _UNSTATED)).all(-1)
    for column in _GROUP_COLUMNS:
        wanted = asked[..., column : column + 3]
        fits = [_fits(wanted, shown[..., other : other + 3]) for other in _GROUP_COLUMNS]
        true &= (wanted[..., 0] == _UNSTATED) | fits[0] | fits[1]
    return np.asarray(true)


def _fits(wanted: NDArray[np.int16], group: NDArray[np.int16]) -> NDArray[np.bool_]:
    """`StatedGroup.fits` for broadcast triples of object, colour and count bits."""
    same_colour = (wanted[..., 1] == _UNSTATED) | (wanted[..., 1] == group[..., 1])
    allowed_count = (wanted[..., 2] & group[..., 2]) > 0
    return np.asarray((wanted[..., 0] == group[..., 0]) & same_colour & allowed_count)


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name else _UNSTATED

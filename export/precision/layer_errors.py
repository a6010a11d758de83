"""What each layer of one graph loses in each precision, measured when it is first asked for, and kept.

Owns which layers' outlier channels are moved into the weights, and where that is taken back: `smoothquant.py` finds how to
move them, `sensitivity.py` measures. Chooses no precision.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import NamedTuple

from export.console import ProgressDisplay
from export.precision.edits import Edits
from export.precision.layers import ExactGraph
from export.precision.rounding import Choice, Precision
from export.precision.sensitivity import LayerSensitivity
from export.precision.smoothquant import ChannelGroup, find_channel_groups, find_scales, move_scales

MAX_ERROR_AFTER_MOVING = 0.7  # of the error before: outliers stay where moving them gains less
FINER: tuple[Precision, ...] = ("row8", "block8")  # than the cheapest, and of 8 bits


class Move(NamedTuple):
    """How the outliers of a group are moved: SmoothQuant's exponent, and the edits that do it."""

    exponent: float
    edits: Edits


class LayerErrors:
    """The errors of one graph's layers: 1 - cosine of its outputs when a layer alone has a precision."""

    def __init__(self, sensitivity: LayerSensitivity, cheapest: Mapping[str, Precision]) -> None:
        """Measure nothing yet; `cheapest` is the precision that each layer begins with, by name."""
        self._sensitivity, self._cheapest = sensitivity, cheapest
        groups = find_channel_groups(sensitivity.graph)
        self._group_of = {name: group for group in groups for name in group.layers}
        self._considered: set[ChannelGroup] = set()
        self._moves: dict[ChannelGroup, Move] = {}
        self._quick: dict[str, float] = {}  # in the cheapest precision, outliers not moved, over the quick inputs
        self._measured: dict[tuple[str, Precision, bool], float] = {}  # by layer, precision, whether moved; over all inputs

    @property
    def graph(self) -> ExactGraph:
        """The exact graph."""
        return self._sensitivity.graph

    def measure_quickly(self, display: ProgressDisplay) -> None:
        """Measure each layer in its cheapest precision over the quick inputs, which tells the costly ones."""
        for name in display.count(self.graph.layers, f"{self.graph.path.stem}: layers in 8 bits"):
            self._quick[name] = self._sensitivity.measure_error({name: self._cheapest[name]}, quick=True)
        if self._sensitivity.quick_is_all:
            self._measured |= {(name, self._cheapest[name], False): error for name, error in self._quick.items()}

    def measure_fully(self, names: Iterable[str]) -> bool:
        """Measure layers in their cheapest precision over all inputs, unless they were; return whether any was not."""
        keys = [(name, self._cheapest[name], self._is_movable(name)) for name in names]
        wanted = [key for key in keys if key not in self._measured]
        for name, precision, moved in wanted:
            self._measure(name, precision, moved=moved)
        return bool(wanted)

    def move_outliers(self, names: Iterable[str]) -> bool:
        """Move outliers into the weights of these layers, where the cheapest precision loses enough by them.

        Returns:
            Whether any of them was not yet considered: other layers may be the costly ones now.
        """
        groups = {self._group_of[name] for name in names if name in self._group_of} - self._considered
        self._considered |= groups
        for group, (exponent, scales) in find_scales(self._sensitivity, sorted(groups)).items():
            edits = move_scales(self.graph, group, scales)
            before = sum(self._measure(name, self._cheapest[name], moved=False) for name in group.layers)
            after = {name: self._sensitivity.measure_error({name: self._cheapest[name]}, edits) for name in group.layers}
            if sum(after.values()) < MAX_ERROR_AFTER_MOVING * before:
                self._moves[group] = Move(exponent, edits)
                self._measured |= {(name, self._cheapest[name], True): error for name, error in after.items()}
        return bool(groups)

    def at_cheapest(self, name: str) -> float:
        """Return the error of a layer in its cheapest precision, outliers moved where of use; 0 if nothing was measured."""
        return self._error(name, self._cheapest[name], moved=self._is_movable(name))

    def before_moving(self, name: str) -> float:
        """Return the error of a layer in its cheapest precision with its outliers where they were."""
        return self._error(name, self._cheapest[name], moved=False)

    def of_choice(self, choice: Choice) -> dict[str, float]:
        """Return the errors of layers with the precisions chosen, by layer; none is below 0."""
        moves = self.moves(choice)
        return {
            name: max(self._error(name, precision, moved=self._group_of.get(name) in moves), 0.0)
            for name, precision in choice.items()
        }

    def known(self, name: str, choice: Choice) -> dict[str, float]:
        """Return the errors of a layer that were measured, by precision: the cheapest, and finer ones as chosen."""
        cheapest, moved = self._cheapest[name], self.move_of(name, choice) is not None
        errors: dict[str, float] = {cheapest: self.at_cheapest(name)} if self._quick else {}
        finer = {one: self._measured.get((name, one, moved)) for one in FINER if one != cheapest}
        return errors | {one: error for one, error in finer.items() if error is not None}

    def moves(self, choice: Choice) -> dict[ChannelGroup, Move]:
        """Return the moves that a choice keeps."""
        return {group: move for group, move in self._moves.items() if self._keeps_move(group, choice)}

    def move_of(self, name: str, choice: Choice) -> Move | None:
        """Return the move that a choice keeps for a layer."""
        group = self._group_of.get(name)
        return self._moves[group] if group in self._moves and self._keeps_move(group, choice) else None

    def edits(self, choice: Choice) -> Edits:
        """Return what moves the outliers of all layers, where the choice keeps it."""
        return reduce(or_, (move.edits for move in self.moves(choice).values()), Edits())

    def _keeps_move(self, group: ChannelGroup, choice: Choice) -> bool:
        """Return whether a group's outliers stay moved, as scales that suit the cheapest precision may coarsen blocks.

        They do where one of its layers has that precision, or where its layers in finer ones lose enough by it, too.
        """
        if any(choice.get(name) == self._cheapest[name] for name in group.layers):
            return True
        finer = [(name, precision) for name in group.layers if (precision := choice.get(name)) in FINER]
        moved, unmoved = (sum(self._error(name, precision, moved=at) for name, precision in finer) for at in (True, False))
        return moved < MAX_ERROR_AFTER_MOVING * unmoved

    def _is_movable(self, name: str) -> bool:
        return self._group_of.get(name) in self._moves

    def _error(self, name: str, precision: Precision, *, moved: bool) -> float:
        if precision == "fp32" or not self._quick:
            return 0.0
        if precision == self._cheapest[name] and not moved and (name, precision, False) not in self._measured:
            return self._quick[name]
        return self._measure(name, precision, moved=moved)

    def _measure(self, name: str, precision: Precision, *, moved: bool) -> float:
        key = name, precision, moved
        if key not in self._measured:
            edits = self._moves[self._group_of[name]].edits if moved else None
            self._measured[key] = self._sensitivity.measure_error({name: precision}, edits)
        return self._measured[key]

"""A precision for every layer of a graph: the cheapest choice whose measured errors stay within a budget.

Owns what precisions cost, how errors are traded against it, and the readable form, plan.json. Errors come from
`sensitivity.py`, moved outliers from `smoothquant.py`; whether the whole still meets its gates is judged by `gates.py`.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import NamedTuple

from export.console import Display
from export.precision.channel_groups import ChannelGroup, find_channel_groups
from export.precision.gates import Gates
from export.precision.layers import Layer
from export.precision.rewriting import Edits
from export.precision.rounding import BLOCK_MIN, Choice, Precision, Target
from export.precision.sensitivity import Trials
from export.precision.smoothquant import find_scales, move
from runtime.artefacts.file_record import Record

# Of a weight, relative to int8: the mean of time (1, 2.6, 4 from ten rows on, one thread with VNNI) and bytes (1, 1.06, 4).
COST: Mapping[Precision, float] = {"int8": 1, "block8": 1.8, "fp32": 4}
BEARABLE = 0.5  # of the budget: what the layers may cost together that are left in int8 without a second look
WORTH_MOVING = 0.7  # of the error before: for less, no multiplication is put into the graph
NAMED_IN_THE_WAY = 3


class LayerPlan(Record):
    """One line of the plan. `errors`: 1 - cosine of the graph's outputs with this layer alone rounded, where measured.

    `equalized` is SmoothQuant's exponent, where outlier channels were moved into the weights.
    """

    layer: str
    kind: str
    weights: int
    precision: Precision
    errors: dict[str, float]
    equalized: float | None = None
    why: str


class GraphPlan(Record):
    """A graph's layers; `predicted` is the sum of their errors, `budget` what it had to stay within."""

    budget: float
    predicted: float
    layers: list[LayerPlan]


class Plan(Record):
    """`plan.json`."""

    target: Target
    gates: Gates
    calibration: str
    graphs: dict[str, GraphPlan]


class _Upgrade(NamedTuple):
    layer: str
    precision: Precision
    gain: float
    cost: float


class Planner:
    """One graph's errors, measured as they are needed and kept for the next budget."""

    def __init__(self, trials: Trials) -> None:
        """Plan for the graph of the trials; measures nothing yet."""
        self.trials = trials
        self._layers: dict[str, Layer] = trials.graph.layers
        self._moved: dict[str, Edits] = {}  # what moves a layer's outliers, the same for all of a group
        self._equalized: dict[str, float] = {}
        self._before: dict[str, float] = {}  # errors in int8 before outliers were moved
        self._groups = find_channel_groups(trials.graph)
        self._considered: set[ChannelGroup] = set()
        self._errors: dict[str, dict[Precision, float]] = {name: {"fp32": 0.0} for name in self._layers}

    def try_layers(self, display: Display) -> None:
        """Measure what each layer costs in int8, alone."""
        for name in display.count(self._layers, f"{self.trials.graph.path.stem}: layers in int8"):
            self._measure(name, "int8")

    def all_int8(self) -> dict[str, Precision]:
        """Return the naive choice."""
        return dict.fromkeys(self._layers, "int8")

    def choose(self, budget: float) -> Choice:
        """Return the cheapest precisions whose errors sum up to `budget` at most; if need be, outliers are moved first."""
        if self.predict(self.all_int8()) > budget:
            self._equalize(budget)
        choice: dict[str, Precision] = self.all_int8()
        hot = self._hot_layers(budget)
        while self.predict(choice) > budget:
            upgrade = max(self._upgrades(choice, hot), key=lambda one: one.gain / one.cost, default=None)
            if upgrade is None:
                break
            choice[upgrade.layer] = upgrade.precision
        self._relax(choice, budget)
        return choice

    @property
    def edits(self) -> Edits:
        """Return what moves the outliers of all layers."""
        return reduce(or_, self._moved.values(), Edits())

    def predict(self, choice: Choice) -> float:
        """Return the sum of the chosen errors: rounding errors of different layers hardly know of one another."""
        return sum(max(self._errors[name].get(precision, 0.0), 0.0) for name, precision in choice.items())

    def describe(self, choice: Choice, budget: float) -> GraphPlan:
        """Return the readable form of a choice."""
        lines = [
            LayerPlan(
                layer=name,
                kind=self._layers[name].kind,
                weights=self._layers[name].weights,
                precision=precision,
                errors={known: error for known, error in self._errors[name].items() if known != "fp32"},
                equalized=self._equalized.get(name),
                why=self._why(name, precision, budget),
            )
            for name, precision in choice.items()
        ]
        return GraphPlan(budget=budget, predicted=self.predict(choice), layers=lines)

    def in_the_way(self) -> list[str]:
        """Return the names of the layers that cost most in int8."""
        known = [name for name, errors in self._errors.items() if "int8" in errors]
        return sorted(known, key=lambda name: -self._errors[name]["int8"])[:NAMED_IN_THE_WAY]

    def _measure(self, name: str, precision: Precision) -> float:
        if precision not in self._errors[name]:
            self._errors[name][precision] = self.trials.error({name: precision}, self._moved.get(name))
        return self._errors[name][precision]

    def _hot_layers(self, budget: float) -> list[str]:
        """Return the costliest layers: without them, the rest stays well within the budget."""
        ranked = sorted(self._errors, key=lambda name: -self._errors[name]["int8"])
        rest = self.predict(self.all_int8())
        for count, name in enumerate(ranked):
            if rest <= BEARABLE * budget:
                return ranked[:count]
            rest -= max(self._errors[name]["int8"], 0.0)
        return ranked

    def _upgrades(self, choice: Choice, hot: list[str]) -> Iterator[_Upgrade]:
        for name in hot:
            layer, now = self._layers[name], choice[name]
            for finer in self._finer(layer, now):
                gain = self._errors[name][now] - self._measure(name, finer)
                if gain > 0:
                    yield _Upgrade(name, finer, gain, layer.weights * (COST[finer] - COST[now]))

    def _relax(self, choice: dict[str, Precision], budget: float) -> None:
        """Take back what later upgrades made needless, dearest first: the last one may have overshot the budget by far."""
        upgraded = [name for name, precision in choice.items() if precision != "int8"]
        for name in sorted(upgraded, key=lambda name: -self._layers[name].weights * COST[choice[name]]):
            for coarser in sorted(self._errors[name], key=COST.__getitem__):
                if COST[coarser] < COST[choice[name]] and self.predict(choice | {name: coarser}) <= budget:
                    choice[name] = coarser

    def _finer(self, layer: Layer, precision: Precision) -> list[Precision]:
        """Tables know no blocks, and neither does a looked-up product whose inputs do not fill whole ones."""
        blocks = layer.kind == "product" and not layer.shape[0] % BLOCK_MIN
        ladder: list[Precision] = ["int8", "block8", "fp32"] if blocks else ["int8", "fp32"]
        return ladder[ladder.index(precision) + 1 :]

    def _equalize(self, budget: float) -> None:
        """Move outliers into the weights of hot layers, where the trial says that it helps."""
        hot = set(self._hot_layers(budget))
        groups = [group for group in self._groups if hot & set(group.layers) and group not in self._considered]
        self._considered.update(groups)
        for group, (exponent, scales) in find_scales(self.trials, groups).items():
            edits = move(self.trials.graph, group, scales)
            moved = {name: self.trials.error({name: "int8"}, edits) for name in group.layers}
            if sum(moved.values()) < WORTH_MOVING * sum(self._errors[name]["int8"] for name in group.layers):
                for name, error in moved.items():
                    self._moved[name] = edits
                    self._before[name] = self._errors[name]["int8"]
                    self._errors[name] = {"fp32": 0.0, "int8": error}
                    self._equalized[name] = exponent

    def _why(self, name: str, precision: Precision, budget: float) -> str:
        errors = self._errors[name]
        if "int8" not in errors:
            return "every layer was to be int8, and none was tried"
        before = self._before.get(name)
        story = f"; with its outlier channels not yet moved into the weights, {before:.1e}" if before else ""
        costs = f"int8 would cost {errors['int8']:.1e} of {budget:.1e}{story}"
        if precision == "int8":
            return f"int8 costs {errors['int8']:.1e} of {budget:.1e}{story}"
        if precision == "block8":
            return f"{costs}; in blocks it costs {errors['block8']:.1e}"
        blocks = f"; in blocks {errors['block8']:.1e}" if "block8" in errors else ""
        return f"stands in the way: {costs}{blocks}"

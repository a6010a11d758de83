"""The mixed-precision plan: for every layer of a graph, the cheapest precision with which all errors stay within a budget.

Owns what a precision costs, how cost is weighed against error, and the records of plan.json. Errors are measured by
`sensitivity.py`, outliers moved by `smoothquant.py`; whether the whole meets its gates is measured by `gate_measures.py`.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import NamedTuple

from export.console import ProgressDisplay
from export.precision.cross_states import CrossStatesPlan
from export.precision.edits import Edits
from export.precision.gates import Gates
from export.precision.layers import ExactGraph, Layer
from export.precision.rounding import BLOCK_MIN, Choice, Precision, Target
from export.precision.sensitivity import LayerSensitivity
from export.precision.smoothquant import ChannelGroup, find_channel_groups, find_scales, move_scales
from runtime.artefacts.file_record import Record

# Cost of one weight, relative to int8: the mean of its time (1, 1.1, 2.6 and 4, from ten rows on, one thread with VNNI) and
# its bytes (1, 1, 1.06 and 4).
COST: Mapping[Precision, float] = {"int8": 1, "row8": 1.05, "block8": 1.8, "fp32": 4}
UNEXAMINED_SHARE = 0.5  # the share of the budget for layers kept in int8 unexamined
MAX_ERROR_AFTER_MOVING = 0.7  # of the error before: outliers stay where moving them gains less
NAMED_LAYERS = 3
FINER: Mapping[Precision, str] = {"row8": "in rows", "block8": "in blocks"}


class LayerPlan(Record):
    """The precision of one layer.

    Attributes:
        layer: its name.
        kind: "product", "table" or "kernel".
        weights: how many numbers it holds.
        precision: the one chosen; of 8 bits, "row8" is the least for products of a graph with `rows`, else "int8".
        errors: 1 - cosine of the graph's outputs when this layer alone has a precision, by the precisions measured.
        equalized: SmoothQuant's exponent, where outlier channels were moved into the weights; else None.
        why: one sentence that gives the reason.
    """

    layer: str
    kind: str
    weights: int
    precision: Precision
    errors: dict[str, float]
    equalized: float | None = None
    why: str


class GraphPlan(Record):
    """The layers of one graph.

    Attributes:
        budget: what the sum of the layers' errors must not exceed.
        predicted: that sum.
        rows: whether products in 8 bits round activations row by row at least, so that no row depends on others.
        layers: a plan for each.
    """

    budget: float
    predicted: float
    rows: bool = False
    layers: list[LayerPlan]


class PrecisionPlan(Record):
    """What `plan.json` holds: a plan for each graph, and for a picture's keys and values; what it was made for and with."""

    target: Target
    gates: Gates
    calibration: str
    graphs: dict[str, GraphPlan]
    cross_states: CrossStatesPlan | None = None


class _Upgrade(NamedTuple):
    layer: str
    precision: Precision
    gain: float
    cost: float


class PrecisionPlanner:
    """Plans one graph. Errors are measured when they are needed, and kept for the next budget."""

    def __init__(self, sensitivity: LayerSensitivity, *, rows: bool = False) -> None:
        """Plan the graph of the sensitivity; measures nothing yet. With `rows`, products round row by row at least."""
        self._sensitivity, self._rows = sensitivity, rows
        self._layers: dict[str, Layer] = sensitivity.graph.layers
        self._cheapest: dict[str, Precision] = {
            name: "row8" if rows and layer.kind == "product" else "int8" for name, layer in self._layers.items()
        }
        self._edits: dict[str, Edits] = {}  # what moves a layer's outliers; the layers of a group share one
        self._equalized: dict[str, float] = {}
        self._errors_unmoved: dict[str, float] = {}  # in the cheapest precision, before outliers were moved
        self._groups = find_channel_groups(sensitivity.graph)
        self._considered: set[ChannelGroup] = set()
        self._errors: dict[str, dict[Precision, float]] = {name: {"fp32": 0.0} for name in self._layers}

    @property
    def graph(self) -> ExactGraph:
        """Return the exact graph that is planned for."""
        return self._sensitivity.graph

    def measure_layers(self, display: ProgressDisplay) -> None:
        """Measure the error of each layer when it alone has the cheapest precision."""
        for name in display.count(self._layers, f"{self.graph.path.stem}: layers in 8 bits"):
            self._measure(name, self._cheapest[name])

    def all_cheapest(self) -> dict[str, Precision]:
        """Return the naive choice: the cheapest precision for every layer, "int8", or "row8" for products with `rows`."""
        return dict(self._cheapest)

    def choose(self, budget: float) -> Choice:
        """Return cheap precisions whose errors add up to `budget` at most; outliers are moved first if 8 bits exceed it."""
        if self.predict(self.all_cheapest()) > budget:
            self._equalize(budget)
        choice: dict[str, Precision] = self.all_cheapest()
        costly = self._costly_layers(budget)
        while self.predict(choice) > budget:
            upgrade = max(self._upgrades(choice, costly), key=lambda one: one.gain / one.cost, default=None)
            if upgrade is None:
                break
            choice[upgrade.layer] = upgrade.precision
        self._relax(choice, budget)
        return choice

    @property
    def edits(self) -> Edits:
        """Return what moves the outliers of all layers."""
        return reduce(or_, self._edits.values(), Edits())

    def predict(self, choice: Choice) -> float:
        """Return the sum of the chosen errors: rounding errors of different layers are nearly independent."""
        return sum(max(self._errors[name].get(precision, 0.0), 0.0) for name, precision in choice.items())

    def describe(self, choice: Choice, budget: float) -> GraphPlan:
        """Return the choice as plan.json holds it."""
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
        return GraphPlan(budget=budget, predicted=self.predict(choice), rows=self._rows, layers=lines)

    def costliest_layers(self) -> list[str]:
        """Return the names of the layers with the largest errors in the cheapest precision, the largest first."""
        known = [name for name, errors in self._errors.items() if self._cheapest[name] in errors]
        return sorted(known, key=self._cheapest_error, reverse=True)[:NAMED_LAYERS]

    def _cheapest_error(self, name: str) -> float:
        return self._errors[name][self._cheapest[name]]

    def _measure(self, name: str, precision: Precision) -> float:
        if precision not in self._errors[name]:
            self._errors[name][precision] = self._sensitivity.measure_error({name: precision}, self._edits.get(name))
        return self._errors[name][precision]

    def _costly_layers(self, budget: float) -> list[str]:
        """Return the layers with the largest errors, until the others stay within `UNEXAMINED_SHARE` of the budget."""
        ranked = sorted(self._errors, key=self._cheapest_error, reverse=True)
        rest = self.predict(self.all_cheapest())
        for count, name in enumerate(ranked):
            if rest <= UNEXAMINED_SHARE * budget:
                return ranked[:count]
            rest -= max(self._cheapest_error(name), 0.0)
        return ranked

    def _upgrades(self, choice: Choice, costly: list[str]) -> Iterator[_Upgrade]:
        for name in costly:
            layer, now = self._layers[name], choice[name]
            for finer in self._finer(layer, now):
                gain = self._errors[name][now] - self._measure(name, finer)
                if gain > 0:
                    yield _Upgrade(name, finer, gain, layer.weights * (COST[finer] - COST[now]))

    def _relax(self, choice: dict[str, Precision], budget: float) -> None:
        """Undo upgrades that are not needed, the most expensive first: the last one may have gained more than needed."""
        upgraded = [name for name, precision in choice.items() if precision != self._cheapest[name]]
        for name in sorted(upgraded, key=lambda name: -self._layers[name].weights * COST[choice[name]]):
            for coarser in sorted(self._errors[name], key=COST.__getitem__):
                if COST[coarser] < COST[choice[name]] and self.predict(choice | {name: coarser}) <= budget:
                    choice[name] = coarser

    def _finer(self, layer: Layer, precision: Precision) -> list[Precision]:
        """Return the more exact precisions. Only products can be in rows or blocks; in blocks, if their inputs fill them."""
        ladder: list[Precision] = ["int8", "fp32"]
        if layer.kind == "product":
            ladder = ["int8", "row8", "fp32"] if layer.shape[0] % BLOCK_MIN else ["int8", "row8", "block8", "fp32"]
        return ladder[ladder.index(precision) + 1 :]

    def _equalize(self, budget: float) -> None:
        """Move outliers into the weights of the costly layers, where the measured error falls enough."""
        costly = set(self._costly_layers(budget))
        groups = [group for group in self._groups if costly & set(group.layers) and group not in self._considered]
        self._considered.update(groups)
        for group, (exponent, scales) in find_scales(self._sensitivity, groups).items():
            edits = move_scales(self.graph, group, scales)
            moved = {name: self._sensitivity.measure_error({name: self._cheapest[name]}, edits) for name in group.layers}
            if sum(moved.values()) < MAX_ERROR_AFTER_MOVING * sum(map(self._cheapest_error, group.layers)):
                for name, error in moved.items():
                    self._edits[name] = edits
                    self._errors_unmoved[name] = self._cheapest_error(name)
                    self._errors[name] = {"fp32": 0.0, self._cheapest[name]: error}
                    self._equalized[name] = exponent

    def _why(self, name: str, precision: Precision, budget: float) -> str:
        errors, cheapest = self._errors[name], self._cheapest[name]
        if cheapest not in errors:
            return "every layer was to have 8 bits, and none was measured"
        before = self._errors_unmoved.get(name)
        unmoved = f"; with its outlier channels not yet moved into the weights, {before:.1e}" if before else ""
        costs = f"{errors[cheapest]:.1e} of {budget:.1e}{unmoved}"
        if precision == cheapest:
            return f"{cheapest} costs {costs}"
        finer = "".join(
            f"; {words} {errors[other]:.1e}" for other, words in FINER.items() if other in errors and other != cheapest
        )
        return f"{'kept in fp32: ' if precision == 'fp32' else ''}{cheapest} would cost {costs}{finer}"

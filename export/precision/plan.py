"""The mixed-precision plan: for every layer of a graph, the cheapest precision with which all errors stay within a budget.

Owns what a precision costs, how cost is weighed against error, and the records of plan.json. Errors are measured, and
outliers moved, by `layer_errors.py`; whether the whole meets its gates is measured by `gate_measures.py`.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from export.console import ProgressDisplay
from export.precision.gates import Gates
from export.precision.layer_errors import LayerErrors
from export.precision.layers import ExactGraph, Layer
from export.precision.rewriting import Edits
from export.precision.rounding import BLOCK_MIN, Choice, Precision, Target
from export.precision.sensitivity import LayerSensitivity
from runtime.artefacts.file_record import Record

# Cost of one weight, relative to int8: the mean of its time (1, 2.6 and 4, from ten rows on, one thread with VNNI) and its
# bytes (1, 1.06 and 4).
COST: Mapping[Precision, float] = {"int8": 1, "block8": 1.8, "fp32": 4}
UNEXAMINED_SHARE = 0.5  # the share of the budget for layers kept in int8 unexamined
NAMED_LAYERS = 3


class LayerPlan(Record):
    """The precision of one layer.

    Attributes:
        layer: its name.
        kind: "product", "table" or "kernel".
        weights: how many numbers it holds.
        precision: the one chosen.
        errors: 1 - cosine of the graph's outputs when this layer alone has a precision, by the precisions measured; in int8
            with its outlier channels moved into the weights if that helps, in blocks as they are in the plan.
        equalized: SmoothQuant's exponent, where outlier channels are moved into the weights; else None.
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
    """The layers of one graph; `predicted` is the sum of their errors, which must not exceed `budget`."""

    budget: float
    predicted: float
    layers: list[LayerPlan]


class PrecisionPlan(Record):
    """What `plan.json` holds: a plan for each graph, and what it was made for and with."""

    target: Target
    gates: Gates
    calibration: str
    graphs: dict[str, GraphPlan]


class _Upgrade(NamedTuple):
    layer: str
    precision: Precision
    gain: float
    cost: float


class PrecisionPlanner:
    """Plans one graph. Errors are measured when they are needed, and kept for the next budget."""

    def __init__(self, sensitivity: LayerSensitivity) -> None:
        """Plan for the graph of the sensitivity; measures nothing yet."""
        self._layers: dict[str, Layer] = sensitivity.graph.layers
        self._errors = LayerErrors(sensitivity)

    @property
    def graph(self) -> ExactGraph:
        """Return the exact graph that is planned for."""
        return self._errors.graph

    def measure_layers(self, display: ProgressDisplay) -> None:
        """Measure the error of each layer when it alone is int8, over the quick inputs."""
        self._errors.measure_quickly(display)

    def all_int8(self) -> dict[str, Precision]:
        """Return the naive choice: every layer in int8."""
        return dict.fromkeys(self._layers, "int8")

    def choose(self, budget: float) -> Choice:
        """Return cheap precisions whose errors add up to `budget` at most; outliers are moved first if int8 exceeds it."""
        self._settle_errors(budget)
        choice: dict[str, Precision] = self.all_int8()
        costly = self._costly_layers(budget)
        while self.predict(choice) > budget:
            upgrade = max(self._upgrades(choice, costly), key=lambda one: one.gain / one.cost, default=None)
            if upgrade is None:
                break
            choice[upgrade.layer] = upgrade.precision
        self._relax(choice, budget)
        return choice

    def edits(self, choice: Choice) -> Edits:
        """Return what moves outliers, where the choice keeps that."""
        return self._errors.edits(choice)

    def predict(self, choice: Choice) -> float:
        """Return the sum of the chosen errors: rounding errors of different layers are nearly independent."""
        return sum(self._errors.of_choice(choice).values())

    def describe(self, choice: Choice, budget: float) -> GraphPlan:
        """Return the choice as plan.json holds it."""
        lines = [self._describe_layer(name, choice, budget) for name in choice]
        return GraphPlan(budget=budget, predicted=self.predict(choice), layers=lines)

    def costliest_layers(self) -> list[str]:
        """Return the names of the layers with the largest errors in int8, the largest first."""
        return self._ranked_layers()[:NAMED_LAYERS]

    def _settle_errors(self, budget: float) -> None:
        """Measure the costly layers over all inputs, and move their outliers, until no layer is new among them.

        Which layers are the costly ones changes with every error that falls or is measured better.
        """
        while True:
            costly = self._costly_layers(budget)
            if self._errors.measure_fully(costly):
                continue
            if self.predict(self.all_int8()) <= budget or not self._errors.move_outliers(costly):
                return

    def _ranked_layers(self) -> list[str]:
        return sorted(self._layers, key=lambda name: -self._errors.in_int8(name))

    def _costly_layers(self, budget: float) -> list[str]:
        """Return the layers with the largest errors, until the others stay within `UNEXAMINED_SHARE` of the budget."""
        ranked, errors = self._ranked_layers(), self._errors.of_choice(self.all_int8())
        rest = sum(errors.values())
        for count, name in enumerate(ranked):
            if rest <= UNEXAMINED_SHARE * budget:
                return ranked[:count]
            rest -= errors[name]
        return ranked

    def _upgrades(self, choice: Choice, costly: list[str]) -> Iterator[_Upgrade]:
        now = self.predict(choice)
        for name in costly:
            layer = self._layers[name]
            for finer in self._ladder(layer)[self._ladder(layer).index(choice[name]) + 1 :]:
                gain = now - self.predict({**choice, name: finer})
                if gain > 0:
                    yield _Upgrade(name, finer, gain, layer.weights * (COST[finer] - COST[choice[name]]))

    def _relax(self, choice: dict[str, Precision], budget: float) -> None:
        """Undo upgrades that are not needed, the most expensive first: the last one may have gained more than needed."""
        upgraded = [name for name, precision in choice.items() if precision != "int8"]
        for name in sorted(upgraded, key=lambda name: -self._layers[name].weights * COST[choice[name]]):
            for coarser in self._ladder(self._layers[name]):
                if COST[coarser] < COST[choice[name]] and self.predict(choice | {name: coarser}) <= budget:
                    choice[name] = coarser

    def _ladder(self, layer: Layer) -> list[Precision]:
        """Return the precisions, coarsest first. Blocks are for products alone, whose inputs must fill whole blocks."""
        blocks = layer.kind == "product" and not layer.shape[0] % BLOCK_MIN
        return ["int8", "block8", "fp32"] if blocks else ["int8", "fp32"]

    def _describe_layer(self, name: str, choice: Choice, budget: float) -> LayerPlan:
        layer, move = self._layers[name], self._errors.move_of(name, choice)
        errors = self._errors.known(name, choice)
        return LayerPlan(
            layer=name,
            kind=layer.kind,
            weights=layer.weights,
            precision=choice[name],
            errors=errors,
            equalized=move.exponent if move else None,
            why=self._why(name, choice[name], errors, taken_back=move is None, budget=budget),
        )

    def _why(self, name: str, precision: Precision, errors: Mapping[str, float], *, taken_back: bool, budget: float) -> str:
        if "int8" not in errors:
            return "every layer was to be int8, and none was measured"
        int8, unmoved = errors["int8"], self._errors.before_moving(name)
        before = f"; with its outlier channels not yet moved into the weights, {unmoved:.1e}" if int8 != unmoved else ""
        if precision == "int8":
            return f"int8 costs {int8:.1e} of {budget:.1e}{before}"
        costs = f"int8 would cost {int8:.1e} of {budget:.1e}{before}"
        if precision == "block8":
            back = ", for which they stay," if before and taken_back else ""
            return f"{costs}; in blocks{back} it costs {errors['block8']:.1e}"
        blocks = f"; in blocks {errors['block8']:.1e}" if "block8" in errors else ""
        return f"kept in fp32: {costs}{blocks}"

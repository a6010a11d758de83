"""The mixed-precision plan: for every layer of a graph, the cheapest precision with which all errors stay within a budget.

Owns what a precision costs, how cost is weighed against error, and the records of plan.json. Errors are measured, and
outliers moved, by `layer_errors.py`; whether the whole meets its gates is measured by `gate_measures.py`.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import Field

from export.console import ProgressDisplay
from export.precision.cross_states import CrossStatesPlan
from export.precision.edits import Edits
from export.precision.gates import Gates
from export.precision.layer_errors import LayerErrors
from export.precision.layers import ExactGraph, Layer
from export.precision.rounding import BLOCK_MIN, Choice, Precision, Target
from export.precision.sensitivity import LayerSensitivity
from runtime.artefacts.file_record import Record

# Cost of one weight, relative to int8: the mean of its time (1, 1.1, 2.6 and 4, from ten rows on, one thread with VNNI) and
# its bytes (1, 1, 1.06 and 4).
COST: Mapping[Precision, float] = {"int8": 1, "row8": 1.05, "block8": 1.8, "fp32": 4}
UNEXAMINED_SHARE = 0.5  # the share of the budget for layers kept in 8 bits unexamined
NAMED_LAYERS = 3
FINER: Mapping[Precision, str] = {"row8": "in rows", "block8": "in blocks"}


class LayerPlan(Record):
    """The precision of one layer.

    Attributes:
        layer: its name.
        kind: "product", "table" or "kernel".
        weights: how many numbers it holds.
        precision: the one chosen; of 8 bits, "row8" is the least for products of a graph with `rows`, else "int8".
        errors: 1 - cosine of the graph's outputs when this layer alone has a precision, by the precisions measured; in the
            cheapest with its outlier channels moved into the weights if that helps, in finer ones as they are in the plan.
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


class TriedPlan(Record):
    """A plan of one family that missed a gate, so that a more precise one was made.

    Attributes:
        predicted: what each graph was predicted to lose, 1 - cosine, by graph.
        layers: how many layers had each precision, by graph.
        missed: each gate that was missed, as a sentence with the figure and what is allowed.
    """

    predicted: dict[str, float]
    layers: dict[str, dict[Precision, int]]
    missed: list[str]


class PrecisionPlan(Record):
    """What `plan.json` holds: a plan for each graph, and for a picture's keys and values; what it was made for and with.

    `tried` are the plans before these, in their order, each of which missed a gate.
    """

    target: Target
    gates: Gates
    calibration: str
    graphs: dict[str, GraphPlan]
    cross_states: CrossStatesPlan | None = None
    tried: list[TriedPlan] = Field(default_factory=list)


class _Upgrade(NamedTuple):
    layer: str
    precision: Precision
    gain: float
    cost: float


class PrecisionPlanner:
    """Plans one graph. Errors are measured when they are needed, and kept for the next budget."""

    def __init__(self, sensitivity: LayerSensitivity, *, rows: bool = False) -> None:
        """Plan the graph of the sensitivity; measures nothing yet. With `rows`, products round row by row at least."""
        self._layers: dict[str, Layer] = sensitivity.graph.layers
        self._rows = rows
        self._cheapest: dict[str, Precision] = {
            name: "row8" if rows and layer.kind == "product" else "int8" for name, layer in self._layers.items()
        }
        self._errors = LayerErrors(sensitivity, self._cheapest)

    @property
    def graph(self) -> ExactGraph:
        """Return the exact graph that is planned for."""
        return self._errors.graph

    def measure_layers(self, display: ProgressDisplay) -> None:
        """Measure the error of each layer when it alone has the cheapest precision, over the quick inputs."""
        self._errors.measure_quickly(display)

    def all_cheapest(self) -> dict[str, Precision]:
        """Return the naive choice: the cheapest precision for every layer, "int8", or "row8" for products with `rows`."""
        return dict(self._cheapest)

    def choose(self, budget: float) -> Choice:
        """Return cheap precisions whose errors add up to `budget` at most; outliers are moved first if 8 bits exceed it."""
        self._settle_errors(budget)
        choice: dict[str, Precision] = self.all_cheapest()
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
        return GraphPlan(budget=budget, predicted=self.predict(choice), rows=self._rows, layers=lines)

    def costliest_layers(self) -> list[str]:
        """Return the names of the layers with the largest errors in the cheapest precision, the largest first."""
        return self._ranked_layers()[:NAMED_LAYERS]

    def _settle_errors(self, budget: float) -> None:
        """Measure the costly layers over all inputs, and move their outliers, until no layer is new among them.

        Which layers are the costly ones changes with every error that falls or is measured better.
        """
        while True:
            costly = self._costly_layers(budget)
            if self._errors.measure_fully(costly):
                continue
            if self.predict(self.all_cheapest()) <= budget or not self._errors.move_outliers(costly):
                return

    def _ranked_layers(self) -> list[str]:
        return sorted(self._layers, key=lambda name: -self._errors.at_cheapest(name))

    def _costly_layers(self, budget: float) -> list[str]:
        """Return the layers with the largest errors, until the others stay within `UNEXAMINED_SHARE` of the budget."""
        ranked, errors = self._ranked_layers(), self._errors.of_choice(self.all_cheapest())
        rest = sum(errors.values())
        for count, name in enumerate(ranked):
            if rest <= UNEXAMINED_SHARE * budget:
                return ranked[:count]
            rest -= errors[name]
        return ranked

    def _upgrades(self, choice: Choice, costly: list[str]) -> Iterator[_Upgrade]:
        now = self.predict(choice)
        for name in costly:
            ladder, weights = self._ladder(name), self._layers[name].weights
            for finer in ladder[ladder.index(choice[name]) + 1 :]:
                gain = now - self.predict({**choice, name: finer})
                if gain > 0:
                    yield _Upgrade(name, finer, gain, weights * (COST[finer] - COST[choice[name]]))

    def _relax(self, choice: dict[str, Precision], budget: float) -> None:
        """Undo upgrades that are not needed, the most expensive first: the last one may have gained more than needed."""
        upgraded = [name for name, precision in choice.items() if precision != self._cheapest[name]]
        for name in sorted(upgraded, key=lambda name: -self._layers[name].weights * COST[choice[name]]):
            for coarser in self._ladder(name):
                if COST[coarser] < COST[choice[name]] and self.predict(choice | {name: coarser}) <= budget:
                    choice[name] = coarser

    def _ladder(self, name: str) -> list[Precision]:
        """Return a layer's precisions from its cheapest on. Products alone can be in rows, or blocks, which inputs fill."""
        layer, ladder = self._layers[name], list[Precision](["int8", "fp32"])
        if layer.kind == "product":
            ladder = ["int8", "row8", "fp32"] if layer.shape[0] % BLOCK_MIN else ["int8", "row8", "block8", "fp32"]
        return ladder[ladder.index(self._cheapest[name]) :]

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
        cheapest = self._cheapest[name]
        if cheapest not in errors:
            return "every layer was to have 8 bits, and none was measured"
        error, unmoved = errors[cheapest], self._errors.before_moving(name)
        before = f"; with its outlier channels not yet moved into the weights, {unmoved:.1e}" if error != unmoved else ""
        costs = f"{error:.1e} of {budget:.1e}{before}"
        if precision == cheapest:
            return f"{cheapest} costs {costs}"
        back = ", for which they stay," if before and taken_back and precision in FINER else ""
        finer = "".join(
            f"; {words}{back if other == precision else ''} {errors[other]:.1e}"
            for other, words in FINER.items()
            if other in errors and other != cheapest
        )
        return f"{'kept in fp32: ' if precision == 'fp32' else ''}{cheapest} would cost {costs}{finer}"

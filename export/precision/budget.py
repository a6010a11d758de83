"""The search for error budgets with which one family's quantized graphs meet the gates.

Each plan of precisions is written and evaluated; a missed gate, of cosines or of what both graphs cause together, tightens
the budget of the next one. Owns the budgets. `plan.py` chooses precisions, `gate_measures.py` runs the graphs, `gates.py`
says what they must keep.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.console import ProgressDisplay
from export.precision.cross_state_nodes import divide_states, pass_states_in_int8
from export.precision.cross_states import CrossStatesPlan, Scales
from export.precision.gate_measures import GateMeasure
from export.precision.gates import GateMiss, GateResult, Gates, name_layers
from export.precision.layers import ExactGraph
from export.precision.plan import GraphPlan, PrecisionPlanner, TriedPlan
from export.precision.rewriting import rewrite, write_single_file
from export.precision.rounding import Target
from export.precision.sensitivity import LayerSensitivity

SAFETY = 0.8  # the first budget, as a part of the loss that the gate allows: other pictures may lose more than calibration's
TIGHTEST, LOOSEST = 0.25, 0.9  # limits of the factor that a missed gate puts on a graph's budget
PLANS = 7  # at most; in the last of them, every layer that costs anything stays in fp32


@dataclass(frozen=True)
class RoundingOptions:
    """How graphs are rounded.

    Attributes:
        target: the CPU to round for.
        gates: what quantized graphs must keep of the exact ones.
        naive: whether every layer has the cheapest precision, unmeasured.
        threads: of onnxruntime.
        row_graphs: those whose products in 8 bits round activations row by row at least, so that no row depends on others.
    """

    target: Target
    gates: Gates
    naive: bool
    threads: int
    row_graphs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RoundedGraphs:
    """The plans of the graphs that were written, what was measured of them, and the gates that they miss.

    `states` is how a picture's keys and values are passed between the graphs; None where int8 was not tried for them.
    `tried` are the coarser plans before, each of which missed a gate.
    """

    plans: dict[str, GraphPlan]
    result: GateResult
    misses: Sequence[GateMiss]
    states: CrossStatesPlan | None = None
    tried: Sequence[TriedPlan] = ()


class BudgetSearch:
    """Writes the quantized graphs of one family, CLIP's or BLIP's."""

    def __init__(
        self, graphs: Sequence[str], exact: Path, out: Path, options: RoundingOptions, display: ProgressDisplay
    ) -> None:
        """Quantize the graphs below `exact` and write them below `out`, once `run` is called."""
        self._graphs, self._exact, self._out, self._options, self._display = graphs, exact, out, options, display

    def run(self, gate_measure: GateMeasure) -> RoundedGraphs:
        """Write quantized graphs that meet the gates.

        Returns:
            What was written last. It has misses where the choice is naive, or not even fp32 layers meet the gates.
        """
        planners = {graph: self._measure_layers(graph, gate_measure) for graph in self._graphs}
        budgets = dict.fromkeys(self._graphs, SAFETY * (1 - self._options.gates.cosine_mean))
        tried: list[TriedPlan] = []
        for number in range(1, PLANS + 1):
            plans, result = self._write(planners, budgets), self._evaluate(gate_measure)
            misses = result.find_misses(self._options.gates)
            told = " ".join(map(str, misses))
            if not misses or self._options.naive or number == PLANS:
                if misses:
                    self._display.say(told)
                break
            tried.append(_describe_tried(plans, misses))
            tighter = _tighten(plans, misses, to_exact=number + 1 == PLANS)
            self._display.say(f"plan {number} of at most {PLANS}: {told} {_describe_next(plans, tighter)}")
            budgets |= tighter
        if not misses and (scales := gate_measure.calibrate_states(self._options.target)):
            result, states = self._pass_states_in_int8(gate_measure, planners, budgets, scales, result)
            return RoundedGraphs(plans, result, [], states, tried)
        costliest_layers = {graph: planner.costliest_layers() for graph, planner in planners.items()}
        return RoundedGraphs(plans, result, name_layers(misses, costliest_layers), tried=tried)

    def _measure_layers(self, graph: str, gate_measure: GateMeasure) -> PrecisionPlanner:
        exact = ExactGraph(self._exact / graph)
        inputs = gate_measure.calibration_inputs(graph)
        sensitivity = LayerSensitivity(exact, inputs, target=self._options.target, threads=self._options.threads)
        planner = PrecisionPlanner(sensitivity, rows=graph in self._options.row_graphs)
        if not self._options.naive:
            self._display.say(f"{graph}: measuring each of {len(exact.layers)} layers in 8 bits")
            planner.measure_layers(self._display)
        return planner

    def _pass_states_in_int8(
        self,
        gate_measure: GateMeasure,
        planners: dict[str, PrecisionPlanner],
        budgets: dict[str, float],
        scales: Scales,
        before: GateResult,
    ) -> tuple[GateResult, CrossStatesPlan]:
        """Write the planned graphs again, with keys and values in int8; as they were before, if any gate is missed so."""
        self._write(planners, budgets, scales)
        result = self._evaluate(gate_measure)
        misses = result.find_misses(self._options.gates)
        if not misses:
            why = "every gate holds with int8, which takes a quarter of the memory"
            return result, CrossStatesPlan(precision="int8", measures=result.measures, why=why)
        for miss in misses:
            self._display.say(f"keys and values stay in fp32: with int8, {miss}")
        self._write(planners, budgets)
        why = f"kept in fp32: with int8, {'; '.join(str(miss).removesuffix('.') for miss in misses)}"
        return before, CrossStatesPlan(precision="fp32", measures=result.measures, why=why)

    def _write(
        self, planners: dict[str, PrecisionPlanner], budgets: dict[str, float], scales: Scales | None = None
    ) -> dict[str, GraphPlan]:
        """Plan and write every graph within its budget; with `scales`, keys and values are passed in int8."""
        plans, target = {}, self._options.target
        for graph, planner in planners.items():
            choice = planner.all_cheapest() if self._options.naive else planner.choose(budgets[graph])
            plans[graph] = planner.describe(choice, budgets[graph])
            edits = planner.edits(choice) | divide_states(planner.graph, scales or {})
            model = rewrite(planner.graph, choice, target, edits)
            pass_states_in_int8(model, scales or {}, target)
            write_single_file(model, planner.graph.path.parent, self._out / graph)
        return plans

    def _evaluate(self, gate_measure: GateMeasure) -> GateResult:
        self._display.say(f"{self._graphs[0].split('/')[0]}: comparing the quantized graphs with the exact ones")
        return gate_measure.evaluate(self._out)


def _tighten(plans: Mapping[str, GraphPlan], misses: Sequence[GateMiss], *, to_exact: bool) -> dict[str, float]:
    """Return the next budgets of the graphs that cause misses, by graph; with `to_exact`, 0.

    Each is below what the plan was predicted to lose, which may be far below its budget: the same plan would be made again.
    Of a miss that both graphs cause, the one that causes most is tightened, and with `to_exact` both.
    """
    if to_exact:
        shared = any(miss.subject.split()[0] not in plans for miss in misses)
        return dict.fromkeys(plans if shared else (miss.graph for miss in misses), 0.0)
    budgets: dict[str, float] = {}
    for graph in dict.fromkeys(miss.graph for miss in misses):
        factor = min(_tightening(miss) for miss in misses if miss.graph == graph)
        budgets[graph] = factor * min(plans[graph].budget, plans[graph].predicted)
    return budgets


def _tightening(miss: GateMiss) -> float:
    """Return the factor for a budget: the allowed loss by the measured one, a little less, between the two limits.

    Budgets are of 1 - cosine, half the square of a small angle. Ranks and tokens change in proportion to the angle.
    """
    lost = 1 - miss.given
    if not lost > 0:  # true of NaN, too
        return TIGHTEST
    power = 1 if miss.measure.startswith("cosine") else 2
    return min(LOOSEST, max(TIGHTEST, LOOSEST * ((1 - miss.allowed) / lost) ** power))


def _describe_tried(plans: Mapping[str, GraphPlan], misses: Sequence[GateMiss]) -> TriedPlan:
    return TriedPlan(
        predicted={graph: plan.predicted for graph, plan in plans.items()},
        layers={graph: dict(Counter(layer.precision for layer in plan.layers)) for graph, plan in plans.items()},
        missed=[str(miss) for miss in misses],
    )


def _describe_next(plans: Mapping[str, GraphPlan], budgets: Mapping[str, float]) -> str:
    parts = (f"{graph} is to lose {budgets[graph]:.1e} at most, not {plans[graph].predicted:.1e}" for graph in budgets)
    return f"Next, {', '.join(parts)}."

"""One family's exact graphs to rounded ones that meet the gates, by as many rounds of plan, write and judge as it takes.

Owns the budgets. `ids.py` chooses, `gate_measures.py` asks the graphs, `gates.py` says what they must keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from export.console import Display
from export.precision.gate_measures import Exam
from export.precision.gates import Gates, Judgement, Miss
from export.precision.layers import ExactGraph
from export.precision.plan import GraphPlan, Planner
from export.precision.rewriting import rewrite, write_whole
from export.precision.rounding import Target
from export.precision.sensitivity import Trials

SAFETY = 0.8  # of what the gate allows goes into the first budget: the calibration set is not the world
TIGHTEST, LOOSEST = 0.25, 0.9  # what a graph's budget is multiplied by when the whole misses its gate by much, or by little
ROUNDS = 6  # after these, whatever costs anything is left in fp32


@dataclass(frozen=True)
class Wanted:
    """What rounded graphs are for, how good they must be, and whether every layer is int8 without a choice ("naive")."""

    target: Target
    gates: Gates
    naive: bool
    threads: int


@dataclass(frozen=True)
class Outcome:
    """What was written, and how it did."""

    plans: dict[str, GraphPlan]
    judgement: Judgement


class FamilyPlanner:
    """The graphs of CLIP, or of BLIP."""

    def __init__(self, graphs: Sequence[str], exact: Path, out: Path, wanted: Wanted, display: Display) -> None:
        """Plan graphs below `exact`, to be written below `out`."""
        self._graphs, self._exact, self._out, self._wanted, self._display = graphs, exact, out, wanted, display

    def run(self, exam: Exam) -> Outcome:
        """Write rounded graphs that meet the gates.

        Raises:
            GateMissed: not even fp32 layers meet them, or the choice is naive and int8 does not.
        """
        planners = {graph: self._try_layers(graph, exam) for graph in self._graphs}
        budgets = dict.fromkeys(self._graphs, SAFETY * (1 - self._wanted.gates.cosine_mean))
        for left in reversed(range(ROUNDS + 1)):
            outcome = self._round(exam, planners, budgets)
            misses = outcome.judgement.missed(self._wanted.gates)
            if not misses or self._wanted.naive:
                break
            for miss in misses:
                self._display.say(f"{miss.subject}: {miss.measure} is {miss.given:.5f}, asked for is {miss.allowed:g}")
            for graph in {miss.graph for miss in misses}:
                tighter = min(_tightening(miss) for miss in misses if miss.graph == graph)
                budgets[graph] = budgets[graph] * tighter if left > 1 else 0.0
        in_the_way = {graph: planner.in_the_way() for graph, planner in planners.items()}
        outcome.judgement.require(self._wanted.gates, in_the_way)
        return outcome

    def _try_layers(self, graph: str, exam: Exam) -> Planner:
        exact = ExactGraph(self._exact / graph)
        feeds, outputs = exam.questions(graph)
        planner = Planner(Trials(exact, feeds, outputs, target=self._wanted.target, threads=self._wanted.threads))
        if not self._wanted.naive:
            self._display.say(f"{graph}: trying each of {len(exact.layers)} layers in int8")
            planner.try_layers(self._display)
        return planner

    def _round(self, exam: Exam, planners: dict[str, Planner], budgets: dict[str, float]) -> Outcome:
        plans = {}
        for graph, planner in planners.items():
            choice = planner.all_int8() if self._wanted.naive else planner.choose(budgets[graph])
            plans[graph] = planner.describe(choice, budgets[graph])
            model = rewrite(planner.trials.graph, choice, self._wanted.target, planner.edits)
            write_whole(model, planner.trials.graph.path.parent, self._out / graph)
        self._display.say(f"{self._graphs[0].split('/')[0]}: comparing the rounded graphs with the exact ones")
        return Outcome(plans, exam.judge(self._out))


def _tightening(miss: Miss) -> float:
    """Return what a budget is multiplied by: as the loss allowed to the loss found, and a little less."""
    lost = 1 - miss.given
    return min(LOOSEST, max(TIGHTEST, LOOSEST * (1 - miss.allowed) / lost)) if lost > 0 else TIGHTEST  # NaN is not above 0

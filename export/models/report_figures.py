"""The figures of one export that the report shows. Measures and writes nothing."""

from dataclasses import dataclass, field

from export.precision.cross_states import CrossStatesPlan
from export.precision.gates import GateResult, Measures
from export.precision.plan import GraphPlan, TriedPlan


@dataclass
class ReportFigures:
    """Filled while the export runs.

    Attributes:
        parity: differences between torch and the exact graphs, by output and measure.
        exact_bytes: the size of each exact graph, by graph.
        plans: the precision plan of each graph, by graph.
        tried: the plans before, which missed a gate.
        states: how the captioner's graphs pass a picture's keys and values.
        latencies_ms: median milliseconds of the exact and of the quantized form, by graph.
        gate_results: what was measured of each family's quantized graphs.
        measured_on: words that describe the calibration set.
    """

    parity: Measures = field(default_factory=dict)
    exact_bytes: dict[str, int] = field(default_factory=dict)
    plans: dict[str, GraphPlan] = field(default_factory=dict)
    tried: list[TriedPlan] = field(default_factory=list)
    states: CrossStatesPlan | None = None
    latencies_ms: dict[str, tuple[float, float]] = field(default_factory=dict)
    gate_results: list[GateResult] = field(default_factory=list)
    measured_on: str = ""

    def leave_out(self, graph: str) -> None:
        """Forget a graph that was made and is not kept."""
        self.parity = {name: figures for name, figures in self.parity.items() if name.split()[0] != graph}
        for by_graph in (self.exact_bytes, self.plans, self.latencies_ms):
            by_graph.pop(graph, None)
        for result in self.gate_results:
            if graph in result.losses:
                result.cosines = {name: values for name, values in result.cosines.items() if name.split()[0] != graph}
                result.overlap, result.family_measures = {}, {}  # what it found, too

    @property
    def tried_in_words(self) -> dict[str, str]:
        """Return what the manifest says of the plans that missed gates; nothing where the first one held."""
        missed = "; then ".join(" ".join(plan.missed).removesuffix(".") for plan in self.tried)
        return {"plans_tried": f"{len(self.tried)} missed gates (plan.json): {missed}"} if self.tried else {}

    @property
    def measures(self) -> Measures:
        """Return what quantized graphs keep of the exact ones, by subject and measure."""
        return {subject: figures for result in self.gate_results for subject, figures in result.measures.items()}

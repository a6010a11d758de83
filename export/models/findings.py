"""What an export found out on its way: the figures that the report shows. Measures and writes nothing."""

from dataclasses import dataclass, field

from export.precision.gates import Judgement, Measures
from export.precision.plan import GraphPlan


@dataclass
class Findings:
    """What the step found out on its way. By graph: bytes of the exact form, plans, latencies (exact, here) in ms."""

    parity: Measures = field(default_factory=dict)
    exact_bytes: dict[str, int] = field(default_factory=dict)
    plans: dict[str, GraphPlan] = field(default_factory=dict)
    latencies_ms: dict[str, tuple[float, float]] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    judged_on: str = ""

    @property
    def kept(self) -> Measures:
        """What rounded graphs kept of the exact ones, by subject and measure."""
        return {subject: figures for judgement in self.judgements for subject, figures in judgement.measures.items()}

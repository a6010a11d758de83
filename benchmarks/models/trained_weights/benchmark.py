"""The steps of the benchmark: the exact graph, int8 everywhere, plans on each split; judged on captions they never saw."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.models.avx2 import EMULATOR
from benchmarks.models.trained_weights.text_gate_measure import TextGateMeasure, embed
from benchmarks.models.trained_weights.texts import tokenize
from benchmarks.models.trained_weights.tower import TEXT, embed_with_torch, read_minilm, write_minilm_graph
from export.console import SilentDisplay
from export.models.onnx_graph import graph_bytes
from export.models.optimize import optimize_graph
from export.precision.budget import BudgetSearch, RoundingOptions
from export.precision.gates import GateResult, Gates
from export.precision.plan import GraphPlan
from export.precision.rounding import Target

OPEN_GATES = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)
EMULATED_TEXTS = 30
X86: tuple[Target, ...] = ("avx2", "vnni")


@dataclass(frozen=True)
class Judged:
    """One rounded graph, and how near it stays to the exact one on captions that it was not made on.

    Attributes:
        name: what was judged.
        target: the CPU that it was rounded for.
        size_bytes: of the graph and its weights.
        plan: its layers.
        result: of the judged captions.
    """

    name: str
    target: Target
    size_bytes: int
    plan: GraphPlan
    result: GateResult

    @property
    def cosine_mean(self) -> float:
        """The mean cosine, which the gate is on."""
        return self.result.measures[f"{TEXT} embedding"]["cosine_mean"]

    def to_markdown(self) -> str:
        """Return the row of the table."""
        vectors = self.result.measures[f"{TEXT} embedding"]
        overlap = self.result.measures["minilm ranking"]["overlap_at_10"]
        blocks = sum(layer.precision == "block8" for layer in self.plan.layers)
        exact = sum(layer.precision == "fp32" for layer in self.plan.layers)
        moved = sum(layer.equalized is not None for layer in self.plan.layers)
        predicted = f"{self.plan.predicted:.2e}" if self.plan.predicted else "-"
        cells = (
            self.name,
            self.target,
            f"{self.cosine_mean:.5f}",
            f"{vectors['cosine_worst']:.4f}",
            f"{overlap:.3f}",
            f"{predicted}, {1 - self.cosine_mean:.2e}",
            f"{blocks}, {exact}; {moved}",
            f"{self.size_bytes:,}",
        )
        return f"| {' | '.join(cells)} |"


HEADING = """\
| captions judged | target | cosine | worst | overlap@10 | loss predicted, judged | layers in block8, fp32; moved | bytes |
|---|---|---|---|---|---|---|---|"""


class TrainedWeightsBenchmark:
    """One checkpoint's exact graph, and rounded ones beside it in a folder."""

    def __init__(self, checkpoint: Path, folder: Path) -> None:
        """Write the exact graph of the checkpoint below the folder."""
        self._checkpoint, self._exact, self._folder = checkpoint, folder / "exact", folder
        self._model = read_minilm(checkpoint)
        write_minilm_graph(self._model, self._exact)

    def parity(self, texts: Sequence[str]) -> float:
        """Return the largest difference between the exact graph and transformers, over the vectors of all texts."""
        feeds = tokenize(self._checkpoint, texts)
        expected = embed_with_torch(self._model, [feed["input_ids"] for feed in feeds])
        return float(np.abs(expected - embed(self._exact / TEXT, feeds)).max())

    def judge_targets(self, name: str, calibration: Sequence[str], judged: Sequence[str], gates: Gates) -> Iterator[Judged]:
        """Yield a plan for each x86 target."""
        for target in X86:
            yield self.judge(name, target, calibration, judged, gates=gates)

    def judge(
        self, name: str, target: Target, calibration: Sequence[str], judged: Sequence[str], *, gates: Gates | None
    ) -> Judged:
        """Round the graph on some texts and judge it on others; without gates, every layer becomes int8, unmeasured."""
        out = self._folder / f"{name}, {target}"
        made_on, judged_on = (
            TextGateMeasure(self._exact, TEXT, tokenize(self._checkpoint, texts)) for texts in (calibration, judged)
        )
        options = RoundingOptions(target, gates or OPEN_GATES, naive=gates is None, threads=1)
        rounded = BudgetSearch([TEXT], self._exact, out, options, SilentDisplay()).run(made_on)
        optimize_graph(out / TEXT)
        return Judged(name, target, graph_bytes(out / TEXT), rounded.plans[TEXT], judged_on.evaluate(out))

    def emulate(self, name: str, target: Target, texts: Sequence[str]) -> tuple[float, float]:
        """Return a judged graph's mean cosine to the exact vectors, here and on an emulated CPU without VNNI."""
        feeds = tokenize(self._checkpoint, texts[:EMULATED_TEXTS])
        graph = self._folder / f"{name}, {target}" / TEXT
        exact = TextGateMeasure(self._exact, TEXT, feeds)
        asked, answers = self._folder / "asked.npz", self._folder / "answers.npy"
        np.savez(asked, *(feed["input_ids"] for feed in feeds))
        command = [*EMULATOR, sys.executable, "-m", "benchmarks.models.trained_weights.emulated"]
        subprocess.run([*command, str(graph), str(asked), str(answers)], check=True, capture_output=True)
        results = exact.compare(embed(graph, feeds)), exact.compare(np.load(answers))
        here, emulated = (result.measures[f"{TEXT} embedding"]["cosine_mean"] for result in results)
        return here, emulated

"""The search for budgets: what a missed gate does to the budget, and when the search ends."""

from pathlib import Path

import numpy as np
import pytest

from export.console import SilentDisplay
from export.precision.budget import LOOSEST, TIGHTEST, BudgetSearch, RoundedGraphs, RoundingOptions, _tightening
from export.precision.cross_states import Scales
from export.precision.gates import GateMiss, GateResult, Gates
from export.precision.rounding import Target
from export.precision.sensitivity import Feed, LayerInputs
from runtime.models.onnx_session import Session
from tests.export.precision.small_graphs import write_small_graph

GRAPH = "family/small.onnx"
FEEDS: list[Feed] = [{"input_ids": np.array(ids)} for ids in ([0, 1, 2], [7, 3], [5, 4, 6, 1])]


class SmallGateMeasure:
    """The small graph as a family of one; `unlike` is a loss that no precision takes away."""

    def __init__(self, exact: Path, unlike: float = 0.0) -> None:
        self._exact, self._unlike = self.run(exact), unlike
        self.evaluations = 0

    def calibration_inputs(self, graph: str) -> LayerInputs:
        return LayerInputs(FEEDS, ["logits"], 2)

    def calibrate_states(self, target: Target) -> Scales:
        return {}

    def evaluate(self, folder: Path) -> GateResult:
        self.evaluations += 1
        pairs = zip(self._exact, self.run(folder), strict=True)
        cosines = np.array([float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs]) - self._unlike
        return GateResult(cosines={f"{GRAPH} logits": cosines}, losses={GRAPH: 1 - cosines.mean()})

    def run(self, folder: Path) -> list[np.ndarray]:
        return [Session(folder / GRAPH, 1).run(["logits"], feed)[0].ravel() for feed in FEEDS]


@pytest.fixture
def exact(tmp_path: Path) -> Path:
    path = tmp_path / "exact" / GRAPH
    path.parent.mkdir(parents=True)
    write_small_graph(path)
    return tmp_path / "exact"


def search(exact: Path, gate_measure: SmallGateMeasure, *, naive: bool = False, **gates: float) -> RoundedGraphs:
    options = RoundingOptions("avx2", Gates(**gates), naive=naive, threads=1)
    return BudgetSearch([GRAPH], exact, exact.parent / "out", options, SilentDisplay()).run(gate_measure)


def precisions(rounded: RoundedGraphs) -> set[str]:
    return {layer.precision for layer in rounded.plans[GRAPH].layers}


def test_a_gate_that_int8_meets_is_met_at_once(exact: Path) -> None:
    gate_measure = SmallGateMeasure(exact)
    rounded = search(exact, gate_measure, cosine_mean=0.99, cosine_worst=0.9)
    assert precisions(rounded) == {"int8"}
    assert rounded.plans[GRAPH].budget == pytest.approx(0.8 * 0.01), "other pictures may lose more than the calibration set"
    assert not rounded.misses
    assert gate_measure.evaluations == 1


def test_a_hard_gate_is_met_by_dearer_layers(exact: Path) -> None:
    rounded = search(exact, SmallGateMeasure(exact), cosine_mean=0.99999, cosine_worst=0.9999)
    assert precisions(rounded) != {"int8"}
    assert not rounded.misses


def test_a_gate_that_the_whole_misses_tightens_the_budget_until_it_holds(exact: Path) -> None:
    gate_measure = SmallGateMeasure(exact)
    rounded = search(exact, gate_measure, cosine_mean=0.9, cosine_worst=0.99999)
    assert gate_measure.evaluations > 1
    assert precisions(rounded) != {"int8"}
    assert not rounded.misses


def test_a_gate_that_no_precision_meets_ends_with_every_layer_exact_and_a_miss_that_names_layers(exact: Path) -> None:
    gate_measure = SmallGateMeasure(exact, unlike=0.01)
    miss = search(exact, gate_measure).misses[0]
    assert str(miss).startswith(f"{GRAPH} logits: cosine_mean is 0.99, allowed is 0.999. The layers that cost most: ")
    assert len(miss.layers) == 3
    assert gate_measure.evaluations == 7
    for written, wanted in zip(gate_measure.run(exact.parent / "out"), gate_measure.run(exact), strict=True):
        assert np.allclose(written, wanted, rtol=1e-5, atol=1e-5)


def test_naive_int8_is_evaluated_once_and_keeps_its_misses(exact: Path) -> None:
    gate_measure = SmallGateMeasure(exact)
    assert search(exact, gate_measure, naive=True, cosine_mean=0.99999).misses
    assert gate_measure.evaluations == 1


def test_the_factor_for_a_budget_is_between_a_quarter_and_nine_tenths() -> None:
    given = (0.5, 0.998, 0.99899, 0.9995)  # from far off to hardly missed: a quarter, a half less a tenth of it, ...
    factors = [_tightening(GateMiss("s", "cosine_mean", cosine, 0.999, GRAPH)) for cosine in given]
    assert factors == pytest.approx([0.25, 0.45, 0.9 * 0.001 / 0.00101, 0.9])


@pytest.mark.parametrize(
    ("given", "expected"), [(0.9989, LOOSEST * 0.001 / 0.0011), (0.99899, LOOSEST * 0.001 / 0.00101), (0.5, TIGHTEST)]
)
def test_a_budget_shrinks_as_the_loss_asks(given: float, expected: float) -> None:
    assert _tightening(GateMiss("s", "cosine_mean", given, 0.999, GRAPH)) == pytest.approx(expected)


def test_no_number_tightens_most() -> None:
    assert _tightening(GateMiss("s", "cosine_mean", float("nan"), 0.999, GRAPH)) == TIGHTEST

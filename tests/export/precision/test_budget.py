"""Rounds of plan, write and judge: what a missed gate does to the budget, and when it ends."""

from pathlib import Path

import numpy as np
import pytest

from export.console import Silence
from export.errors import GateMissed
from export.precision.budget import LOOSEST, TIGHTEST, FamilyPlanner, Wanted, _tightening
from export.precision.gates import Gates, Judgement, Miss
from export.precision.sensitivity import Feed
from runtime.models.onnx_session import Session
from tests.export.precision.small_graphs import write_small_graph

GRAPH = "family/small.onnx"
FEEDS: list[Feed] = [{"input_ids": np.array(ids)} for ids in ([0, 1, 2], [7, 3], [5, 4, 6, 1])]


class SmallExam:
    """The small graph as a family of one; `unlike` is a loss that no precision takes away."""

    def __init__(self, exact: Path, unlike: float = 0.0) -> None:
        self._exact, self._unlike = self.ask(exact), unlike
        self.judged = 0

    def questions(self, graph: str) -> tuple[list[Feed], list[str]]:
        return FEEDS, ["logits"]

    def judge(self, folder: Path) -> Judgement:
        self.judged += 1
        pairs = zip(self._exact, self.ask(folder), strict=True)
        cosines = np.array([float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs]) - self._unlike
        return Judgement(cosines={f"{GRAPH} logits": cosines}, losses={GRAPH: 1 - cosines.mean()})

    def ask(self, folder: Path) -> list[np.ndarray]:
        return [Session(folder / GRAPH, 1).run(["logits"], feed)[0].ravel() for feed in FEEDS]


@pytest.fixture
def exact(tmp_path: Path) -> Path:
    path = tmp_path / "exact" / GRAPH
    path.parent.mkdir(parents=True)
    write_small_graph(path)
    return tmp_path / "exact"


def plan(exact: Path, exam: SmallExam, *, naive: bool = False, **gates: float) -> dict[str, str]:
    wanted = Wanted("avx2", Gates(**gates), naive=naive, threads=1)
    outcome = FamilyPlanner([GRAPH], exact, exact.parent / "out", wanted, Silence()).run(exam)
    return {line.layer: line.precision for line in outcome.plans[GRAPH].layers}


def test_a_gate_that_int8_meets_is_met_at_once(exact: Path) -> None:
    exam = SmallExam(exact)
    assert set(plan(exact, exam, cosine_mean=0.99, cosine_worst=0.9).values()) == {"int8"}
    assert exam.judged == 1


def test_a_hard_gate_is_met_by_dearer_layers(exact: Path) -> None:
    assert set(plan(exact, SmallExam(exact), cosine_mean=0.99999, cosine_worst=0.9999).values()) != {"int8"}


def test_a_gate_that_the_whole_misses_tightens_the_budget_until_it_holds(exact: Path) -> None:
    exam = SmallExam(exact)
    precisions = plan(exact, exam, cosine_mean=0.9, cosine_worst=0.99999)
    assert exam.judged > 1
    assert set(precisions.values()) != {"int8"}


def test_what_no_precision_mends_ends_with_everything_exact_and_the_gate_missed(exact: Path) -> None:
    exam = SmallExam(exact, unlike=0.01)
    with pytest.raises(GateMissed, match=r"cosine_mean is 0\.99, asked for is 0\.999"):
        plan(exact, exam)
    assert exam.judged == 7
    for written, wanted in zip(exam.ask(exact.parent / "out"), exam.ask(exact), strict=True):
        assert np.allclose(written, wanted, rtol=1e-5, atol=1e-5)


def test_a_naive_plan_is_judged_once_and_never_mended(exact: Path) -> None:
    exam = SmallExam(exact)
    with pytest.raises(GateMissed):
        plan(exact, exam, naive=True, cosine_mean=0.99999)
    assert exam.judged == 1


@pytest.mark.parametrize(
    ("given", "expected"), [(0.9989, LOOSEST * 0.001 / 0.0011), (0.99899, LOOSEST * 0.001 / 0.00101), (0.5, TIGHTEST)]
)
def test_a_budget_shrinks_as_the_loss_asks(given: float, expected: float) -> None:
    assert _tightening(Miss("s", "cosine_mean", given, 0.999, GRAPH)) == pytest.approx(expected)


def test_no_number_tightens_most() -> None:
    assert _tightening(Miss("s", "cosine_mean", float("nan"), 0.999, GRAPH)) == TIGHTEST

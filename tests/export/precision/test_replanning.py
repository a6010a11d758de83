"""What follows a missed gate that no graph has for itself: a ranking, or captions. Which graph is made more precise, by how
much, how often, and what is said of it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from export.precision.budget import PLANS, BudgetSearch, RoundedGraphs, RoundingOptions, _tighten, _tightening
from export.precision.cross_states import Scales
from export.precision.gates import (
    PICTURE_RANKING,
    GateMiss,
    GateResult,
    Gates,
    RankingKept,
    compare_rankings,
    cosines_between,
)
from export.precision.plan import GraphPlan
from export.precision.rounding import Target
from export.precision.sensitivity import Feed, LayerInputs
from runtime.models.onnx_session import Session
from tests.export.diary import Diary
from tests.export.precision.small_graphs import write_small_graph

TEXT, IMAGE = "family/text.onnx", "family/image.onnx"
FEEDS: list[Feed] = [{"input_ids": np.array(ids)} for ids in ([0, 1, 2], [7, 3], [5, 4, 6, 1])]
OPEN = Gates(cosine_mean=0.5, cosine_worst=0.5)  # but for the ranking
EXACT = {"fp32"}


class RankingMeasure:
    """Two small graphs and a ranking, which loses `share` x the angle by which a graph turns its outputs.

    `blamed` has what each graph is said to lose of the ranking, if that is not what it does lose; `unlike` is a loss that no
    precision takes away.
    """

    def __init__(
        self, exact: Path, share: dict[str, float], *, blamed: dict[str, float] | None = None, unlike: float = 0
    ) -> None:
        self._share, self._blamed, self._unlike = share, blamed, unlike
        self._exact = {graph: run(exact / graph) for graph in share}
        self.overlaps: list[float] = []

    def calibration_inputs(self, graph: str) -> LayerInputs:
        return LayerInputs(FEEDS, ["logits"], 2)

    def calibrate_states(self, target: Target) -> Scales:
        return {}

    def evaluate(self, folder: Path) -> GateResult:
        cosines = {graph: cosines_between(self._exact[graph], run(folder / graph)) for graph in self._share}
        losses = {graph: self._share[graph] * np.sqrt(max(1 - values.mean(), 0)) for graph, values in cosines.items()}
        self.overlaps.append(1 - self._unlike - sum(losses.values()))
        ranking = {PICTURE_RANKING: {"overlap_at_10": self.overlaps[-1]}}
        return GateResult({f"{graph} logits": cosines[graph] for graph in cosines}, {}, ranking, self._blamed or losses)


def run(graph: Path) -> np.ndarray:
    return np.concatenate([Session(graph, 1).run(["logits"], feed)[0] for feed in FEEDS])


@pytest.fixture
def exact(tmp_path: Path) -> Path:
    for seed, graph in enumerate((TEXT, IMAGE)):
        (tmp_path / "exact" / graph).parent.mkdir(parents=True, exist_ok=True)
        write_small_graph(tmp_path / "exact" / graph, seed=seed)
    return tmp_path / "exact"


def search(
    exact: Path, measure: RankingMeasure, display: Diary, *, gates: Gates = OPEN, naive: bool = False
) -> RoundedGraphs:
    options = RoundingOptions("vnni", gates, naive=naive, threads=1)
    return BudgetSearch((TEXT, IMAGE), exact, exact.parent / "out", options, display).run(measure)


def precisions(rounded: RoundedGraphs, graph: str) -> set[str]:
    return {layer.precision for layer in rounded.plans[graph].layers}


def first_overlap(exact: Path, share: dict[str, float]) -> float:
    """Return the ranking's figure where every layer is in int8."""
    measure = RankingMeasure(exact, share)
    search(exact, measure, Diary(), naive=True)
    return measure.overlaps[0]


def test_a_missed_ranking_makes_the_graph_that_causes_it_more_precise_in_steps_until_it_holds(exact: Path) -> None:
    share = {TEXT: 0.1, IMAGE: 1.0}
    lost = 1 - first_overlap(exact, share)
    gates, measure, diary = OPEN.model_copy(update={"overlap_at_10": 1 - 0.7 * lost}), RankingMeasure(exact, share), Diary()
    rounded = search(exact, measure, diary, gates=gates)
    assert not rounded.misses
    assert measure.overlaps[-1] >= gates.overlap_at_10 > measure.overlaps[-2]
    assert precisions(rounded, TEXT) == {"int8"}, "it causes little"
    assert precisions(rounded, IMAGE) > {"int8"}, "every step is small: some layers stay in 8 bits"
    assert precisions(rounded, IMAGE) != EXACT
    predicted = [*(plan.predicted[IMAGE] for plan in rounded.tried), rounded.plans[IMAGE].predicted]
    assert all(after < before for before, after in pairwise(predicted)), "no plan is made twice"
    told = [step for step in diary.steps if step.startswith("plan ")]
    assert len(told) == len(rounded.tried) == len(measure.overlaps) - 1
    for number, (step, overlap) in enumerate(zip(told, measure.overlaps, strict=False), 1):
        assert step.startswith(f"plan {number} of at most {PLANS}: {PICTURE_RANKING}: overlap_at_10 is {overlap:.6g}, ")
        assert f". Next, {IMAGE} is to lose " in step


def test_what_was_tried_is_kept_with_its_figures(exact: Path) -> None:
    share = {TEXT: 0.1, IMAGE: 1.0}
    first = first_overlap(exact, share)
    rounded = search(exact, RankingMeasure(exact, share), Diary(), gates=Gates(cosine_mean=0.5, overlap_at_10=first + 1e-4))
    tried = rounded.tried[0]
    assert tried.missed == [f"{PICTURE_RANKING}: overlap_at_10 is {first:.6g}, allowed is {first + 1e-4:.6g}."]
    layers = len(rounded.plans[IMAGE].layers)
    assert tried.layers == {TEXT: {"int8": layers}, IMAGE: {"int8": layers}}
    assert tried.predicted.keys() == {TEXT, IMAGE}


def test_the_last_plan_has_both_graphs_exact_whichever_was_said_to_cause_the_miss(exact: Path) -> None:
    measure = RankingMeasure(exact, {TEXT: 0.0, IMAGE: 1.0}, blamed={TEXT: 1.0, IMAGE: 0.0})
    rounded = search(exact, measure, Diary(), gates=OPEN.model_copy(update={"overlap_at_10": 0.999999}))
    assert not rounded.misses
    assert len(measure.overlaps) == PLANS
    assert precisions(rounded, IMAGE) == EXACT


def test_a_ranking_that_not_even_exact_graphs_keep_is_a_miss_after_so_many_plans(exact: Path) -> None:
    measure, diary = RankingMeasure(exact, {TEXT: 0.0, IMAGE: 1.0}, unlike=0.2), Diary()
    rounded = search(exact, measure, diary)
    assert [str(miss).partition(" The")[0] for miss in rounded.misses] == [diary.steps[-1]]
    assert diary.steps[-1].startswith(f"{PICTURE_RANKING}: overlap_at_10 is 0.8, allowed is 0.9.")
    assert len(measure.overlaps) == PLANS == len(rounded.tried) + 1


def test_the_next_budget_is_below_what_the_plan_was_predicted_to_lose() -> None:
    plans = {
        graph: GraphPlan(budget=8e-4, predicted=predicted, layers=[]) for graph, predicted in ((TEXT, 1e-4), (IMAGE, 9e-4))
    }
    for graph, least in ((TEXT, 1e-4), (IMAGE, 8e-4)):
        miss = GateMiss(PICTURE_RANKING, "overlap_at_10", 0.898, 0.9, graph)
        assert _tighten(plans, [miss], to_exact=False) == {graph: pytest.approx(_tightening(miss) * least)}
        assert _tighten(plans, [miss], to_exact=True) == {TEXT: 0, IMAGE: 0}
    own = GateMiss(f"{IMAGE} logits", "cosine_mean", 0.998, 0.999, IMAGE)
    assert _tighten(plans, [own], to_exact=True) == {IMAGE: 0}, "its own cosine says nothing of the other"


def test_ranks_change_with_the_angle_so_that_the_budget_shrinks_with_its_square() -> None:
    given = [GateMiss(PICTURE_RANKING, "overlap_at_10", overlap, 0.9, IMAGE) for overlap in (0.898, 0.85, 0.5, float("nan"))]
    assert [_tightening(miss) for miss in given] == pytest.approx([0.9 / 1.02**2, 0.9 * 4 / 9, 0.25, 0.25])


def test_the_graph_to_blame_for_a_ranking_is_the_one_that_changes_it_and_not_the_one_with_the_lower_cosine() -> None:
    rng, common = np.random.default_rng(0), np.zeros(16, np.float32)
    common[0] = 1  # what all pictures share: they lie near one another
    pictures = 0.05 * rng.standard_normal((30, 16), np.float32) * (1 - common) + common
    texts = rng.standard_normal((40, 16), np.float32)
    exact = texts, pictures
    given = texts + 0.4 * common, pictures + 0.01 * rng.standard_normal(pictures.shape, np.float32)
    moved = [1 - cosines_between(one, other).mean() for one, other in zip(exact, given, strict=True)]
    assert moved[0] > 5 * moved[1]
    kept = compare_rankings(exact, given)
    assert kept.by_texts == pytest.approx(1)
    assert max(kept.by_pictures, kept.overlap_at_10) < 0.95
    assert kept.overlap[10] == kept.overlap_at_10
    assert compare_rankings(exact, exact) == RankingKept(dict.fromkeys((1, 2, 3, 5, 10, 20), 1.0), 1, 1, 1)

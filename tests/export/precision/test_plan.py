"""The choice of precisions: cheapest first, within the budget, outliers moved before anything is paid for."""

from pathlib import Path

import numpy as np
import pytest

from export.console import SilentDisplay
from export.precision.edits import Edits
from export.precision.layers import ExactGraph
from export.precision.plan import COST, PrecisionPlanner
from export.precision.rounding import Choice, Precision
from export.precision.sensitivity import LayerInputs, LayerSensitivity
from tests.export.precision.small_graphs import small_graph_sensitivity, write_small_graph


def plan_small_graph(folder: Path, outlier: float = 1.0) -> PrecisionPlanner:
    planner = PrecisionPlanner(small_graph_sensitivity(write_small_graph(folder / "small.onnx", outlier=outlier)))
    planner.measure_layers(SilentDisplay())
    return planner


@pytest.fixture
def planner(tmp_path: Path) -> PrecisionPlanner:
    return plan_small_graph(tmp_path)


def test_a_wide_budget_leaves_everything_in_int8(planner: PrecisionPlanner) -> None:
    assert set(planner.choose(0.5).values()) == {"int8"}


def test_no_budget_leaves_everything_that_costs_anything_exact(planner: PrecisionPlanner) -> None:
    choice = planner.choose(0.0)
    assert set(choice.values()) == {"fp32"}
    assert planner.predict(choice) == 0


def test_a_budget_in_between_is_kept_and_buys_the_costliest_layers(planner: PrecisionPlanner) -> None:
    naive = planner.all_cheapest()
    budget = planner.predict(naive) / 3
    choice = planner.choose(budget)
    assert planner.predict(choice) <= budget
    assert len(set(choice.values())) > 1
    line = {line.layer: line for line in planner.describe(choice, budget).layers}
    worst = max(line, key=lambda name: line[name].errors["int8"])
    assert line[worst].precision != "int8"


def test_the_choice_is_no_dearer_than_any_other_upgrade_alone(planner: PrecisionPlanner) -> None:
    budget = planner.predict(planner.all_cheapest()) * 0.9
    choice = planner.choose(budget)
    layers = planner.graph.layers
    spent = sum(layers[name].weights * (COST[precision] - 1) for name, precision in choice.items())
    for name, layer in layers.items():
        alone = planner.all_cheapest() | {name: "fp32"}
        if planner.predict(alone) <= budget:
            assert spent <= layer.weights * (COST["fp32"] - 1)


def test_outliers_behind_a_norm_are_moved_into_the_weights_rather_than_paid_for(tmp_path: Path) -> None:
    plain, spiked = plan_small_graph(tmp_path), plan_small_graph(tmp_path, outlier=60.0)
    budget = 1.5 * plain.predict(plain.all_cheapest())
    assert spiked.predict(spiked.all_cheapest()) > 5 * budget
    choice = spiked.choose(budget)
    assert {choice["query"], choice["key"]} == {"int8"}
    lines = {line.layer: line for line in spiked.describe(choice, budget).layers}
    assert lines["query"].equalized
    assert "with its outlier channels not yet moved into the weights" in lines["query"].why
    assert lines["out"].equalized is None


def test_the_plan_says_why_a_layer_is_kept_in_fp32(planner: PrecisionPlanner) -> None:
    plan = planner.describe(planner.choose(0.0), 0.0)
    assert plan.predicted == 0
    assert all(line.why.startswith("kept in fp32: int8 would cost") for line in plan.layers)
    errors = {line.layer: line.errors["int8"] for line in plan.layers}
    assert planner.costliest_layers() == sorted(errors, key=errors.__getitem__, reverse=True)[:3]


INT8_ERRORS = {"out": 0.08, "query": 0.0103, "key": 0.006, "words": 0.0025, "positions": 0.0013}


class MadeUpSensitivity(LayerSensitivity):
    """Errors from a table, in int8; rows have `rows` of them, blocks a tenth. Where outliers were moved, int8 has `moved` of
    them, and blocks `in_blocks` of what they had.
    """

    def __init__(
        self,
        graph: ExactGraph,
        moved: float = 1.0,
        errors: dict[str, float] = INT8_ERRORS,
        *,
        in_blocks: float = 1.0,
        rows: float = 1.0,
    ) -> None:
        inputs = LayerInputs([{"input_ids": np.array([0, 1, 2])}] * 2, ["logits"], 1)
        super().__init__(graph, inputs, target="avx2", threads=1)
        self._moved, self._errors, self._in_blocks, self._rows = moved, errors, in_blocks, rows
        self.examined: set[str] = set()  # in more than int8
        self.measured_fully: list[str] = []  # in int8, outliers not moved
        self.moved: set[str] = set()

    def measure_error(self, choice: Choice, edits: Edits | None = None, *, quick: bool = False) -> float:
        [(layer, precision)] = choice.items()
        if precision == "int8":
            if edits is not None:
                self.moved.add(layer)
            elif not quick:
                self.measured_fully.append(layer)
            return self._errors[layer] * (1.0 if edits is None else self._moved)
        self.examined.add(layer)
        if precision == "row8":
            return self._errors[layer] * self._rows
        return self._errors[layer] / 10 * (1.0 if edits is None else self._in_blocks)


def made_up_plan(sensitivity: MadeUpSensitivity) -> PrecisionPlanner:
    planner = PrecisionPlanner(sensitivity)
    planner.measure_layers(SilentDisplay())
    return planner


@pytest.fixture
def spiked(tmp_path: Path) -> ExactGraph:
    return write_small_graph(tmp_path / "small.onnx", outlier=60.0)


def test_all_inputs_measure_the_costly_layers_alone_each_once(tmp_path: Path) -> None:
    sensitivity = MadeUpSensitivity(write_small_graph(tmp_path / "small.onnx"))
    planner = made_up_plan(sensitivity)
    assert sensitivity.measured_fully == []
    planner.choose(0.3)  # all of them cost less than half of it
    assert sensitivity.measured_fully == []
    planner.choose(0.15)  # all but "out" cost less than half of it
    planner.choose(0.15)
    assert sensitivity.measured_fully == ["out"]


def test_where_a_quick_measure_runs_all_inputs_nothing_is_measured_twice(tmp_path: Path) -> None:
    sensitivity = MadeUpSensitivity(write_small_graph(tmp_path / "small.onnx"))
    sensitivity._inputs = sensitivity._inputs._replace(quick=2)
    made_up_plan(sensitivity).choose(0.15)
    assert sensitivity.measured_fully == []


def test_a_layer_that_all_inputs_find_cheaper_makes_room_for_the_others(tmp_path: Path) -> None:
    class Misjudged(MadeUpSensitivity):
        def measure_error(self, choice: Choice, edits: Edits | None = None, *, quick: bool = False) -> float:
            return super().measure_error(choice, edits, quick=quick) / (1 if quick else 20)

    planner = made_up_plan(Misjudged(write_small_graph(tmp_path / "small.onnx")))
    assert planner.predict(planner.all_cheapest()) == pytest.approx(sum(INT8_ERRORS.values()))
    assert set(planner.choose(0.03).values()) == {"int8"}, "quick inputs alone would have bought blocks for `out`"


def test_outliers_are_looked_for_again_among_the_layers_that_are_costly_once_others_are_moved(spiked: ExactGraph) -> None:
    errors = {"query": 0.05, "key": 0.0, "out": 0.009, "positions": 0.0095, "words": 0.0}
    sensitivity = MadeUpSensitivity(spiked, moved=0.1, errors=errors)
    planner = made_up_plan(sensitivity)
    planner.choose(0.02)  # at first, `query` and `positions` leave less than half of it; then `query` is cheaper than `out`
    assert sensitivity.moved == {"query", "key", "out"}


@pytest.mark.parametrize(("in_blocks", "equalized"), [(0.6, True), (0.8, False), (9.0, False)])
def test_outliers_are_moved_back_where_a_whole_group_takes_blocks_that_gain_little_by_it(
    spiked: ExactGraph, in_blocks: float, *, equalized: bool
) -> None:
    errors = {"query": 0.05, "key": 0.04, "out": 0.0, "positions": 0.0, "words": 0.0}
    planner = made_up_plan(MadeUpSensitivity(spiked, moved=0.5, errors=errors, in_blocks=in_blocks))
    choice, budget = planner.choose(0.0095), 0.0095
    assert {choice["query"], choice["key"]} == {"block8"}
    assert planner.predict(choice) == pytest.approx(0.009 * (in_blocks if equalized else 1))
    assert bool(planner.edits(choice).rows) is equalized
    lines = {line.layer: line for line in planner.describe(choice, budget).layers}
    assert bool(lines["query"].equalized) is equalized
    assert lines["query"].errors["int8"] == pytest.approx(0.025), "int8 is as good as it can be"
    assert ("for which they stay" in lines["query"].why) is not equalized


def test_outliers_stay_moved_where_one_layer_of_a_group_is_int8(spiked: ExactGraph) -> None:
    errors = {"query": 0.05, "key": 0.004, "out": 0.0, "positions": 0.0, "words": 0.0}
    planner = made_up_plan(MadeUpSensitivity(spiked, moved=0.5, errors=errors, in_blocks=1.5))
    choice = planner.choose(0.01)
    assert (choice["query"], choice["key"]) == ("block8", "int8")
    assert planner.predict(choice) == pytest.approx(0.05 / 10 * 1.5 + 0.002)
    assert planner.edits(choice).rows.keys() == {"query.weight", "key.weight"}


def test_nothing_is_moved_where_a_whole_group_is_exact(spiked: ExactGraph) -> None:
    planner = made_up_plan(MadeUpSensitivity(spiked, moved=0.5))
    assert planner.edits(planner.all_cheapest()) == Edits()
    choice = planner.choose(0.0)
    assert set(choice.values()) == {"fp32"}
    assert planner.edits(choice) == Edits()


def test_the_layers_that_cost_half_the_budget_together_stay_in_int8_unexamined(tmp_path: Path) -> None:
    sensitivity = MadeUpSensitivity(write_small_graph(tmp_path / "small.onnx"))
    made_up_plan(sensitivity).choose(0.02)  # without "out" the others cost 0.0201, without "query" as well 0.0098
    assert sensitivity.examined == {"out", "query"}


def test_an_upgrade_that_a_later_one_makes_needless_is_undone(tmp_path: Path) -> None:
    errors = {"out": 0.08, "query": 0.0, "key": 0.0, "words": 0.0, "positions": 0.04}  # of a table with few numbers
    planner = made_up_plan(MadeUpSensitivity(write_small_graph(tmp_path / "small.onnx"), errors=errors))
    assert planner.choose(0.05) == dict.fromkeys(errors, "int8") | {"out": "block8"}
    assert planner.choose(0.047) == dict.fromkeys(errors, "int8") | {"out": "block8", "positions": "fp32"}


@pytest.mark.parametrize(("moved", "equalized"), [(0.69, True), (0.71, False)])
def test_outliers_are_moved_where_three_tenths_of_the_error_go(spiked: ExactGraph, moved: float, *, equalized: bool) -> None:
    planner = made_up_plan(MadeUpSensitivity(spiked, moved))
    lines = {line.layer: line for line in planner.describe(planner.choose(0.02), 0.02).layers}
    assert bool(lines["query"].equalized) is equalized
    assert lines["query"].errors["int8"] == pytest.approx(INT8_ERRORS["query"] * (moved if equalized else 1))


def test_rows_are_taken_before_blocks_where_they_are_enough(tmp_path: Path) -> None:
    graph = write_small_graph(tmp_path / "small.onnx")
    errors = {"out": 0.08, "query": 0.0, "key": 0.0, "words": 0.0, "positions": 0.0}
    for rows, expected in ((0.4, "row8"), (0.9, "block8")):
        planner = PrecisionPlanner(MadeUpSensitivity(graph, errors=errors, rows=rows))
        planner.measure_layers(SilentDisplay())
        assert planner.choose(0.05) == dict.fromkeys(errors, "int8") | {"out": expected}
        line = next(line for line in planner.describe(planner.choose(0.05), 0.05).layers if line.layer == "out")
        assert f"; in rows {0.08 * rows:.1e}" in line.why


def test_a_graph_of_rows_has_no_product_that_is_coarser(tmp_path: Path) -> None:
    graph = write_small_graph(tmp_path / "small.onnx")
    planner = PrecisionPlanner(small_graph_sensitivity(graph), rows=True)
    planner.measure_layers(SilentDisplay())
    in_rows: dict[str, Precision] = {
        name: "row8" if layer.kind == "product" else "int8" for name, layer in graph.layers.items()
    }
    assert planner.choose(0.5) == planner.all_cheapest() == in_rows
    choice = planner.choose(planner.predict(in_rows) / 3)
    assert "int8" not in {choice[name] for name, layer in graph.layers.items() if layer.kind == "product"}
    plan = planner.describe(in_rows, 0.5)
    assert plan.rows
    assert all(line.why.startswith(f"{in_rows[line.layer]} costs") for line in plan.layers)


def test_a_table_is_never_put_in_blocks(planner: PrecisionPlanner) -> None:
    for budget in (1e-3, 1e-4, 1e-5, 1e-6):
        assert planner.choose(budget)["positions"] in {"int8", "fp32"}

"""What is measured of a family's graphs: nothing before it is asked for, and no loss between graphs and themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.precision.calibration_set import CalibrationSet, draw_calibration_set
from export.precision.gate_measures import BlipGateMeasure, ClipGateMeasure
from export.precision.gates import Gates
from export.precision.plan import PrecisionPlanner
from export.precision.sensitivity import Feed, LayerInputs, LayerSensitivity
from runtime.artefacts.manifest import read_models_manifest
from runtime.errors import LookwhyError, SessionFailed
from tests.export.precision.small_graphs import small_graph_sensitivity, write_small_graph
from tests.sample_library import MODELS

MANIFEST = read_models_manifest(MODELS)
Measure = Callable[[Path, Any, CalibrationSet, int], ClipGateMeasure | BlipGateMeasure]


@pytest.fixture(scope="module")
def calibration() -> CalibrationSet:
    return draw_calibration_set(2)


@pytest.mark.parametrize(("measure", "record"), [(ClipGateMeasure, MANIFEST.clip), (BlipGateMeasure, MANIFEST.blip)])
def test_constructing_a_gate_measure_opens_no_graph(
    tmp_path: Path, calibration: CalibrationSet, measure: Measure, record: object
) -> None:
    gate_measure = measure(tmp_path / "nowhere", record, calibration, 1)
    with pytest.raises(LookwhyError):
        gate_measure.evaluate(MODELS)


def test_constructing_a_sensitivity_or_a_planner_runs_no_graph(tmp_path: Path) -> None:
    graph = write_small_graph(tmp_path / "small.onnx")
    graph.path.unlink()
    sensitivity = small_graph_sensitivity(graph)
    PrecisionPlanner(sensitivity)
    with pytest.raises(SessionFailed):
        sensitivity.measure_error({})


def test_a_sensitivity_runs_the_exact_graph_once(tmp_path: Path) -> None:
    sensitivity: LayerSensitivity = small_graph_sensitivity(write_small_graph(tmp_path / "small.onnx"))
    assert sensitivity.measure_error({}) == pytest.approx(0, abs=1e-6)
    sensitivity.graph.path.unlink()
    assert sensitivity.measure_error({"query": "int8"}) > 0


@pytest.mark.parametrize(
    ("measure", "record", "subjects"),
    [
        (ClipGateMeasure, MANIFEST.clip, {"clip/text.onnx embedding", "clip/image.onnx embedding", "ranking of pictures"}),
        (BlipGateMeasure, MANIFEST.blip, {"blip/vision.onnx cross_states", "blip/decoder.onnx logits", "blip captions"}),
    ],
)
def test_graphs_compared_with_themselves_lose_nothing(
    calibration: CalibrationSet, measure: Measure, record: object, subjects: set[str]
) -> None:
    result = measure(MODELS, record, calibration, 1).evaluate(MODELS)
    assert subjects <= result.measures.keys()
    assert not result.find_misses(Gates(cosine_mean=0.99999, cosine_worst=0.99999, overlap_at_10=1, token_agreement=1))


def test_blip_layers_are_measured_on_caption_beginnings_of_growing_length(calibration: CalibrationSet) -> None:
    assert MANIFEST.blip
    gate_measure = BlipGateMeasure(MODELS, MANIFEST.blip, calibration, 1)
    inputs = gate_measure.calibration_inputs(MANIFEST.blip.decoder.path)
    lengths = [feed["input_ids"].shape[1] for feed in inputs.feeds]
    assert inputs.outputs == ("logits",)
    assert (len(lengths), inputs.quick) == (8, 4)
    for some in (lengths[:4], lengths[4:]):
        assert some == sorted(some)
        assert some[-1] > 3
    assert lengths[0] == 1


def test_the_inputs_of_a_layer_are_spread_over_the_set_and_so_are_the_quick_ones() -> None:
    feeds: list[Feed] = [{"number": np.array(number)} for number in range(100)]
    inputs = LayerInputs.spread(feeds, ("output",), quick=4, at_most=20)
    numbers = [int(feed["number"]) for feed in inputs.feeds]
    assert sorted(numbers) == list(range(0, 100, 5))
    assert (numbers[:4], inputs.quick) == ([0, 25, 50, 75], 4)


def test_a_set_that_is_smaller_than_what_a_quick_measure_runs_is_taken_whole() -> None:
    inputs = LayerInputs.spread([{"number": np.array(number)} for number in range(3)], ("output",), quick=8, at_most=48)
    assert ([int(feed["number"]) for feed in inputs.feeds], inputs.quick) == ([0, 1, 2], 3)


def test_a_quick_measure_runs_the_first_inputs_alone(tmp_path: Path) -> None:
    graph = write_small_graph(tmp_path / "small.onnx")
    feeds: list[Feed] = [{"input_ids": np.array([number])} for number in range(4)]

    def errors(inputs: LayerInputs, *, quick: bool) -> float:
        sensitivity = LayerSensitivity(graph, inputs, target="avx2", threads=1)
        return sensitivity.measure_error(dict.fromkeys(graph.layers, "int8"), quick=quick)

    two, all_four = errors(LayerInputs(feeds[:2], ["logits"], 2), quick=False), LayerInputs(feeds, ["logits"], 2)
    assert errors(all_four, quick=True) == two
    assert errors(all_four, quick=False) != two

"""What is measured of a family's graphs: nothing before it is asked for, and no loss between graphs and themselves."""

from pathlib import Path

import pytest

from export.precision.calibration_set import CalibrationSet, draw_calibration_set
from export.precision.gate_measures import BlipGateMeasure, ClipGateMeasure
from export.precision.gates import Gates
from export.precision.plan import PrecisionPlanner
from export.precision.sensitivity import LayerSensitivity
from runtime.artefacts.manifest import read_models_manifest
from runtime.errors import LookwhyError, SessionFailed
from tests.export.precision.small_graphs import small_graph_sensitivity, write_small_graph
from tests.sample_library import MODELS

MANIFEST = read_models_manifest(MODELS)
Measure = type[ClipGateMeasure] | type[BlipGateMeasure]


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
        (ClipGateMeasure, MANIFEST.clip, {"clip/text.onnx embedding", "clip/image.onnx embedding", "clip ranking"}),
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
    feeds, outputs = gate_measure.calibration_inputs(MANIFEST.blip.decoder.path)
    lengths = [feed["input_ids"].shape[1] for feed in feeds]
    assert outputs == ("logits",)
    assert len(lengths) == 6
    assert (lengths[0], lengths[-1] > 3) == (1, True)

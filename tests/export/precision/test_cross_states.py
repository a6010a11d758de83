"""A picture's keys and values in int8: how near they and the captions stay, and fp32 where a gate would be missed."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from export.console import SilentDisplay
from export.models.optimize import optimize_graph
from export.precision.budget import BudgetSearch, RoundedGraphs, RoundingOptions
from export.precision.calibration_set import TEXTURES, draw_calibration_set
from export.precision.cross_state_nodes import divide_states, pass_states_in_int8
from export.precision.cross_states import (
    LEVELS,
    MARGIN,
    Scales,
    calibrate_scales,
    read_scales,
    restore_states,
    round_states,
)
from export.precision.gate_measures import BlipGateMeasure
from export.precision.gates import GateResult, Gates, cosines_between
from export.precision.layers import ExactGraph
from export.precision.rewriting import rewrite, write_single_file
from export.precision.rounding import Choice, Precision, Target
from export.precision.sensitivity import LayerInputs
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.onnx_session import Array, Session
from tests.export.small_checkpoints import SIZE

pytestmark = pytest.mark.torch

SAMPLE = Path("sample/models")
VISION, DECODER = "blip/vision.onnx", "blip/decoder.onnx"
SHAPE = (1, 2, 17, 16)  # of one layer's keys: heads, image tokens, head width


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fp32 graphs of a small BLIP."""
    from export.models.blip import write_blip_graphs
    from tests.export.small_checkpoints import save_blip

    folder: Path = tmp_path_factory.mktemp("exact")
    write_blip_graphs(save_blip(folder / "checkpoint"), folder, num_beams=3)
    return folder


def draw_pixels(pictures: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((pictures, 3, SIZE, SIZE)).astype(np.float32)


def see(folder: Path, pixels: np.ndarray) -> dict[str, Array]:
    vision = Session(folder / VISION, 1)
    names = vision.output_names
    return dict(zip(names, vision.run(names, {"pixel_values": pixels}), strict=True))


def decode(folder: Path, states: dict[str, Array], token_ids: np.ndarray) -> np.ndarray:
    decoder = Session(folder / DECODER, 1)
    pasts = [name for name in decoder.input_shapes if name.startswith("past_")]
    past = {name: np.empty((len(token_ids), 2, 0, 16), np.float32) for name in pasts}
    logits: np.ndarray
    [logits] = decoder.run(["logits"], {"input_ids": token_ids, **past, **states})
    return logits


def write_int8_states(exact: Path, folder: Path, scales: Scales, *, layers: Precision = "fp32") -> Path:
    """Write both graphs with keys and values in int8, and each layer in one precision."""
    for name in (VISION, DECODER):
        graph = ExactGraph(exact / name)
        choice: Choice = dict.fromkeys(graph.layers, layers)
        model = rewrite(graph, choice, "avx2", divide_states(graph, scales))
        pass_states_in_int8(model, scales, "avx2")
        write_single_file(model, graph.path.parent, folder / name)
    return folder


@pytest.fixture(scope="module")
def scales(exact: Path) -> Scales:
    return calibrate_scales([see(exact, draw_pixels(4))], "avx2")


@pytest.mark.parametrize(("target", "levels"), [("avx2", 63), ("vnni", 127), ("arm64", 127)])
def test_the_last_level_is_half_as_much_again_as_the_largest_value(target: Target, levels: int) -> None:
    pictures = [{"cross_key_0": np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)} for seed in (1, 2)]
    largest = np.maximum(*(np.abs(one["cross_key_0"]).max(axis=(0, 2)) for one in pictures))
    scales = calibrate_scales(pictures, target)
    assert scales["cross_key_0"].shape == (2, 16)
    assert np.allclose(scales["cross_key_0"] * levels, MARGIN * largest)
    assert levels == LEVELS[target]


def test_pairs_of_products_cannot_saturate_16_bits_without_vnni() -> None:
    assert 2 * 255 * LEVELS["avx2"] < 2**15


@pytest.mark.parametrize("name", ["cross_key_1", "cross_value_1"])
def test_states_are_restored_within_half_a_level(name: str) -> None:
    states = {name: np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)}
    states[name][..., 5] = 0  # a channel that is always zero
    scales = calibrate_scales([states], "avx2")
    rounded = round_states(states, scales)
    assert rounded[name].dtype == np.int8
    assert rounded[name].shape == ((1, 2, 16, 17) if "key" in name else SHAPE)
    assert np.all(np.abs(restore_states(rounded, scales)[name] - states[name]) <= 0.5001 * scales[name][:, None])


def test_what_has_no_scales_stays_as_it_is() -> None:
    states: dict[str, Array] = {"cross_key_0": np.ones(SHAPE, np.float32), "input_ids": np.ones((1, 1), np.int64)}
    assert round_states(states, {}) == restore_states(states, {}) == states


@pytest.mark.parametrize("layers", ["fp32", "int8", "block8"])
def test_the_graphs_pass_int8_and_stay_near(exact: Path, tmp_path: Path, scales: Scales, layers: Precision) -> None:
    folder = write_int8_states(exact, tmp_path, scales, layers=layers)
    pixels, token_ids = draw_pixels(2, seed=9), np.array([[17, 6, 7], [17, 9, 11]])
    given, wanted = see(folder, pixels), see(exact, pixels)
    restored = restore_states(given, scales)
    assert {state.dtype for state in given.values()} == {np.dtype(np.int8)}
    for name, state in wanted.items():
        assert cosines_between(restored[name].ravel(), state.ravel()) > (0.9995 if layers == "fp32" else 0.995)
    logits = decode(exact, wanted, token_ids)
    for read in (round_states(wanted, scales), given):
        assert cosines_between(decode(folder, read, token_ids), logits).min() > (0.995 if layers == "fp32" else 0.98)


def test_the_vision_graph_rounds_as_the_arithmetic_does(exact: Path, tmp_path: Path, scales: Scales) -> None:
    folder = write_int8_states(exact, tmp_path, scales)
    pixels = draw_pixels(1, seed=9)
    expected = round_states(see(exact, pixels), scales)
    for name, levels in see(folder, pixels).items():
        assert levels.shape == expected[name].shape
        assert np.abs(levels.astype(int) - expected[name]).max() <= 1, "another order of sums may fall on the other side"
        assert (levels != expected[name]).mean() < 0.01


def test_values_beyond_the_last_level_are_cut_off_so_that_no_sum_saturates(
    exact: Path, tmp_path: Path, scales: Scales
) -> None:
    folder = write_int8_states(exact, tmp_path, {name: (scale / 5).astype(np.float32) for name, scale in scales.items()})
    levels = np.concatenate([state.ravel() for state in see(folder, draw_pixels(2)).values()])
    assert (levels.min(), levels.max()) == (-LEVELS["avx2"], LEVELS["avx2"])


def test_the_scales_are_read_from_the_decoder(exact: Path, tmp_path: Path, scales: Scales) -> None:
    folder = write_int8_states(exact, tmp_path, scales, layers="int8")
    read = read_scales(folder / DECODER)
    assert read.keys() == scales.keys()
    assert all(np.array_equal(read[name], scales[name]) for name in scales)
    assert not read_scales(folder / VISION)
    assert not read_scales(exact / DECODER)


def test_a_query_and_probabilities_of_a_row_do_not_depend_on_the_other_rows(
    exact: Path, tmp_path: Path, scales: Scales
) -> None:
    folder = write_int8_states(exact, tmp_path, scales)
    attention = onnx.load(folder / DECODER)
    assert "MultiHeadAttention" not in {node.op_type for node in attention.graph.node if "cross_key_0" in node.input}
    states = see(folder, draw_pixels(2, seed=9))
    token_ids = np.array([[17], [6], [7], [9]])  # two rows a picture
    both = decode(folder, states, token_ids)
    first = decode(folder, {name: state[:1] for name, state in states.items()}, token_ids[:2])
    assert np.abs(both[:2] - first).max() < 1e-5


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (0.1, False)])
def test_scales_that_cut_off_what_textures_have_miss_a_gate(tmp_path: Path, factor: float, *, holds: bool) -> None:
    manifest = read_models_manifest(SAMPLE)
    assert manifest.blip
    gate_measure = BlipGateMeasure(SAMPLE, manifest.blip, draw_calibration_set(), 1)
    scales = {name: (scale * factor).astype(np.float32) for name, scale in gate_measure.calibrate_states("vnni").items()}
    cosines = gate_measure.round_textures(scales)
    assert (cosines.shape, bool(cosines.mean() >= Gates().cosine_mean)) == ((TEXTURES,), holds)


class StatesGateMeasure:
    """Graphs lose nothing in fp32, and `lost` once they pass int8."""

    def __init__(self, exact: Path, scales: Scales, lost: float) -> None:
        self._feed, self._scales, self._lost = see(exact, draw_pixels(1)), scales, lost

    def calibration_inputs(self, graph: str) -> LayerInputs:
        pixels = {"pixel_values": draw_pixels(1)}
        past = {f"past_{part}_{layer}": np.empty((1, 2, 0, 16), np.float32) for part in ("key", "value") for layer in (0, 1)}
        decoder = {"input_ids": np.array([[17]]), **past, **self._feed}
        return LayerInputs([pixels], list(self._feed), 1) if graph == VISION else LayerInputs([decoder], ["logits"], 1)

    def calibrate_states(self, target: Target) -> Scales:
        return self._scales

    def evaluate(self, folder: Path) -> GateResult:
        lost = self._lost if read_scales(folder / DECODER) else 0.0
        return GateResult({f"{DECODER} logits": np.array([1 - lost])}, losses={VISION: lost, DECODER: lost})


def search(exact: Path, out: Path, scales: Scales, lost: float) -> RoundedGraphs:
    options = RoundingOptions("avx2", Gates(), naive=True, threads=1)
    return BudgetSearch([VISION, DECODER], exact, out, options, SilentDisplay()).run(StatesGateMeasure(exact, scales, lost))


def test_states_that_miss_no_gate_are_passed_in_int8(exact: Path, tmp_path: Path, scales: Scales) -> None:
    rounded = search(exact, tmp_path, scales, lost=0.0005)
    assert rounded.states
    assert rounded.states.precision == "int8"
    assert rounded.result.cosines[f"{DECODER} logits"] == pytest.approx(0.9995)
    assert read_scales(tmp_path / DECODER).keys() == scales.keys()


def test_states_that_miss_a_gate_stay_in_fp32_and_the_plan_says_why(exact: Path, tmp_path: Path, scales: Scales) -> None:
    rounded = search(exact, tmp_path, scales, lost=0.02)
    assert rounded.states
    assert rounded.states.precision == "fp32"
    assert "kept in fp32: with int8, blip/decoder.onnx logits: cosine_mean is 0.98" in rounded.states.why
    assert rounded.states.measures[f"{DECODER} logits"]["cosine_mean"] == pytest.approx(0.98)
    assert rounded.result.cosines[f"{DECODER} logits"] == 1.0
    assert not rounded.misses
    assert not read_scales(tmp_path / DECODER)
    assert {state.dtype for state in see(tmp_path, draw_pixels(1)).values()} == {np.dtype(np.float32)}


def test_the_scales_are_read_from_an_optimized_decoder_too(exact: Path, tmp_path: Path, scales: Scales) -> None:
    folder = write_int8_states(exact, tmp_path, scales, layers="int8")
    optimize_graph(folder / DECODER)
    read = read_scales(folder / DECODER)
    assert all(np.array_equal(read[name], scales[name]) for name in scales)
    assert read["cross_key_0"].shape == (2, 16)

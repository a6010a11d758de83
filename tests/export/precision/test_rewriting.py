"""Layers found in a graph, and the graph rewritten: what it holds, how near it stays, and that folding changes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from export.precision.edits import Edits
from export.precision.layers import ExactGraph
from export.precision.rewriting import rewrite, write_single_file
from export.precision.rounding import Choice, Precision
from export.precision.smoothquant import ChannelGroup, find_channel_groups, find_scales, move_scales
from runtime.models.onnx_session import Session
from tests.export.precision.small_graphs import WIDTH, WORDS, small_graph_sensitivity, write_small_graph

IDS = np.array([3, 1, 6, 0])


@pytest.fixture
def graph(tmp_path: Path) -> ExactGraph:
    return write_small_graph(tmp_path / "small.onnx")


def ask(path: Path) -> np.ndarray:
    return Session(path, 1).run(["logits"], {"input_ids": IDS})[0]


def write(graph: ExactGraph, choice: Choice, edits: Edits | None = None) -> Path:
    path = graph.path.with_name("rewritten.onnx")
    write_single_file(rewrite(graph, choice, "avx2", edits), graph.path.parent, path)
    return path


def test_layers_are_products_and_tables_named_by_their_weights(graph: ExactGraph) -> None:
    kinds = {name: layer.kind for name, layer in graph.layers.items()}
    assert kinds == {"words": "product", "positions": "table", "query": "product", "key": "product", "out": "product"}
    assert graph.layers["words"].shape == (WIDTH, WORDS)


def test_weights_beside_the_graph_are_read_when_asked_for(graph: ExactGraph) -> None:
    assert graph.path.with_name("small.onnx.data").exists()
    assert graph.read("words").shape == (WIDTH, WORDS)


def test_products_of_the_same_channels_are_a_group_and_looked_up_ones_are_in_none(graph: ExactGraph) -> None:
    behind_norm, behind_product = (
        ChannelGroup(("seen",), ("norm1",), ("key", "query")),
        ChannelGroup(("mixed",), (), ("out",)),
    )
    assert find_channel_groups(graph) == [behind_norm, behind_product]


def test_a_norm_that_something_else_reads_keeps_its_gain(tmp_path: Path) -> None:
    path = write_small_graph(tmp_path / "small.onnx").path
    model = onnx.load(path)
    model.graph.node[7].input[0] = "seen"  # the product of query and key reads the norm, too
    onnx.save(model, path)
    assert find_channel_groups(ExactGraph(path))[0] == ChannelGroup(("seen",), (), ("key", "query"))


@pytest.mark.parametrize("precision", ["int8", "row8", "block8"])
@pytest.mark.parametrize("layer", ["words", "query", "out"])
def test_one_rounded_product_stays_near(graph: ExactGraph, layer: str, precision: Precision) -> None:
    exact, given = ask(graph.path), ask(write(graph, {layer: precision}))
    difference = np.linalg.norm(given - exact) / np.linalg.norm(exact)
    assert 0 < difference < 0.03


def test_a_rounded_table_stays_near_and_is_looked_up_in_int8(graph: ExactGraph) -> None:
    path = write(graph, {"positions": "int8"})
    assert 0 < np.abs(ask(path) - ask(graph.path)).max() < 0.5
    held = {tensor.name: tensor for tensor in onnx.load(path).graph.initializer}
    assert "positions" not in held
    assert held["positions_rows"].data_type == onnx.TensorProto.INT8


@pytest.mark.parametrize(("precision", "form"), [("int8", "words_int8"), ("row8", "words_int8"), ("block8", "words_blocks")])
def test_tied_words_are_one_rounded_tensor_with_two_readers(graph: ExactGraph, precision: Precision, form: str) -> None:
    model = onnx.load(write(graph, {"words": precision}))
    large = [tensor.name for tensor in model.graph.initializer if numpy_helper.to_array(tensor).size == WIDTH * WORDS]
    assert large == [form]
    assert sum(form in node.input for node in model.graph.node) == 2


def test_products_that_read_one_norm_share_its_rounding(graph: ExactGraph) -> None:
    model = onnx.load(write(graph, dict.fromkeys(graph.layers, "int8")))
    assert [node.op_type for node in model.graph.node].count("DynamicQuantizeLinear") == 3  # seen, mixed, last


def test_products_that_read_one_norm_share_the_rounding_of_its_rows(graph: ExactGraph) -> None:
    model = onnx.load(write(graph, {"query": "row8", "key": "row8", "out": "int8"}))
    kinds = [node.op_type for node in model.graph.node]
    assert (kinds.count("ReduceMax"), kinds.count("QuantizeLinear"), kinds.count("DynamicQuantizeLinear")) == (1, 1, 1)


def test_in_rows_no_row_depends_on_others_and_in_one_tensor_they_do(graph: ExactGraph) -> None:
    def differs(precision: Precision) -> bool:
        path = write(graph, dict.fromkeys(("query", "key", "out", "words"), precision))
        alone = [Session(path, 1).run(["logits"], {"input_ids": one[None]})[0][0] for one in IDS]
        return not np.array_equal(ask(path), np.stack(alone))

    assert differs("int8")
    assert not differs("row8")


def test_an_outlier_of_one_token_coarsens_that_token_alone(tmp_path: Path) -> None:
    path = write_small_graph(tmp_path / "small.onnx").path
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name == "positions":
            table = numpy_helper.to_array(tensor).copy()
            table[6] *= 300  # one of the four tokens, in all channels: nothing that could be moved into a weight
            tensor.CopyFrom(numpy_helper.from_array(table, tensor.name))
    onnx.save(model, path)
    graph = ExactGraph(path)
    exact = ask(path)
    errors = {
        precision: np.linalg.norm(np.delete(ask(write(graph, {"out": precision})) - exact, 2, axis=0))
        for precision in ("int8", "row8")
    }
    assert errors["row8"] < errors["int8"]


def test_a_row_of_equal_values_is_exact_in_rows(tmp_path: Path) -> None:
    path = write_small_graph(tmp_path / "small.onnx").path
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name in ("norm1.weight", "norm1.bias"):
            value = 0.0 if tensor.name == "norm1.weight" else 0.7
            tensor.CopyFrom(numpy_helper.from_array(np.full(WIDTH, value, np.float32), tensor.name))
    onnx.save(model, path)
    graph = ExactGraph(path)
    given = ask(write(graph, {"query": "row8", "key": "row8"}))
    assert np.abs(given - ask(path)).max() / np.abs(given).max() < 0.02  # what is left is the rounding of the weights


def test_what_is_not_chosen_stays_as_it_was(graph: ExactGraph) -> None:
    assert np.array_equal(ask(write(graph, {})), ask(graph.path))


def test_a_written_graph_is_one_file(graph: ExactGraph, tmp_path: Path) -> None:
    path = write(graph, {"query": "int8"})
    alone = tmp_path / "elsewhere" / "graph.onnx"
    alone.parent.mkdir()
    path.rename(alone)
    assert ask(alone).shape == (len(IDS), WORDS)


@pytest.mark.parametrize("behind", ["a norm", "a factor"])
def test_moving_outliers_into_weights_leaves_the_function(tmp_path: Path, behind: str) -> None:
    plain, spiked = write_small_graph(tmp_path / "plain.onnx"), write_small_graph(tmp_path / "spiked.onnx", outlier=60)
    assert np.allclose(ask(plain.path), ask(spiked.path), atol=1e-4)
    sensitivity = small_graph_sensitivity(spiked)
    choice: Choice = {"query": "int8", "key": "int8"}
    group = find_channel_groups(spiked)[0]
    if behind == "a factor":
        group = replace(group, norms=())
    ((exponent, scales),) = find_scales(sensitivity, [group]).values()
    assert exponent > 0
    edits = move_scales(spiked, group, scales)
    assert bool(edits.norms) == (behind == "a norm")
    assert np.allclose(ask(write(spiked, {}, edits)), ask(spiked.path), atol=1e-4)
    unscaled = small_graph_sensitivity(plain).measure_error(choice)
    assert sensitivity.measure_error(choice) > 20 * unscaled
    assert sensitivity.measure_error(choice, edits) < 2 * unscaled

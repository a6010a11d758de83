"""Traced graphs and their weights: complete, stored once, under their own names, and memory-mapped."""

import gc
import weakref
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from export.models.blip import write_blip_graphs
from export.models.clip import write_clip_graphs
from export.models.onnx_graph import (
    PAGE_BYTES,
    bypass_identities,
    fold_transposes,
    graph_bytes,
    join_graph,
    store_weights,
)
from runtime.models.onnx_session import Session
from tests.export.small_checkpoints import save_blip, save_clip

pytestmark = pytest.mark.torch

Written = tuple[Path, dict[str, dict[str, torch.Tensor]]]  # the folder, and each family's weights by the checkpoint's names


def make_graph(*nodes: onnx.NodeProto, inputs: tuple[str, ...]) -> onnx.GraphProto:
    entries = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inputs]
    return helper.make_graph(list(nodes), "graph", entries, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])


def transpose(source: str, target: str) -> onnx.NodeProto:
    return helper.make_node("Transpose", [source], [target], perm=[1, 0])


def outside(tensor: onnx.TensorProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in tensor.external_data}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """All four graphs of a small CLIP and a small BLIP."""
    folder = tmp_path_factory.mktemp("written")
    clip, blip = save_clip(folder / "clip-model"), save_blip(folder / "blip-model")
    write_clip_graphs(clip, folder)
    write_blip_graphs(blip, folder, num_beams=3)
    return folder, {"clip": dict(clip.named_parameters()), "blip": dict(blip.named_parameters())}


@pytest.mark.parametrize("graph", ["clip/text.onnx", "clip/image.onnx", "blip/vision.onnx", "blip/decoder.onnx"])
def test_every_weight_bears_its_name_and_products_read_theirs_transposed(written: Written, graph: str) -> None:
    folder, weights = written[0], written[1][graph.partition("/")[0]]
    stored = onnx.load(folder / graph).graph
    assert len(stored.initializer) > 20
    products = {node.input[1] for node in stored.node if node.op_type == "MatMul"}
    for tensor in stored.initializer:
        expected = weights[tensor.name].detach().numpy()
        array = numpy_helper.to_array(tensor)
        assert np.array_equal(array, expected.T if tensor.name in products else expected), tensor.name
    assert not products - {tensor.name for tensor in stored.initializer}
    assert {entry.name for entry in stored.input}.isdisjoint(weights)


def test_large_weights_lie_at_pages_of_the_one_file_beside_the_graph(written: Written) -> None:
    folder, _ = written
    stored = onnx.load(folder / "clip/image.onnx", load_external_data=False).graph
    places = {tensor.name: outside(tensor) for tensor in stored.initializer if tensor.external_data}
    assert "vision_model.encoder.layers.2.mlp.fc1.weight" in places
    assert "vision_model.encoder.layers.2.mlp.fc1.bias" not in places
    assert {place["location"] for place in places.values()} == {"image.onnx.data"}
    assert all(int(place["offset"]) % PAGE_BYTES == 0 for place in places.values())
    sizes = [path.stat().st_size for path in (folder / "clip/image.onnx", folder / "clip/image.onnx.data")]
    assert graph_bytes(folder / "clip/image.onnx") == sum(sizes)


def test_a_joined_graph_is_one_file_and_answers_the_same(written: Written, tmp_path: Path) -> None:
    source, target = written[0] / "clip/text.onnx", tmp_path / "joined" / "text.onnx"
    join_graph(source, target)
    assert [path.name for path in target.parent.iterdir()] == ["text.onnx"]
    token_ids = np.array([[54, 3, 9, 55]])
    one, other = (Session(path, 1).run(["embedding"], {"input_ids": token_ids})[0] for path in (source, target))
    assert np.array_equal(one, other)


def test_a_traced_model_is_let_go(tmp_path: Path) -> None:
    model = save_clip(tmp_path / "model")
    kept = weakref.ref(model.text_model.final_layer_norm.weight)
    write_clip_graphs(model, tmp_path)
    gc.disable()  # only what counting references frees counts: the weights must not wait for a collection
    try:
        del model
        assert kept() is None
    finally:
        gc.enable()


def test_a_matrix_that_is_read_as_it_is_too_keeps_its_transpose() -> None:
    nodes = [
        transpose("only turned", "a"),
        transpose("both", "b"),
        helper.make_node("Sum", ["a", "b", "both"], ["y"]),
    ]
    graph = make_graph(*nodes, inputs=("only turned", "both"))
    assert fold_transposes(graph, ["only turned", "both"]) == {"only turned"}
    assert [(node.op_type, *node.input) for node in graph.node] == [
        ("Transpose", "both"),
        ("Sum", "only turned", "b", "both"),
    ]


def test_weights_that_nothing_reads_are_left_out(tmp_path: Path) -> None:
    graph = make_graph(helper.make_node("Add", ["x", "used"], ["y"]), inputs=("x", "used", "unused"))
    store_weights(graph, {"used": torch.ones(3), "unused": torch.ones(9999)}, tmp_path / "graph.onnx.data")
    assert [tensor.name for tensor in graph.initializer] == ["used"]
    assert [entry.name for entry in graph.input] == ["x"]
    assert (tmp_path / "graph.onnx.data").stat().st_size == 0


def test_copies_of_a_weight_are_read_at_their_origin_and_outputs_keep_their_names() -> None:
    nodes = [
        helper.make_node("Identity", ["weight"], ["copy"]),
        helper.make_node("Identity", ["copy"], ["copy of the copy"]),
        helper.make_node("MatMul", ["x", "copy of the copy"], ["product"]),
        helper.make_node("Identity", ["product"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y"))
    graph = helper.make_graph(nodes, "copies", [x], [y])
    bypass_identities(graph)
    assert [(node.op_type, *node.input, *node.output) for node in graph.node] == [
        ("MatMul", "x", "weight", "product"),
        ("Identity", "product", "y"),
    ]

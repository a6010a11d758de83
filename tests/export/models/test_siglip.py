"""SigLIP's graphs against transformers' own code, and patches' parts against the vector that they are parts of."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import SiglipModel

from export.models.siglip import embed_with_torch, write_siglip_graphs
from export.precision.layers import ExactGraph
from runtime.errors import SessionFailed
from runtime.models.onnx_session import Session
from tests.export.small_siglip import CONTEXT, SIGLIP_KIN, save_siglip

pytestmark = pytest.mark.torch

TOLERANCE, SUM_TOLERANCE = 1e-4, 1e-5
SMALLEST_VOCABULARY = 50


class Traced:
    """A checkpoint's model as it was saved, and the graphs that were written from another copy of it."""

    def __init__(self, folder: Path, kin: str) -> None:
        self.folder = folder
        self.model = save_siglip(folder / "checkpoint", **SIGLIP_KIN[kin])
        write_siglip_graphs(SiglipModel.from_pretrained(folder / "checkpoint", attn_implementation="eager").eval(), folder)
        self.text, self.image = Session(folder / "siglip/text.onnx", 1), Session(folder / "siglip/image.onnx", 1)

    def pixels(self, images: int) -> np.ndarray:
        size = self.model.config.vision_config.image_size
        return np.random.default_rng(1).standard_normal((images, 3, size, size)).astype(np.float32)


@pytest.fixture(scope="module", params=SIGLIP_KIN)
def traced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    return Traced(tmp_path_factory.mktemp("siglip"), request.param)


def make_texts(texts: int, length: int = CONTEXT) -> np.ndarray:
    return np.random.default_rng(0).integers(0, SMALLEST_VOCABULARY, (texts, length))


@pytest.mark.parametrize("texts", [1, 3])
def test_text_graph_equals_the_model_in_any_batch(traced: Traced, texts: int) -> None:
    token_ids = make_texts(texts)
    with torch.inference_mode():
        expected = normalize(traced.model.get_text_features(torch.from_numpy(token_ids)), dim=-1).numpy()
    (given,) = traced.text.run(["embedding"], {"input_ids": token_ids})
    assert given.dtype == np.float32
    assert np.abs(given - expected).max() <= TOLERANCE


@pytest.mark.parametrize("length", [1, CONTEXT - 1, CONTEXT + 1])
def test_a_text_of_another_length_is_refused(traced: Traced, length: int) -> None:
    with pytest.raises(SessionFailed, match="invalid dimensions for input: input_ids"):
        traced.text.run(["embedding"], {"input_ids": make_texts(1, length)})


@pytest.mark.parametrize("images", [1, 3])
def test_image_graph_equals_the_model_in_any_batch(traced: Traced, images: int) -> None:
    pixels = traced.pixels(images)
    with torch.inference_mode():
        expected = normalize(traced.model.get_image_features(torch.from_numpy(pixels)), dim=-1).numpy()
    (given,) = traced.image.run(["embedding"], {"pixel_values": pixels})
    assert np.abs(given - expected).max() <= TOLERANCE


def test_contributions_are_what_the_head_reads_from_each_patch(traced: Traced) -> None:
    pixels = traced.pixels(2)
    expected = embed_with_torch(traced.model, [make_texts(1)], pixels)["siglip/image.onnx patch_contributions"]
    (given,) = traced.image.run(["patch_contributions"], {"pixel_values": pixels})
    vision = traced.model.config.vision_config
    assert given.shape == (2, (vision.image_size // vision.patch_size) ** 2, vision.hidden_size)
    assert np.abs(given - expected).max() <= TOLERANCE


def test_contributions_and_the_biases_sum_to_the_vector(traced: Traced) -> None:
    pixels = traced.pixels(3)
    embedding, contributions = traced.image.run(["embedding", "patch_contributions"], {"pixel_values": pixels})
    rest = rest_of_the_biases(traced.model, torch.from_numpy(pixels)).numpy()
    assert np.abs(contributions.sum(axis=1) + rest - embedding).max() <= SUM_TOLERANCE
    assert np.abs(contributions.sum(axis=1)).max() > 100 * SUM_TOLERANCE


@torch.inference_mode()
def rest_of_the_biases(model: SiglipModel, pixels: Tensor) -> Tensor:
    """Return (n, d): what the head gives for no patch at all, the deviation and the slopes being those of the pictures."""
    vision, head = model.vision_model, model.vision_model.head
    patches = vision(pixels).last_hidden_state
    read = head.attention(head.probe.expand(len(pixels), -1, -1), patches, patches)[0]
    norm, mlp, bias = head.layernorm, head.mlp, head.attention.out_proj.bias
    inner = mlp.fc1(norm(read))
    slopes = mlp.activation_fn(inner) / inner
    deviation = (read.var(dim=-1, correction=0, keepdim=True) + norm.eps).sqrt()
    normed = (bias - bias.mean()) / deviation * norm.weight + norm.bias
    pooled: Tensor = model.get_image_features(pixels)
    rest: Tensor = (bias + mlp.fc2(mlp.fc1(normed) * slopes))[:, 0]
    unit: Tensor = rest / pooled.norm(dim=-1, keepdim=True)
    return unit


def test_every_large_weight_is_a_layer_that_can_be_rounded(traced: Traced) -> None:
    for graph in ("text", "image"):
        exact = ExactGraph(traced.folder / f"siglip/{graph}.onnx")
        large = {tensor.name for tensor in exact.proto.graph.initializer if np.prod(tensor.dims) >= 48 * 48}
        assert large == set(exact.layer_of)


def test_gelu_by_tanh_is_one_node(traced: Traced) -> None:
    tanh = traced.model.config.vision_config.hidden_act == "gelu_pytorch_tanh"
    for graph, count in (("text", 2), ("image", 3)):
        kinds = [
            node.op_type for node in onnx.load(traced.folder / f"siglip/{graph}.onnx", load_external_data=False).graph.node
        ]
        assert kinds.count("FastGelu") == (count if tanh else 0)
        assert "Tanh" not in kinds

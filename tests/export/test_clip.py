"""CLIP's graphs against transformers' own code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize
from transformers import CLIPModel

from export.clip import write_clip_graphs
from runtime.sessions import Session
from tests.export.small_checkpoints import CLIP_KIN, save_clip

pytestmark = pytest.mark.torch

Traced = tuple[CLIPModel, Session, Session]

TOLERANCE = 1e-4


@pytest.fixture(scope="module", params=CLIP_KIN)
def traced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    folder: Path = tmp_path_factory.mktemp("clip")
    model = save_clip(folder / "checkpoint", **CLIP_KIN[request.param])
    write_clip_graphs(model, folder)
    return model, Session(folder / "clip/text.onnx", 1), Session(folder / "clip/image.onnx", 1)


def make_texts(lengths: list[int], end: int = 55) -> np.ndarray:
    rows = np.full((len(lengths), max(lengths) + 2), end)
    rng = np.random.default_rng(0)
    for row, length in zip(rows, lengths, strict=True):
        row[0], row[1 : 1 + length] = end - 1, rng.integers(0, end - 1, length)
    return rows


def make_pixels(model: CLIPModel, images: int) -> np.ndarray:
    size = model.config.vision_config.image_size
    return np.random.default_rng(1).standard_normal((images, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize("lengths", [[0], [1, 14], [5, 0, 9, 3]])
def test_text_graph_equals_the_model_at_any_length_and_batch(traced: Traced, lengths: list[int]) -> None:
    model, text, _ = traced
    token_ids = make_texts(lengths)
    with torch.inference_mode():
        expected = normalize(model.get_text_features(torch.from_numpy(token_ids)), dim=-1).numpy()
    (given,) = text.run(["embedding"], {"input_ids": token_ids})
    assert given.dtype == np.float32
    assert np.abs(given - expected).max() <= TOLERANCE


def test_padding_with_the_end_token_changes_no_text_vector(traced: Traced) -> None:
    _, text, _ = traced
    short = make_texts([4])
    padded = np.pad(short, ((0, 0), (0, 9)), constant_values=55)
    one, other = (text.run(["embedding"], {"input_ids": token_ids})[0] for token_ids in (short, padded))
    assert np.abs(one - other).max() <= 1e-6


@pytest.mark.parametrize("images", [1, 3])
def test_image_graph_equals_the_model_in_any_batch(traced: Traced, images: int) -> None:
    model, _, image = traced
    pixels = make_pixels(model, images)
    with torch.inference_mode():
        expected = normalize(model.get_image_features(torch.from_numpy(pixels)), dim=-1).numpy()
    (given,) = image.run(["embedding"], {"pixel_values": pixels})
    assert np.abs(given - expected).max() <= TOLERANCE


def test_patch_vectors_are_the_last_layer_without_token_mixing(traced: Traced) -> None:
    model, _, image = traced
    pixels = make_pixels(model, 2)
    vision = model.vision_model
    last = vision.encoder.layers[-1]
    with torch.inference_mode():
        hidden = vision(torch.from_numpy(pixels), output_hidden_states=True).hidden_states[-2][:, 1:]
        hidden = hidden + last.self_attn.out_proj(last.self_attn.v_proj(last.layer_norm1(hidden)))
        hidden = hidden + last.mlp(last.layer_norm2(hidden))
        expected = normalize(model.visual_projection(vision.post_layernorm(hidden)), dim=-1).numpy()
    (given,) = image.run(["patch_embeddings"], {"pixel_values": pixels})
    grid = model.config.vision_config.image_size // model.config.vision_config.patch_size
    assert given.shape == (2, grid**2, model.config.projection_dim)
    assert np.abs(given - expected).max() <= TOLERANCE
    assert np.abs(np.linalg.norm(given, axis=-1) - 1).max() <= 1e-5

"""CLIP's graphs against transformers' own code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize
from transformers import CLIPModel

from export.models.clip import embed_with_torch, write_clip_graphs
from runtime.models.onnx_session import Session
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


def test_contributions_are_what_the_class_token_reads_from_each_patch(traced: Traced) -> None:
    model, _, image = traced
    pixels = make_pixels(model, 2)
    expected = embed_with_torch(model, [make_texts([3])], pixels)["clip/image.onnx patch_contributions"]
    (given,) = image.run(["patch_contributions"], {"pixel_values": pixels})
    grid = model.config.vision_config.image_size // model.config.vision_config.patch_size
    assert given.shape == (2, grid**2, model.config.projection_dim)
    assert np.abs(given - expected).max() <= TOLERANCE


def test_contributions_are_parts_of_the_score(traced: Traced) -> None:
    """Taking a patch's value away from the class token, all else held, lowers the score by the patch's contribution."""
    model, _, image = traced
    pixels = make_pixels(model, 1)
    embedding, contributions = image.run(["embedding", "patch_contributions"], {"pixel_values": pixels})
    vision, text = (
        model.vision_model,
        np.random.default_rng(3).standard_normal(model.config.projection_dim).astype(np.float32),
    )
    with torch.inference_mode():
        seen = vision(torch.from_numpy(pixels), output_hidden_states=True, output_attentions=True)
        last, whole = vision.encoder.layers[-1], seen.last_hidden_state[:, 0]
        values = last.self_attn.v_proj(last.layer_norm1(seen.hidden_states[-2]))[0].unflatten(
            -1, (last.self_attn.num_heads, -1)
        )
        read = (seen.attentions[-1][0, :, 0, 3, None] * values[3]).flatten() @ last.self_attn.out_proj.weight.T
        norm = vision.post_layernorm

        def project(hidden: torch.Tensor) -> torch.Tensor:
            deviation = (whole.var(correction=0) + norm.eps).sqrt()
            projected: torch.Tensor = model.visual_projection((hidden - hidden.mean()) / deviation * norm.weight + norm.bias)
            return projected

        lost = (project(whole[0]) - project(whole[0] - read)) / project(whole[0]).norm()
    assert contributions[0, 2] @ text == pytest.approx(float(lost.numpy() @ text), abs=1e-4)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)

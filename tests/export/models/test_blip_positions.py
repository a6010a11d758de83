"""BLIP at another size, against transformers' own interpolation."""

from pathlib import Path

import numpy as np
import pytest
import torch

from export.errors import CheckpointUnusable
from export.models.blip import VisionTower
from export.models.blip_positions import resize_positions
from export.models.export import ExportOptions, export_models
from runtime.models.blip import BlipCaptioner
from tests.export.small_checkpoints import PATCH, SIZE, save_blip, save_clip

pytestmark = pytest.mark.torch

SMALLER = SIZE - PATCH


def test_a_resized_tower_sees_what_transformers_interpolates(tmp_path: Path) -> None:
    model = save_blip(tmp_path)
    pixels = torch.from_numpy(np.random.default_rng(3).standard_normal((2, 3, SMALLER, SMALLER)).astype(np.float32))
    with torch.inference_mode():
        expected = model.vision_model(pixels, interpolate_pos_encoding=True)[0]
        resize_positions(model, SMALLER, "blip")
        given = model.vision_model(pixels)[0]
        assert VisionTower(model)(pixels)[0].shape[2] == (SMALLER // PATCH) ** 2 + 1
    torch.testing.assert_close(given, expected, rtol=0, atol=1e-5)


def test_its_own_size_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    model = save_blip(tmp_path)
    before = model.vision_model.embeddings.position_embedding
    resize_positions(model, SIZE, "blip")
    assert model.vision_model.embeddings.position_embedding is before


def test_a_size_that_patches_do_not_fill_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointUnusable, match=r"patches of 8 pixels do not fill 30.*multiple of 8"):
        resize_positions(save_blip(tmp_path), 30, "blip")


def test_models_exported_at_another_size_caption_at_that_size(tmp_path: Path) -> None:
    save_clip(tmp_path / "clip")
    save_blip(tmp_path / "blip")
    order = ExportOptions(precision="fp32", num_beams=2, caption_size_px=SMALLER)
    manifest = export_models(str(tmp_path / "clip"), str(tmp_path / "blip"), tmp_path / "models", options=order)
    record = manifest.blip
    assert record is not None
    assert (record.num_beams, record.preprocessing.size, record.image_tokens) == (2, SMALLER, (SMALLER // PATCH) ** 2 + 1)
    captioner = BlipCaptioner(tmp_path / "models", record)
    states = captioner.see(np.zeros((1, 3, SMALLER, SMALLER), np.float32))
    assert {state.shape[2] for state in states.values()} == {record.image_tokens}

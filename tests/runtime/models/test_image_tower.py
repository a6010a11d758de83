"""The image tower that is opened for the first image, and closed where its memory is needed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from runtime.artefacts.manifest import read_models_manifest
from runtime.models.clip import ClipEncoder
from tests.runtime.models.opened_graphs import OpenedGraphs
from tests.sample_library import MODELS


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def test_it_opens_for_an_image_alone(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = OpenedGraphs(monkeypatch)
    encoder = ClipEncoder(models, read_models_manifest(models).clip)
    encoder.embed_texts(["a boat"])
    encoder.close_image_tower()
    assert graphs.opened == graphs.still_open() == ["clip/text.onnx"]


def test_a_closed_tower_opens_again_as_it_was_whatever_was_exported_meanwhile(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = OpenedGraphs(monkeypatch)
    record = read_models_manifest(models).clip
    encoder = ClipEncoder(models, record)
    size = record.preprocessing.size
    pixels = np.random.default_rng(1).normal(size=(2, 3, size, size)).astype(np.float32)
    before = encoder.embed_pixels(pixels)
    encoder.close_image_tower()
    assert graphs.still_open() == ["clip/text.onnx"]
    for file in record.image.files():
        (models / file.path).unlink()
        (models / file.path).write_bytes(b"another export")
    assert np.array_equal(encoder.embed_pixels(pixels), before)
    assert graphs.opened == ["clip/text.onnx", "clip/image.onnx", "clip/image.onnx"]

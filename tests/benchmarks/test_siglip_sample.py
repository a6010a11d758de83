"""The sample CLIP's sibling in SigLIP's form: how it starts, its loss, and that what it trained can be exported."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import logsigmoid, normalize

from benchmarks.models.siglip_sample.captioner import add_captioner
from benchmarks.models.siglip_sample.model import copy_blip_tower, new_siglip, read_weights
from benchmarks.models.siglip_sample.stage import SiglipReference, SiglipStage
from benchmarks.models.siglip_sample.tokenizer import CONTEXT, train_tokenizer
from export.models.checkpoints import open_checkpoint
from export.models.export import ExportOptions, export_models
from export.precision.calibration_set import draw_calibration_set
from export.storybook.augment import standardize
from export.storybook.benchmark import EvaluationSet
from export.storybook.folder import DrawingOptions, draw_folder
from export.storybook.recipe import Schedule
from export.storybook.stage import StageInputs, train_stage
from export.storybook.training_set import draw_training_set, load_training_set
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.models.onnx_session import Session
from tests.sample_library import MODELS

pytestmark = pytest.mark.torch
BATCH, PICTURES = 16, 64


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> SiglipStage:
    folder = tmp_path_factory.mktemp("run")
    draw_training_set(folder / "pool", PICTURES, 3, workers=1, on_drawn=lambda _: None)
    draw_folder(folder / "watched", DrawingOptions(12, 5), workers=1, on_drawn=lambda _: None)
    tokenizer = train_tokenizer(folder / "tokenizer", seed=0, scenes=400)
    inputs = StageInputs(tokenizer, load_training_set(folder / "pool"), EvaluationSet.read(folder / "watched"), BATCH, 0)
    torch.manual_seed(0)
    model = new_siglip(tokenizer)
    copy_blip_tower(MODELS / "blip/vision.onnx", model)
    return SiglipStage(model, inputs, folder / "tokenizer")


def test_its_tower_starts_as_the_captioners(stage: SiglipStage) -> None:
    """Its patches give nearly the keys that BLIP's decoder reads, though no class token is among them."""
    graph = MODELS / "blip/vision.onnx"
    pixels = standardize(stage.inputs.training_set.pixels[:8])
    [keys] = Session(graph, 1).run(["cross_key_0"], {"pixel_values": pixels.numpy()})  # (n, heads, 1 + p, w / heads)
    weights, layer = read_weights(graph), "text_decoder.bert.encoder.layer.0.crossattention.self.key"
    fresh = new_siglip(stage.inputs.tokenizer)
    copy_blip_tower(graph, fresh)
    with torch.no_grad():
        patches = fresh.vision_model(pixels).last_hidden_state.numpy()
    ours = patches @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"]
    theirs = keys.transpose(0, 2, 1, 3).reshape(len(pixels), -1, ours.shape[-1])[:, 1:]
    cosines = (ours * theirs).sum(-1) / np.linalg.norm(ours, axis=-1) / np.linalg.norm(theirs, axis=-1)
    assert cosines.mean() > 0.9


def test_its_loss_asks_of_each_pair_whether_it_is_true(stage: SiglipStage) -> None:
    generator = torch.Generator().manual_seed(0)
    texts, images = (normalize(torch.randn(3, 8, generator=generator), dim=-1) for _ in range(2))
    true = torch.tensor([[1, 0, 1], [0, 1, 0], [0, 0, 1]], dtype=torch.bool)
    scale, bias = stage.model.logit_scale.exp().item(), stage.model.logit_bias.item()
    wanted = 0.0
    for text, row in zip(texts, true, strict=True):
        for image, is_true in zip(images, row, strict=True):
            log_odds = scale * (text @ image) + bias
            wanted -= logsigmoid(log_odds if is_true else -log_odds).item() / len(texts)
    assert stage.pair_loss(texts, images, true).item() == pytest.approx(wanted, rel=1e-5)


def test_what_it_trained_is_exported_and_stands_beside_the_captioner(stage: SiglipStage, tmp_path: Path) -> None:
    schedule = Schedule(3 * BATCH, BATCH, learning_rate=1e-3, warmup=1, patch_weight=0.3)
    progress = train_stage(stage, schedule, tmp_path / "checkpoint.pt", lambda _: None)
    assert progress.step >= 3
    assert {"recall@1", "scale", "bias"} < set(progress.history[-1])
    stage.eval()
    stage.save(tmp_path / "siglip")
    checkpoint = open_checkpoint(str(tmp_path / "siglip"), "siglip")
    assert checkpoint.preprocessing.fit == "stretch"
    options = ExportOptions(precision="fp32", calibration=draw_calibration_set(4), threads=1)
    manifest = export_models(str(tmp_path / "siglip"), None, tmp_path / "models", options=options)
    assert (manifest.clip.padded_to, manifest.clip.tokenizer.path) == (CONTEXT, "siglip/tokenizer.safetensors")
    texts = ["a Red boat on the sea at sunset", "two castles"]
    ours = ClipEncoder(tmp_path / "models", manifest.clip).embed_texts(texts)
    theirs = SiglipReference(stage.model, stage.inputs.tokenizer).embed_texts(texts)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    add_captioner(tmp_path / "models", MODELS)
    captioner = read_models_manifest(tmp_path / "models").blip
    assert captioner
    [caption] = BlipCaptioner(tmp_path / "models", captioner).caption_images([Image.new("RGB", (112, 112))])
    assert caption

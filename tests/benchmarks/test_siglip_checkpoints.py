"""SigLIP 2 with random weights: an ordinary checkpoint, whose outliers do not change it, and which a plan rounds well."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.models.checkpoints.gemma_tokenizer import save_gemma_tokenizer
from benchmarks.models.checkpoints.outliers import scale_norm_channels
from benchmarks.models.checkpoints.random_checkpoints import save_random_checkpoint
from export.models.checkpoints import open_checkpoint, read_model
from export.models.export import ExportOptions, export_models
from export.models.siglip_exporter import SiglipExporter
from export.precision.calibration_set import CalibrationSet, draw_calibration_set
from export.precision.gates import GateMissed

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def outlying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outlying")
    save_random_checkpoint("siglip2-small", folder, scale_norm_channels)
    return folder


@pytest.fixture(scope="module")
def calibration() -> CalibrationSet:
    return draw_calibration_set(24)


def test_it_is_an_ordinary_checkpoint(tmp_path: Path) -> None:
    saved = save_random_checkpoint("siglip2-small", tmp_path)
    checkpoint = open_checkpoint(str(tmp_path), "siglip")
    read = read_model(checkpoint)
    assert all(torch.equal(weights, read.state_dict()[name]) for name, weights in saved.state_dict().items())
    assert read.config.text_config.vocab_size == len(checkpoint.tokenizer)
    tokenizer = checkpoint.tokenizer
    assert tokenizer.decode(tokenizer("a Red boat, 2 castles!")["input_ids"], skip_special_tokens=True) == (
        "a red boat, 2 castles!"
    )
    assert SiglipExporter(checkpoint, read).tokenizer == "siglip/tokenizer.safetensors"


@pytest.mark.parametrize("entries", [600, 5_001])
def test_its_vocabulary_has_as_many_entries_as_were_asked_for(tmp_path: Path, entries: int) -> None:
    save_gemma_tokenizer(tmp_path, entries=entries, context=64)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(entries))
    assert [vocabulary[token] for token in ("<pad>", "<eos>", "<bos>", "<unk>")] == [0, 1, 2, 3]


def test_scaled_norm_channels_leave_the_function_unchanged(tmp_path: Path) -> None:
    answers = []
    for edits in ((), (scale_norm_channels,)):
        model = save_random_checkpoint("siglip2-small", tmp_path, *edits)
        answers.append(SiglipExporter(open_checkpoint(str(tmp_path), "siglip"), model).run_model(model))
    plain, scaled = answers
    for name, expected in plain.items():
        np.testing.assert_allclose(scaled[name], expected, atol=1e-5, err_msg=name)


def test_int8_everywhere_misses_the_gates_and_a_plan_meets_them(
    outlying: Path, calibration: CalibrationSet, tmp_path: Path
) -> None:
    options = ExportOptions(precision="int8", target="vnni", calibration=calibration, threads=1)
    with pytest.raises(GateMissed) as caught:
        export_models(str(outlying), None, tmp_path / "int8", options=options)
    assert {miss.graph for miss in caught.value.misses} & {"siglip/text.onnx", "siglip/image.onnx"}
    options = ExportOptions(target="vnni", calibration=calibration, threads=1)
    export_models(str(outlying), None, tmp_path / "planned", options=options)
    report = json.loads((tmp_path / "planned" / "report.json").read_text("utf-8"))
    assert min(report["measures"][f"siglip/{tower}.onnx embedding"]["cosine_mean"] for tower in ("text", "image")) >= 0.999
    plan = json.loads((tmp_path / "planned" / "plan.json").read_text("utf-8"))["graphs"]
    assert all(any(layer["equalized"] for layer in graph["layers"]) for graph in plan.values())
    assert not any("fp32" in shares for shares in report["precisions"].values())

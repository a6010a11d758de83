"""The step as a whole: checkpoints in, artefacts that the runtime opens out, and nothing touched when it fails."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from export.errors import CheckpointUnusable, OutputUnwritable, ParityFailed
from export.models import export_models
from export.staging import staged_folder
from runtime.blip import BlipCaptioner
from runtime.clip import ClipEncoder
from runtime.manifest import read_models_manifest
from tests.export.small_checkpoints import Exported

pytestmark = pytest.mark.torch


def list_files(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def spoil_weights(source: Path, target: Path) -> Path:
    """Copy a checkpoint and make one of its weights no number, so that its graphs cannot agree with anything."""
    shutil.copytree(source, target)
    weights = load_file(target / "model.safetensors")
    weights["text_model.final_layer_norm.weight"] = torch.full((32,), torch.nan)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    return target


@pytest.mark.parametrize("precision", ["int8-7bit", "fp32"])
def test_the_runtime_opens_and_runs_what_was_exported(exported: Exported, precision: str) -> None:
    folder, _ = exported[precision]
    manifest = read_models_manifest(folder)
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8))
    encoder = ClipEncoder(folder, manifest.clip)
    assert encoder.embed_texts(["a red boat"]).shape == (1, 24)
    assert encoder.embed_images([picture]).shape == (1, 24)
    assert encoder.embed_patches(picture).shape == (4, 4, 24)
    assert isinstance(BlipCaptioner(folder, manifest.blip).caption_images([picture])[0], str)


def test_the_manifest_says_what_the_checkpoints_are(exported: Exported) -> None:
    manifest = exported["int8-7bit"][1]
    clip, blip = manifest.clip, manifest.blip
    assert (manifest.precision, clip.name, clip.revision) == ("int8-7bit", "small-clip", None)
    assert (clip.dimension, clip.context_length, clip.end_token_id, clip.patch_grid) == (24, 16, 55, 4)
    assert clip.logit_scale == pytest.approx(np.exp(2.6592), rel=1e-4)
    assert (blip.layers, blip.heads, blip.head_width, blip.image_tokens, blip.max_tokens) == (2, 2, 16, 17, 30)
    assert (blip.start_token_id, blip.end_token_id, blip.pad_token_id) == (17, 3, 0)
    assert (clip.preprocessing.fit, clip.preprocessing.size, blip.preprocessing.fit) == ("crop", 32, "stretch")


def test_the_report_has_every_measure_and_size(exported: Exported) -> None:
    folder, _ = exported["int8-7bit"]
    report = json.loads((folder / "report.json").read_text())
    assert report["measures"]["clip/text.onnx embedding"].keys() == {
        "max_difference_to_torch", "cosine_mean", "cosine_worst",
    }  # fmt: skip
    assert report["measures"]["blip/decoder.onnx captions"]["differing_from_torch"] == 0
    assert all(size["bytes"] < size["bytes_fp32"] for size in report["sizes"].values())
    assert "blip/decoder.onnx captions" in (folder / "report.md").read_text()


def test_the_folder_holds_the_artefacts_and_nothing_else(exported: Exported) -> None:
    folder, manifest = exported["int8-7bit"]
    expected = {"manifest.json", "report.json", "report.md", *(file.path for file in manifest.files())}
    assert set(list_files(folder)) == expected
    assert not list(folder.parent.glob(".*"))


def test_without_blip_there_are_no_captions(clip_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps = []
    manifest = export_models(str(clip_folder), None, tmp_path / "models", say=steps.append)
    assert manifest.blip is None
    assert read_models_manifest(tmp_path / "models") == manifest
    assert any("quantizing" in step for step in steps)
    assert capfd.readouterr() == ("", "")


def test_a_failed_parity_check_leaves_the_previous_artefacts(clip_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "models"
    export_models(str(clip_folder), None, out)
    before = list_files(out)
    with pytest.raises(ParityFailed, match=r"clip/text.onnx missed its gate"):
        export_models(str(spoil_weights(clip_folder, tmp_path / "spoilt")), None, out)
    assert list_files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "spoilt"]


def test_an_unusable_checkpoint_is_found_before_any_work(clip_folder: Path, tmp_path: Path) -> None:
    steps = []
    with pytest.raises(CheckpointUnusable, match="it is a clip model, not a blip model"):
        export_models(str(clip_folder), str(clip_folder), tmp_path / "models", say=steps.append)
    assert not steps
    assert not (tmp_path / "models").exists()


def test_an_output_below_a_file_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match="cannot be written"):
        export_models(str(clip_folder), None, tmp_path / "file" / "models")


def test_a_full_disk_leaves_the_previous_artefacts(tmp_path: Path) -> None:
    out = tmp_path / "models"
    out.mkdir()
    (out / "manifest.json").write_text("before")
    with pytest.raises(OutputUnwritable, match="No space left"), staged_folder(out):
        raise OSError(28, os.strerror(28))
    assert (out / "manifest.json").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_a_switch_cut_off_between_its_renames_is_mended_by_the_next_run(tmp_path: Path) -> None:
    aside = tmp_path / ".models.previous"
    aside.mkdir()
    (aside / "manifest.json").write_text("before")
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "models"):
        raise RuntimeError("another failure")
    assert (tmp_path / "models" / "manifest.json").read_text() == "before"

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

from export.atomic import staged_folder
from export.errors import CheckpointUnusable, OutputUnwritable
from export.models.export import ExportOptions, export_models
from export.precision.calibration_set import CalibrationSet
from export.precision.cross_states import read_scales
from export.precision.gates import GateMissed, Gates, ParityFailed
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from tests.export.diary import Diary
from tests.export.small_checkpoints import SIZE, Exported

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


@pytest.mark.parametrize("precision", ["planned", "fp32"])
def test_the_runtime_opens_and_runs_what_was_exported(exported: Exported, precision: str) -> None:
    folder, _ = exported[precision]
    manifest = read_models_manifest(folder)
    assert manifest.blip
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8))
    encoder = ClipEncoder(folder, manifest.clip)
    assert encoder.embed_texts(["a red boat"]).shape == (1, 24)
    assert encoder.embed_images([picture]).shape == (1, 24)
    _, contributions = encoder.attribute(encoder.prepare(picture))
    assert contributions.shape == (4, 4, 24)
    assert isinstance(BlipCaptioner(folder, manifest.blip).caption_images([picture])[0], str)


def test_a_captioner_that_cannot_be_exported_is_refused_before_the_encoder_is(
    clip_folder: Path, blip_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(blip_folder, tmp_path / "asked"))
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"text_encoder.a": torch.zeros(1)}, folder / "model.safetensors", metadata={"format": "pt"})
    for blip, caption_size_px, reason in ((folder, None, "it has a text_encoder"), (blip_folder, 17, "do not fill 17")):
        diary = Diary()
        options = ExportOptions(precision="fp32", caption_size_px=caption_size_px)
        with pytest.raises(CheckpointUnusable, match=reason):
            export_models(str(clip_folder), str(blip), tmp_path / "models", options=options, display=diary)
        assert diary.steps == [f"blip: checking {blip.name}"]


def test_captions_in_8_bits_are_the_same_alone_and_in_any_batch_and_the_manifest_says_so(exported: Exported) -> None:
    folder, manifest = exported["int8"]
    assert manifest.blip
    assert manifest.blip.batch_invariant
    assert "batch_invariant" not in json.loads((exported["fp32"][0] / "manifest.json").read_text("utf-8"))["blip"]
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    assert plan["cross_states"]["precision"] == "int8"
    assert len(read_scales(folder / manifest.blip.decoder.path)) == 2 * manifest.blip.layers, "they outlast the optimizer"
    captioner = BlipCaptioner(folder, manifest.blip)
    assert captioner.batch_invariant
    pixels = np.random.default_rng(7).standard_normal((7, 3, SIZE, SIZE)).astype(np.float32)
    together = captioner.caption_pixels(pixels)
    assert together == [captioner.caption_pixels(one[None])[0] for one in pixels]
    assert together == captioner.caption_pixels(pixels[::-1])[::-1]
    assert len(set(together)) > 3


def test_the_manifest_says_what_the_checkpoints_are(exported: Exported) -> None:
    manifest = exported["planned"][1]
    clip, blip = manifest.clip, manifest.blip
    assert blip
    assert (manifest.precision, clip.name, clip.revision) == ("planned for avx2", "small-clip", None)
    assert Path(manifest.made_by["clip"]).name == "small-clip"
    assert (clip.dimension, clip.context_length, clip.pad_token_id, clip.patch_grid) == (24, 16, 55, 4)
    assert clip.logit_scale == pytest.approx(np.exp(2.6592), rel=1e-4)
    assert (blip.layers, blip.heads, blip.head_width, blip.image_tokens, blip.max_tokens) == (2, 2, 16, 17, 30)
    assert (blip.start_token_id, blip.end_token_id, blip.pad_token_id) == (17, 3, 0)
    assert (clip.preprocessing.fit, clip.preprocessing.size, blip.preprocessing.fit) == ("crop", 32, "stretch")


def test_the_report_has_every_measure_and_size(exported: Exported) -> None:
    folder, _ = exported["planned"]
    report = json.loads((folder / "report.json").read_text())
    assert report["parity_to_torch"]["blip/decoder.onnx captions"]["differing_from_torch"] == 0
    assert report["measures"]["clip/text.onnx embedding"].keys() == {"cosine_mean", "cosine_worst"}
    assert report["measures"]["ranking of pictures"]["overlap_at_10"] >= 0.9
    assert report["measures"]["blip captions"]["token_agreement"] >= 0.95
    assert all(size["bytes"] < size["bytes_exact"] for size in report["sizes"].values())
    assert all(sum(shares.values()) == pytest.approx(1) for shares in report["precisions"].values())
    text = (folder / "report.md").read_text()
    assert "12 drawn scenes" in text
    assert "blip/decoder.onnx captions" in text


def test_the_plots_are_a_picture_of_everything(exported: Exported) -> None:
    with Image.open(exported["planned"][0] / "report.png") as plots:
        assert plots.width > 1000
        assert np.asarray(plots.convert("L")).std() > 10


def test_the_plan_has_a_line_for_every_layer(exported: Exported) -> None:
    plan = json.loads((exported["planned"][0] / "plan.json").read_text())
    assert plan["graphs"].keys() == {"clip/text.onnx", "clip/image.onnx", "blip/vision.onnx", "blip/decoder.onnx"}
    names = [layer["layer"] for layer in plan["graphs"]["clip/text.onnx"]["layers"]]
    assert len(names) == len(set(names)) == 2 + 6 * 2 + 1  # two tables, six products a layer, the projection
    assert any("layers.1.mlp.fc1" in name for name in names)
    for path, graph in plan["graphs"].items():
        assert graph["rows"] == (path == "blip/decoder.onnx")
        for layer in graph["layers"]:
            cheapest = "row8" if graph["rows"] and layer["kind"] == "product" else "int8"
            assert layer["why"]
            assert cheapest in layer["errors"]
    assert plan["cross_states"]["precision"] in {"int8", "fp32"}
    assert plan["cross_states"]["measures"]["blip/decoder.onnx logits"]["cosine_mean"] > 0.9


def test_the_folder_holds_the_artefacts_and_nothing_else(exported: Exported) -> None:
    folder, manifest = exported["planned"]
    told = {"manifest.json", "plan.json", "report.json", "report.md", "report.png"}
    expected = told | {file.path for file in manifest.files()}
    assert set(list_files(folder)) == expected
    assert not list(folder.parent.glob(".*"))


def test_an_exact_export_is_whole_files_and_has_no_plan(exported: Exported) -> None:
    folder, manifest = exported["fp32"]
    assert "plans_tried" not in manifest.made_by
    parts = {file.path for file in manifest.files()}
    assert set(list_files(folder)) == {"manifest.json", "report.json", "report.md", *parts}


@pytest.mark.usefixtures("without_plots")
def test_without_blip_there_are_no_captions(
    clip_folder: Path, tmp_path: Path, calibration: CalibrationSet, capfd: pytest.CaptureFixture[str]
) -> None:
    diary = Diary()
    order = ExportOptions(calibration=calibration)
    manifest = export_models(str(clip_folder), None, tmp_path / "models", options=order, display=diary)
    assert manifest.blip is None
    assert read_models_manifest(tmp_path / "models") == manifest
    assert "clip/text.onnx: measuring each of 15 layers in 8 bits" in diary.steps
    assert capfd.readouterr() == ("", "")


def test_missed_gates_of_both_families_are_one_error_and_leave_the_previous_artefacts(
    clip_folder: Path, blip_folder: Path, tmp_path: Path, calibration: CalibrationSet
) -> None:
    out = tmp_path / "models"
    export_models(str(clip_folder), None, out, options=ExportOptions(precision="fp32"))
    before = list_files(out)
    options = ExportOptions(precision="int8", gates=Gates(cosine_mean=1, cosine_worst=1), calibration=calibration)
    with pytest.raises(GateMissed, match=r"  clip/\w+\.onnx embedding: cosine_mean is 0\.\d+, allowed is 1\.") as caught:
        export_models(str(clip_folder), str(blip_folder), out, options=options)
    missed = {(miss.subject.split()[0], miss.measure) for miss in caught.value.misses}
    graphs = ("clip/text.onnx", "clip/image.onnx", "blip/vision.onnx", "blip/decoder.onnx")
    assert missed == {(graph, measure) for graph in graphs for measure in ("cosine_mean", "cosine_worst")}
    assert list_files(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


@pytest.mark.usefixtures("without_plots")
def test_a_plan_meets_a_gate_that_int8_misses(clip_folder: Path, tmp_path: Path, calibration: CalibrationSet) -> None:
    out, hard = tmp_path / "models", Gates(cosine_mean=0.9999, cosine_worst=0.9999)
    export_models(str(clip_folder), None, out, options=ExportOptions(gates=hard, calibration=calibration))
    report = json.loads((out / "report.json").read_text())
    assert report["measures"]["clip/text.onnx embedding"]["cosine_mean"] >= 0.9999
    assert set(report["precisions"]["clip/text.onnx"]) > {"int8"}
    assert "kept in fp32" in (out / "report.md").read_text() or "in blocks it costs" in (out / "report.md").read_text()


@pytest.mark.usefixtures("without_plots")
def test_a_missed_ranking_is_planned_again_and_manifest_plan_and_report_say_what_was_tried(
    clip_folder: Path, tmp_path: Path, calibration: CalibrationSet
) -> None:
    out, diary = tmp_path / "models", Diary()
    options = ExportOptions(gates=Gates(overlap_at_10=1), calibration=calibration)
    manifest = export_models(str(clip_folder), None, out, options=options, display=diary)
    assert json.loads((out / "report.json").read_text())["measures"]["ranking of pictures"]["overlap_at_10"] == 1
    tried = json.loads((out / "plan.json").read_text())["tried"]
    told = [step for step in diary.steps if step.startswith("plan ")]
    assert len(told) == len(tried) > 0
    first = tried[0]["missed"][0]
    assert first in told[0]
    assert f"- {first}" in (out / "report.md").read_text()
    assert manifest.made_by["plans_tried"].startswith(f"{len(tried)} missed gates (plan.json): {first.removesuffix('.')}")
    assert read_models_manifest(out) == manifest


def test_a_failed_parity_check_leaves_the_previous_artefacts(clip_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "models"
    export_models(str(clip_folder), None, out, options=ExportOptions(precision="fp32"))
    before = list_files(out)
    with pytest.raises(ParityFailed, match=r"clip/text.onnx embedding: the largest difference from torch is nan"):
        export_models(str(spoil_weights(clip_folder, tmp_path / "spoilt")), None, out)
    assert list_files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "spoilt"]


def test_an_unusable_checkpoint_is_found_before_any_work(clip_folder: Path, tmp_path: Path) -> None:
    diary = Diary()
    with pytest.raises(CheckpointUnusable, match="it is a clip model, not a blip model"):
        export_models(str(clip_folder), str(clip_folder), tmp_path / "models", display=diary)
    assert not diary.steps
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

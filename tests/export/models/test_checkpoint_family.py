"""What a checkpoint is said to be, and what is refused by name before any of its weights are read."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BlipConfig, BlipForQuestionAnswering

from export.errors import CheckpointUnusable
from export.models.checkpoint_family import read_family
from export.models.checkpoints import open_checkpoint, read_model
from export.models.export import export_models
from export.models.families import CAPTIONERS, ENCODERS
from export.models.hub import fetch_snapshot
from tests.export.models.hub_server import hub_server
from tests.export.small_siglip import save_siglip

pytestmark = pytest.mark.torch

# google/siglip2-so400m-patch14-384's sizes
SO400M = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}


@pytest.fixture
def siglip_folder(tmp_path: Path) -> Path:
    """A small SigLIP 2, to be spoilt."""
    save_siglip(tmp_path / "siglip", second=True)
    return tmp_path / "siglip"


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("second", [False, True], ids=["SigLIP", "SigLIP 2"])
def test_a_siglip_is_told_by_its_model_type(tmp_path: Path, second: bool) -> None:
    save_siglip(tmp_path, second=second)
    checkpoint = open_checkpoint(str(tmp_path), *ENCODERS)
    assert checkpoint.family == "siglip"
    assert (checkpoint.preprocessing.fit, checkpoint.preprocessing.size) == ("stretch", 32)
    assert checkpoint.preprocessing.resample == ("bilinear" if second else "bicubic")
    assert type(read_model(checkpoint)).__name__ == "SiglipModel"


def test_a_clip_whose_processor_crops_nothing_is_stretched(clip_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(clip_folder, tmp_path / "clip"))
    assert open_checkpoint(str(folder), "clip").preprocessing.fit == "crop"
    path = folder / "preprocessor_config.json"
    changes = {"do_center_crop": False, "size": {"height": 32, "width": 32}}
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    preprocessing = open_checkpoint(str(folder), "clip").preprocessing
    assert (preprocessing.fit, preprocessing.size) == ("stretch", 32)


def test_a_blip_that_answers_questions_is_no_captioner(clip_folder: Path, blip_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(blip_folder, tmp_path / "vqa"))
    (folder / "model.safetensors").unlink()
    BlipForQuestionAnswering(BlipConfig.from_pretrained(folder)).save_pretrained(folder)
    with pytest.raises(CheckpointUnusable, match="it is a BlipForQuestionAnswering, not a BlipForConditionalGeneration"):
        export_models(str(clip_folder), str(folder), tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("model_type", "reason"),
    [
        ("siglip2", r"it is a SigLIP 2 of free resolution \(NaFlex\).*SigLIP 2 of fixed resolution among them"),
        ("siglip_vision_model", "it is only the vision tower of a SigLIP"),
        ("blip-2", r"it is a blip-2 model, not a clip or siglip model\. --clip takes a CLIP or SigLIP checkpoint"),
        (None, r"its config\.json names no model_type"),
        (["clip"], r"its config\.json names no model_type"),
    ],
)
def test_a_model_of_another_type_is_named(tmp_path: Path, model_type: object, reason: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    with pytest.raises(CheckpointUnusable, match=reason):
        read_family("given", tmp_path, ENCODERS)


def test_a_head_of_another_use_is_named(siglip_folder: Path) -> None:
    change_config(siglip_folder, architectures=["SiglipForImageClassification"])
    with pytest.raises(CheckpointUnusable, match="it is a SiglipForImageClassification, not a SiglipModel"):
        open_checkpoint(str(siglip_folder), *ENCODERS)


def test_a_config_that_names_no_architecture_is_taken(siglip_folder: Path) -> None:
    change_config(siglip_folder, architectures=None)
    assert open_checkpoint(str(siglip_folder), *ENCODERS).family == "siglip"


def test_a_tower_too_large_for_a_graph_is_refused_without_its_weights(siglip_folder: Path) -> None:
    (siglip_folder / "model.safetensors").unlink()
    change_config(siglip_folder, text_config=SO400M | {"vocab_size": 256_000}, vision_config=SO400M)
    with pytest.raises(CheckpointUnusable, match=r"its text_model has 2\.8 GB in fp32, and a graph holds 2 GiB at most"):
        open_checkpoint(str(siglip_folder), *ENCODERS)


@pytest.mark.parametrize("broken", [{"text_config": {"hidden_size": "wide"}}, {"vision_config": {"patch_size": 0}}])
def test_a_config_of_no_model_is_refused(siglip_folder: Path, broken: dict[str, Any]) -> None:
    change_config(siglip_folder, **broken)
    with pytest.raises(CheckpointUnusable, match=r"its config\.json describes no SiglipModel"):
        open_checkpoint(str(siglip_folder), *ENCODERS)


def test_open_clip_s_own_layout_is_named(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text("{}")
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes(b"")
    with pytest.raises(CheckpointUnusable, match=r"it is in open_clip's own layout \(open_clip_config\.json\)"):
        open_checkpoint(str(tmp_path), *ENCODERS)


@pytest.mark.parametrize("architectures", [{"a": 1}, 3, [None], [["BlipForConditionalGeneration"]]])
def test_architectures_of_another_form_are_refused(siglip_folder: Path, architectures: object) -> None:
    change_config(siglip_folder, architectures=architectures)
    with pytest.raises(CheckpointUnusable, match=r"its config\.json's architectures is no list of names"):
        open_checkpoint(str(siglip_folder), *ENCODERS)


def test_a_single_architecture_as_a_string_is_read_as_one(siglip_folder: Path) -> None:
    change_config(siglip_folder, architectures="SiglipForImageClassification")
    with pytest.raises(CheckpointUnusable, match="it is a SiglipForImageClassification, not a SiglipModel"):
        open_checkpoint(str(siglip_folder), *ENCODERS)


@pytest.mark.parametrize("architectures", [None, ["BlipForConditionalGeneration"]])
def test_a_question_answerer_that_its_config_does_not_name_is_refused(
    blip_folder: Path, tmp_path: Path, architectures: list[str] | None
) -> None:
    folder = Path(shutil.copytree(blip_folder, tmp_path / "vqa"))
    (folder / "model.safetensors").unlink()
    BlipForQuestionAnswering(BlipConfig.from_pretrained(blip_folder)).save_pretrained(folder)
    change_config(folder, architectures=architectures)
    with pytest.raises(CheckpointUnusable, match="it has a text_encoder, as a BlipForQuestionAnswering has"):
        read_model(open_checkpoint(str(folder), *CAPTIONERS))


def test_buffers_that_older_versions_stored_are_no_fault(blip_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(blip_folder, tmp_path / "older"))
    path = folder / "model.safetensors"
    buffer = {"text_decoder.bert.embeddings.position_ids": torch.arange(8)}
    save_file(load_file(path) | buffer, path, metadata={"format": "pt"})
    assert read_model(open_checkpoint(str(folder), *CAPTIONERS))


@pytest.mark.parametrize(
    ("name", "number", "reason"),
    [
        ("logit_scale", 100.0, r"its logit_scale is unusable \(exp\(100\) is inf\)"),
        ("logit_scale", torch.nan, "its logit_scale is unusable"),
        ("logit_bias", -torch.inf, "its logit_bias is unusable"),
    ],
)
def test_an_infinite_scale_is_named(siglip_folder: Path, name: str, number: float, reason: str) -> None:
    path = siglip_folder / "model.safetensors"
    save_file(load_file(path) | {name: torch.tensor([number])}, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointUnusable, match=reason):
        read_model(open_checkpoint(str(siglip_folder), *ENCODERS))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's library keeps what it fetches here."""
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    return cache


def test_what_is_refused_costs_no_download_of_weights(siglip_folder: Path, own_cache: Path) -> None:
    def refuse(folder: Path) -> None:
        raise CheckpointUnusable("owner/name", f"{(folder / 'config.json').is_file()}", "")

    with hub_server(siglip_folder) as hub, pytest.raises(CheckpointUnusable, match="True"):
        fetch_snapshot("owner/name", endpoint=hub.address, check=refuse)
    assert not list(own_cache.rglob("*.safetensors"))
    assert list(own_cache.rglob("tokenizer.json"))


def test_open_clip_s_layout_on_the_hub_is_named(tmp_path: Path, own_cache: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "open_clip_config.json").write_text("{}")
    (tmp_path / "hub" / "open_clip_model.safetensors").write_text("weights")
    with hub_server(tmp_path / "hub") as hub, pytest.raises(CheckpointUnusable, match="open_clip's own layout"):
        fetch_snapshot("owner/name", endpoint=hub.address)
    assert list(own_cache.rglob("open_clip_config.json"))

"""Everything that a checkpoint can lack, and a hub that is not there: one clear error each."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from export.errors import CheckpointUnusable
from export.models.checkpoints import open_checkpoint, read_model
from export.models.hub import fetch_snapshot

pytestmark = pytest.mark.torch

COMMIT = "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268"


@pytest.fixture
def checkpoint_folder(clip_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small CLIP, to be spoilt."""
    return Path(shutil.copytree(clip_folder, tmp_path / "copy"))


def fetch_in_a_fresh_process(given: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Fetch with other hub settings, which the hub's library reads once, at its import."""
    code = (
        "import sys; from export.models.hub import fetch_snapshot; from runtime.errors import LookwhyError\n"
        "try: print(fetch_snapshot(sys.argv[1]))\n"
        "except LookwhyError as error: sys.exit(str(error))"
    )
    command = [sys.executable, "-c", code, given]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_a_local_folder_is_opened_with_its_tokenizer_and_preprocessing(clip_folder: Path) -> None:
    checkpoint = open_checkpoint(str(clip_folder), "clip")
    assert (checkpoint.name, checkpoint.revision) == ("small-clip", None)
    assert checkpoint.tokenizer.eos_token_id == 55
    assert checkpoint.preprocessing.resample == "bicubic"
    assert type(read_model(checkpoint)).__name__ == "CLIPModel"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("safe", [True, False], ids=["safetensors", "torch's own form"])
@pytest.mark.parametrize("shard_size", ["100MB", "100KB"], ids=["whole", "in shards"])
def test_weights_are_read_as_float32_in_whatever_form_they_lie(
    clip_folder: Path,
    checkpoint_folder: Path,
    capfd: pytest.CaptureFixture[str],
    shard_size: str,
    safe: bool,
    dtype: torch.dtype,
) -> None:
    expected = read_model(open_checkpoint(str(clip_folder), "clip"))
    (checkpoint_folder / "model.safetensors").unlink()
    stored = read_model(open_checkpoint(str(clip_folder), "clip")).to(dtype)
    stored.save_pretrained(checkpoint_folder, safe_serialization=safe, max_shard_size=shard_size)
    assert len(list(checkpoint_folder.glob("*.index.json"))) == (shard_size == "100KB")
    capfd.readouterr()
    given = read_model(open_checkpoint(str(checkpoint_folder), "clip")).state_dict()
    assert capfd.readouterr() == ("", "")
    for name, weight in expected.state_dict().items():
        assert given[name].dtype == torch.float32
        assert torch.equal(given[name], weight.to(dtype).float()), name


def test_another_architecture_is_named(checkpoint_folder: Path) -> None:
    (checkpoint_folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(CheckpointUnusable, match="it is a bert model, not a clip model"):
        open_checkpoint(str(checkpoint_folder), "clip")


@pytest.mark.parametrize(
    ("absent", "reason"),
    [
        (["config.json"], "it has no config.json"),
        (["preprocessor_config.json"], "its preprocessor_config.json is missing or broken"),
        (["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"], "its tokenizer is missing or broken"),
    ],
)
def test_an_absent_part_is_named(checkpoint_folder: Path, absent: list[str], reason: str) -> None:
    for name in absent:
        (checkpoint_folder / name).unlink()
    with pytest.raises(CheckpointUnusable, match=reason):
        open_checkpoint(str(checkpoint_folder), "clip")


@pytest.mark.parametrize("content", ["no JSON", "[]"])
def test_a_broken_configuration_is_named(checkpoint_folder: Path, content: str) -> None:
    (checkpoint_folder / "config.json").write_text(content)
    with pytest.raises(CheckpointUnusable, match=r"its config\.json is no JSON object"):
        open_checkpoint(str(checkpoint_folder), "clip")


def test_a_preparation_that_the_runtime_does_not_know_is_refused(checkpoint_folder: Path) -> None:
    path = checkpoint_folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"size": {"shortest_edge": 40}}))
    with pytest.raises(CheckpointUnusable, match="another preparation"):
        open_checkpoint(str(checkpoint_folder), "clip")


def test_truncated_weights_are_named(checkpoint_folder: Path) -> None:
    path = checkpoint_folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointUnusable, match="its weights cannot be read"):
        read_model(open_checkpoint(str(checkpoint_folder), "clip"))


def test_absent_weights_are_named(checkpoint_folder: Path) -> None:
    (checkpoint_folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointUnusable, match="its weights cannot be read"):
        read_model(open_checkpoint(str(checkpoint_folder), "clip"))


def test_missing_weights_are_not_filled_with_noise(checkpoint_folder: Path) -> None:
    path = checkpoint_folder / "model.safetensors"
    weights = load_file(path)
    del weights["visual_projection.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointUnusable, match=r"1 of its weights are missing, visual_projection\.weight among them"):
        read_model(open_checkpoint(str(checkpoint_folder), "clip"))


@pytest.mark.parametrize("given", ["no/such/folder", "~/nowhere", "owner/name@", "owner--x..y/name"])
def test_what_is_neither_folder_nor_hub_id_is_refused(given: str) -> None:
    with pytest.raises(CheckpointUnusable, match="it has not the form of a hub id"):
        fetch_snapshot(given)


def test_an_unreachable_hub_names_both_ways_out() -> None:
    with pytest.raises(CheckpointUnusable) as caught:
        fetch_snapshot("owner/name@main", endpoint="http://127.0.0.1:9")
    message = str(caught.value)
    assert message.startswith("owner/name@main cannot be exported: there is no such folder, and the hub cannot be reached")
    assert "folder of a checkpoint" in message
    assert "HF_ENDPOINT" in message
    assert "HF_HUB_CACHE" in message


def test_a_hub_that_is_switched_off_gives_the_same_error(tmp_path: Path) -> None:
    done = fetch_in_a_fresh_process("owner/name", HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path))
    assert done.returncode == 1
    assert "the hub cannot be reached or is switched off by HF_HUB_OFFLINE" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_cached_snapshot_is_found_without_a_hub(tmp_path: Path) -> None:
    repository = tmp_path / "models--owner--name"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "pytorch_model.bin").write_text("weights")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    done = fetch_in_a_fresh_process("owner/name@main", HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path))
    assert done.stdout.strip() == str(snapshot), done.stderr

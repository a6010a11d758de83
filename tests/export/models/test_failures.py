"""Every way in which an export can fail or be cut off: one clear error, and what was there before is there still."""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from export.atomic import staged_folder
from export.errors import CheckpointUnusable
from export.models.export import export_models
from tests.export.small_checkpoints import save_bert, save_clip
from tests.forked import ForkedCommand, start_forked

pytestmark = pytest.mark.torch

PROJECTION = "visual_projection.weight"


def spoil_by_truncating(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_by_truncating_torch_s_own_form(folder: Path) -> None:
    path = folder / "pytorch_model.bin"
    torch.save(load_file(folder / "model.safetensors"), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (folder / "model.safetensors").unlink()


def spoil_by_other_shapes(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights[PROJECTION] = torch.zeros(7, 48)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def spoil_by_losing_a_shard(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    save_clip(folder).save_pretrained(folder, max_shard_size="200KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    sorted(folder.glob("model-*.safetensors"))[-1].unlink()


def spoil_by_being_a_bert(folder: Path) -> None:
    shutil.rmtree(folder)
    save_bert(folder)


SPOILERS: dict[Callable[[Path], None], str] = {
    spoil_by_being_a_bert: r"it is a bert model, not a clip or siglip model\. --clip takes a CLIP or SigLIP checkpoint",
    spoil_by_truncating: r"its weights cannot be read \(",
    spoil_by_truncating_torch_s_own_form: r"its weights cannot be read \(",
    spoil_by_other_shapes: r"its weight visual_projection\.weight has another shape than its config\.json says, \(24, 48\)",
    spoil_by_losing_a_shard: r"its weights cannot be read \(",
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """What an export before left: a folder as good as any."""
    folder = tmp_path / "artifacts" / "models"
    (folder / "clip").mkdir(parents=True)
    for name in ("manifest.json", "clip/text.onnx"):
        (folder / name).write_text(f"{name} of before")
    return folder


@pytest.fixture
def untouched(models: Path) -> Iterator[None]:
    """Hold that when the test ends, the artefacts are those of before, and nothing lies beside them."""
    before = read_files(models)
    yield
    assert read_files(models) == before
    assert [path.name for path in models.parent.iterdir()] == ["models"]


def read_files(folder: Path) -> dict[str, tuple[str, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_text(), path.stat().st_mtime_ns) for path in files}


def start_export(clip: Path, out: Path, scratch: Path, *, max_file_bytes: int | None = None) -> ForkedCommand:
    """Start the command in a process of its own."""
    options = ["--clip", str(clip), "--blip", "", "--precision", "fp32", "--out", str(out)]
    return start_forked("export", ["models", *options], scratch / "printed", max_file_bytes=max_file_bytes)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__.removeprefix("spoil_by_"))
def test_an_unusable_checkpoint_is_one_clear_error(
    clip_folder: Path, models: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder = Path(shutil.copytree(clip_folder, tmp_path / "spoilt"))
    spoil(folder)
    with pytest.raises(CheckpointUnusable, match=SPOILERS[spoil]) as caught:
        export_models(str(folder), None, models)
    assert re.match(r"(/\S+/)?spoilt cannot be exported: ", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("untouched")
def test_a_file_that_may_not_grow_is_one_clear_error(clip_folder: Path, models: Path, tmp_path: Path) -> None:
    code, said = start_export(clip_folder, models, tmp_path, max_file_bytes=100_000).end()
    assert code == 1
    assert said.strip() == f"error: {models} cannot be written: File too large. What was there before is untouched."


@pytest.mark.parametrize("room_kib", [64, 300])
def test_a_disk_that_is_really_full_is_one_clear_error(
    clip_folder: Path, models: Path, tmp_path: Path, room_kib: int
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room_kib}k", "tmpfs", disk], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        models = Path(shutil.copytree(models, disk / "models"))
        before = read_files(models)
        code, said = start_export(clip_folder, models, tmp_path).end()
        assert code == 1
        assert (
            said.strip()
            == f"error: {models} cannot be written: No space left on device. What was there before is untouched."
        )
        assert read_files(models) == before
        assert [path.name for path in disk.iterdir()] == ["models"]
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_export_told_to_stop_clears_away_what_it_made(
    clip_folder: Path, models: Path, tmp_path: Path, ending: signal.Signals, code: int
) -> None:
    command = start_export(clip_folder, models, tmp_path)
    command.wait_for("tracing")
    command.send(ending)
    ended, said = command.end()
    assert ended == code
    assert "Traceback" not in said


@pytest.mark.usefixtures("untouched")
def test_what_a_killed_export_leaves_is_cleared_away_by_the_next(clip_folder: Path, models: Path, tmp_path: Path) -> None:
    command = start_export(clip_folder, models, tmp_path)
    command.wait_for("tracing")
    command.send(signal.SIGKILL)
    assert command.end()[0] == -signal.SIGKILL
    assert list(models.parent.glob(".models.*.partial"))
    spoil_by_truncating(Path(shutil.copytree(clip_folder, tmp_path / "spoilt")))
    with pytest.raises(CheckpointUnusable):
        export_models(str(tmp_path / "spoilt"), None, models)


def test_the_folder_of_a_run_that_still_lives_is_left_alone(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "models") as one, staged_folder(tmp_path / "models") as other:
        assert one.is_dir()
        assert other.is_dir()
        assert one != other
    assert [path.name for path in tmp_path.iterdir()] == ["models"]

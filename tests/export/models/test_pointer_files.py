"""What lies in the place of a checkpoint's files until they are fetched is named, with what fetches them."""

import shutil
from pathlib import Path

import pytest

from export.errors import CheckpointUnusable
from export.models.checkpoints import open_checkpoint, read_model
from export.models.families import ENCODERS

pytestmark = pytest.mark.torch

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0" + "\nsize 605157884\n"


@pytest.fixture
def folder(clip_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small CLIP, to be spoilt."""
    return Path(shutil.copytree(clip_folder, tmp_path / "copy"))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_git_lfs_pointer_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text(POINTER)
    with pytest.raises(CheckpointUnusable, match=rf"its {name} is a Git LFS pointer.*git lfs pull"):
        open_checkpoint(str(folder), *ENCODERS)


def test_a_git_lfs_pointer_of_torch_s_own_form_is_named(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_text(POINTER)
    with pytest.raises(CheckpointUnusable, match=r"its pytorch_model\.bin is a Git LFS pointer"):
        open_checkpoint(str(folder), *ENCODERS)


def test_a_pointer_in_place_of_the_older_form_of_a_tokenizer_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "merges.txt").write_text(POINTER)
    with pytest.raises(CheckpointUnusable, match=r"its merges\.txt is a Git LFS pointer"):
        open_checkpoint(str(folder), *ENCODERS)


def test_a_pointer_that_nothing_reads_is_no_fault(folder: Path) -> None:
    for name in ("pytorch_model.bin", "tf_model.h5", "merges.txt", "spiece.model"):
        (folder / name).write_text(POINTER)
    assert read_model(open_checkpoint(str(folder), *ENCODERS))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("/annex/objects/SHA256E-s605157884--0.safetensors\n", "is a git-annex pointer.*git annex get"),
        ("<!DOCTYPE html><html><head><title>404</title></head></html>", "is a web page"),
    ],
)
def test_what_else_stands_for_a_file_is_named(folder: Path, content: str, named: str) -> None:
    (folder / "model.safetensors").write_text(content)
    with pytest.raises(CheckpointUnusable, match=rf"its model\.safetensors {named}"):
        open_checkpoint(str(folder), *ENCODERS)


def test_a_link_that_leads_nowhere_is_named(folder: Path) -> None:
    """As in a copy of a hub's snapshot without the blobs beside it."""
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("../../blobs/0000")
    with pytest.raises(CheckpointUnusable, match=r"its model\.safetensors is a link that leads nowhere.*cp -rL"):
        open_checkpoint(str(folder), *ENCODERS)

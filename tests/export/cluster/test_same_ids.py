"""Pictures that get one id by chance, and shards that hold a row twice: told of, and neither is lost in silence."""

import hashlib
import io
from importlib.util import find_spec
from pathlib import Path

import pytest

if not find_spec("pyarrow"):
    pytest.skip("pyarrow comes with the extra `cluster`; make cluster-test has it", allow_module_level=True)

from export.cluster.errors import ShardsUnusable
from export.cluster.from_index import shards_of_index
from export.cluster.load.to_faiss import LoadOptions, load_faiss
from export.cluster.shard_files import put_manifest
from export.index.build import build_index
from export.index.chosen_models import open_models
from tests.export.cluster.here import build_here
from tests.export.cluster.test_build import few_questions, folder, quiet
from tests.export.index.small_library import small_models
from tests.sample_library import MODELS

__all__ = ["few_questions", "folder"]  # fixtures


def same_id_of_b_and_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have chance give these two pictures one id."""

    def digests(text: bytes) -> "hashlib._Hash":
        return hashlib.sha256(b"the same" if text.endswith((b"\0b.png", b"\0large.jpg")) else text)

    monkeypatch.setattr("export.cluster.shards.sha256", digests)


def test_of_two_pictures_with_one_id_the_later_is_left_out_and_both_are_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_id_of_b_and_large(monkeypatch)
    manifest, _, said = build_here(folder, tmp_path / "shards")
    assert (manifest.count, manifest.failed) == (5, 2)
    assert "large.jpg: it has by chance the same id as b.png" in said
    again, cluster, _ = build_here(folder, tmp_path / "shards")
    assert (again.count, again.failed, cluster.looked_at) == (5, 2, [])
    (folder / "large.jpg").rename(folder / "larger.jpg")
    renamed, cluster, _ = build_here(folder, tmp_path / "shards")
    assert (renamed.count, renamed.failed, cluster.looked_at) == (6, 1, ["larger.jpg"])


def test_an_index_with_two_pictures_that_get_one_id_makes_shards_without_the_later(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(folder, tmp_path / "built", models=small_models(), console=quiet())
    same_id_of_b_and_large(monkeypatch)
    console = quiet()
    manifest = shards_of_index(tmp_path / "built", str(tmp_path / "shards"), console)
    assert (manifest.count, manifest.failed) == (5, 2)
    assert isinstance(console.file, io.StringIO)
    assert "it has by chance the same id as b.png" in console.file.getvalue()


def test_shards_with_a_row_twice_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    manifest, _, _ = build_here(folder, tmp_path / "shards")
    put_manifest(tmp_path / "shards", manifest.model_copy(update={"pictures": manifest.pictures * 2, "count": 12}))
    with pytest.raises(ShardsUnusable, match=r"6 ids are in it twice, such as \d+, of (\S+) and \1; build it anew"):
        load_faiss(
            str(tmp_path / "shards"),
            tmp_path / "out",
            models=open_models(MODELS),
            options=LoadOptions(),
            console=quiet(),
        )
    assert not (tmp_path / "out").exists()

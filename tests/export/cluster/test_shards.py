"""Shards as they are read: what is damaged, of another form or passed over."""

from importlib.util import find_spec
from pathlib import Path

import pytest

if not find_spec("pyarrow"):
    pytest.skip("pyarrow comes with the extra `cluster`; make cluster-test has it", allow_module_level=True)

import numpy as np
import pyarrow as pa

from export.cluster.errors import ShardsUnusable
from export.cluster.shard_files import put_manifest, put_table
from export.cluster.shards import ShardsManifest, image_id_of, pictures_schema, read_shards, read_shards_manifest

DIMENSION = 4


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    vector = np.ones(DIMENSION, np.float16)
    rows = [
        {"image_id": number, "path": f"{number}.jpg", "sha256": "0" * 64, "embedding": vector, "caption": "a boat"}
        for number in range(5)
    ]
    file = put_table(tmp_path, "pictures-0.parquet", pa.Table.from_pylist(rows, schema=pictures_schema(DIMENSION)))
    gone = pa.table({"image_id": pa.array([3], pa.int64())})
    put_table(tmp_path, "gone-0.parquet", gone)
    manifest = ShardsManifest(
        pictures_dir="/photos", models={}, dimension=DIMENSION, count=4, pictures=(file,), gone="gone-0.parquet"
    )
    put_manifest(tmp_path, manifest)
    return tmp_path


def test_rows_of_pictures_that_have_gone_are_passed_over_whatever_columns_are_asked_for(shards: Path) -> None:
    [batch] = read_shards(shards, ["path"])
    assert batch.to_pydict() == {"path": ["0.jpg", "1.jpg", "2.jpg", "4.jpg"]}
    assert sum(batch.num_rows for batch in read_shards(shards, rows_at_once=2)) == 4


def test_an_id_is_of_content_and_path_and_fits_63_bits() -> None:
    ids = {image_id_of(content, path) for content in ("a", "b") for path in ("x", "y")}
    assert len(ids) == 4
    assert all(0 <= one < 2**63 for one in ids)
    assert image_id_of("a", "x") == image_id_of("a", "x")


def test_shards_without_a_manifest_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(ShardsUnusable, match=r"it has no manifest\.json"):
        read_shards_manifest(tmp_path)


def test_a_manifest_of_another_form_says_what_is_wrong(shards: Path) -> None:
    text = (shards / "manifest.json").read_text().replace("lookwhy-shards/1", "lookwhy-shards/9")
    (shards / "manifest.json").write_text(text)
    with pytest.raises(ShardsUnusable, match=r"another form than lookwhy-shards/1 \(format"):
        list(read_shards(shards))


@pytest.mark.parametrize("content", [b"", b"PAR1 cut", None], ids=["empty", "cut", "absent"])
def test_a_file_that_is_damaged_or_absent_is_named(content: bytes | None, shards: Path) -> None:
    path = shards / "pictures-0.parquet"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ShardsUnusable, match=r"pictures-0\.parquet cannot be read"):
        list(read_shards(shards))


def test_a_file_with_other_rows_than_the_manifest_says_is_refused(shards: Path) -> None:
    put_table(shards, "pictures-0.parquet", pa.Table.from_pylist([], schema=pictures_schema(DIMENSION)))
    with pytest.raises(ShardsUnusable, match="has 0 rows of lookwhy-shards/1, and 5 of"):
        list(read_shards(shards))


def test_an_address_of_no_file_system_is_refused() -> None:
    with pytest.raises(ShardsUnusable, match="no folder and no address"):
        read_shards_manifest("ftp://host/shards")

"""The manifest beside a library in an engine: read back as it was written, and damage refused by name."""

import base64
import zlib

import pytest

from runtime.errors import ArtefactCorrupt
from runtime.stores import remote_manifest
from runtime.stores.remote_manifest import RELOAD, RemoteManifest, packed_tables


def manifest(**changed: object) -> RemoteManifest:
    known: dict[str, object] = {
        "generation": "photos_g000001",
        "count": 3,
        "captioned": 2,
        "dimension": 4,
        "pictures_dir": "/photos",
        "models": {"clip/text.onnx": "0" * 64},
        "ef": 128,
        "sample": (1, 5, 9, 12),
        "tables": packed_tables(b"an SQLite file"),
    }
    return RemoteManifest.model_validate(known | changed)


def test_it_is_read_back_as_it_was_written() -> None:
    written = manifest()
    read = RemoteManifest.parse(written.model_dump_json(), "milvus://x:1/photos", RELOAD)
    assert read == written
    assert read.unpacked_tables("photos") == b"an SQLite file"


def test_a_sample_is_spread_over_the_ids() -> None:
    assert manifest().sample_of(2) == [1, 9]
    assert manifest().sample_of(100) == [1, 5, 9, 12]
    assert manifest(sample=()).sample_of(5) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": "lookwhy-store/2"}', "null"])
def test_what_is_none_is_refused_by_name(content: str) -> None:
    with pytest.raises(ArtefactCorrupt, match=r"milvus://x:1/photos.*lookwhy load"):
        RemoteManifest.parse(content, "milvus://x:1/photos", RELOAD)


@pytest.mark.parametrize(
    "tables", ["no base64!", base64.b64encode(b"not compressed").decode(), packed_tables(b"x" * 999)[:16], ""]
)
def test_damaged_tables_are_refused_by_name(tables: str) -> None:
    with pytest.raises(ArtefactCorrupt, match=r"photos.*tables"):
        manifest(tables=tables).unpacked_tables("photos")


def test_tables_that_unpack_to_more_than_there_may_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_manifest, "TABLES_MAX_BYTES", 1000)
    bomb = base64.b64encode(zlib.compress(b"\0" * 100_000)).decode()
    with pytest.raises(ArtefactCorrupt, match="too large"):
        manifest(tables=bomb).unpacked_tables("photos")

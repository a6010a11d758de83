"""The head of a library in S3 Vectors: it is read as it was written, also in parts, and never half."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.remote_manifest import RemoteManifest
from runtime.stores.s3vectors.head import HEAD, generation_name, head_vectors, read_generation, read_manifest
from runtime.stores.s3vectors.metadata import METADATA_MAX_BYTES, bytes_of


class PlayedCalls:
    """The reads of a head, over vectors held here."""

    def __init__(self, vectors: Sequence[Mapping[str, Any]]) -> None:
        self.held = {one["key"]: one for one in vectors}

    def vectors(self, index: str, keys: Sequence[str], *, data: bool = False, metadata: bool = False) -> dict[str, Any]:
        return {key: self.held[key] for key in keys if key in self.held}


def manifest(tables_chars: int) -> RemoteManifest:
    chance = random.Random(0)
    tables = "".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789+/", k=tables_chars))
    return RemoteManifest(
        generation="photos.0123456789", count=3, captioned=0, dimension=4, pictures_dir=".", models={}, tables=tables
    )


def read(calls: PlayedCalls) -> RemoteManifest:
    return read_manifest(calls, "photos", "s3vectors://b/photos")  # type: ignore[arg-type]  # the one call that it makes


@pytest.mark.parametrize(("tables_chars", "parts"), [(10, 1), (200_000, 6)])
def test_a_manifest_comes_back_as_it_was(tables_chars: int, parts: int) -> None:
    told = manifest(tables_chars)
    vectors = list(head_vectors(told, "photos.abcdef0123"))
    assert len(vectors) == parts
    assert vectors[-1]["key"] == HEAD  # the last call puts all in force
    assert all(bytes_of(one["metadata"]) <= METADATA_MAX_BYTES for one in vectors)
    calls = PlayedCalls(vectors)
    assert read(calls) == told
    assert read_generation(calls, "photos") == told.generation  # type: ignore[arg-type]  # as above
    assert vectors[-1]["metadata"]["previous"] == "photos.abcdef0123"


def test_a_head_that_is_not_there_asks_for_a_load() -> None:
    with pytest.raises(ArtefactMissing, match="lookwhy load SHARDS"):
        read(PlayedCalls([]))


@pytest.mark.parametrize("damage", ["a part is gone", "a part is another", "no content", "no JSON"])
def test_a_head_that_is_not_as_it_was_written_is_refused(damage: str) -> None:
    calls = PlayedCalls(list(head_vectors(manifest(200_000), None)))
    part = next(key for key in calls.held if key != HEAD)
    if damage == "a part is gone":
        del calls.held[part]
    elif damage == "a part is another":
        calls.held[part] = {"metadata": {"content": "AAAA"}}
    elif damage == "no content":
        calls.held[HEAD] = {"metadata": {"generation": "photos.0123456789", "parts": 1}}
    else:
        calls.held[HEAD] = {"metadata": {"generation": "g", "parts": "many", "content": "", "sha256": ""}}
    with pytest.raises(ArtefactCorrupt):
        read(calls)


def test_a_generations_name_follows_from_its_shards() -> None:
    assert generation_name("photos", "0123456789abcdef") == "photos.0123456789"

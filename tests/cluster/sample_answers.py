"""The sample library in an engine answers as it does from its files: what is asked of each engine alike.

A module that tries one has a fixture `in_store`, imports `in_files`, and a subclass of `SampleAnswers`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from export.index.catalog import read_catalog
from runtime.artefacts.manifest import read_index_manifest
from runtime.bootstrap import open_engine
from runtime.settings import Settings
from runtime.stores.opening import open_stores
from runtime.web.api import create_app
from tests.cluster.contract_shards import row_of, write_shards
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

# None that is said of no picture, such as "DSC": its last hits lie closer together than the rounding to 16 bits resolves.
QUERIES = ["a red boat", "boat at sunset", "a house -tree", "two trees", "snow", "a dog in a spaceship", "the moon"]
CLOSE = 0.02  # the rounding to 16 bits changes calibration and cosines a little


def index_shards(index: Path, folder: Path) -> Path:
    """Write the pictures of an index in files as shards."""
    manifest = read_index_manifest(index)
    catalog = read_catalog(index / manifest.catalog.path)
    pictures, captions = open_stores(index, manifest)
    assert captions is not None
    rows = [
        row_of(
            row,
            catalog.facts_of(row),
            pictures.vectors_of([row.id])[0],
            captions.vectors_of([row.id])[0] if row.caption else None,
            catalog.texts.get(row.sha256),
        )
        for row in catalog.rows
    ]
    return write_shards(folder, rows, manifest.dimension, manifest.models, pictures_dir=manifest.images_dir)


def client(**settings: Any) -> TestClient:
    made = Settings.read(models_dir=MODELS, **settings)
    return TestClient(create_app(open_engine(made), made), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def in_files(sample_library: "SampleLibrary") -> TestClient:
    return client(index_dir=sample_library.index)


def answers(asked: TestClient, path: str, body: dict[str, Any]) -> Any:
    answer = asked.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def same(one: Any, other: Any) -> None:
    """Compare two JSON values; numbers may be a little apart."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one.keys() - {"timings_ms", "next", "filters_suggested"}:
            same(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            same(left, right)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=CLOSE)
    else:
        assert one == other


class SampleAnswers:
    """The tests."""

    @pytest.mark.parametrize("query", QUERIES)
    def test_a_search_answers_alike(self, in_files: TestClient, in_store: TestClient, query: str) -> None:
        body = {"query": query, "top_k": 6}
        same(answers(in_store, "/search", body), answers(in_files, "/search", body))

    def test_hits_in_depth_are_explained_alike(self, in_files: TestClient, in_store: TestClient) -> None:
        found = answers(in_files, "/search", {"query": "a red boat", "top_k": 3})["results"]
        body = {"query": "a red boat", "ids": [one["id"] for one in found], "heatmap": True}
        same(answers(in_store, "/explain", body), answers(in_files, "/explain", body))

    def test_a_search_by_likeness_answers_alike(self, in_files: TestClient, in_store: TestClient) -> None:
        body = {"query": "", "like": 7, "top_k": 5}
        same(answers(in_store, "/search", body), answers(in_files, "/search", body))

    def test_pages_follow_each_other_to_the_end(self, in_files: TestClient, in_store: TestClient) -> None:
        shown = pages(in_store)
        assert sorted(shown) == sorted(pages(in_files))
        assert len(set(shown)) == len(shown) == 60

    def test_pictures_are_served_by_their_paths(self, in_store: TestClient) -> None:
        path = in_store.get("/pictures/7").json()["image_url"]
        assert in_store.get(path).status_code == 200
        assert in_store.get("/images/nothing.png").status_code == 404


def pages(asked: TestClient) -> list[int]:
    """Return the ids of all pages of a search, in their order."""
    found: list[int] = []
    cursor = None
    for _ in range(10):
        page = answers(asked, "/search", {"query": "a boat", "top_k": 9, "explain": False, "cursor": cursor})
        found += [one["id"] for one in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    return found

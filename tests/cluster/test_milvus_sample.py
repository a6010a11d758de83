"""The sample library in Milvus answers as it does from its files: searches, pages, filters, explanations."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from export.cluster.load_milvus import load_milvus
from export.index.catalog import read_catalog
from export.index.chosen_models import open_models
from runtime.artefacts.manifest import read_index_manifest
from runtime.bootstrap import open_engine
from runtime.settings import Settings
from runtime.stores.opening import open_stores
from runtime.web.api import create_app
from tests.cluster.contract_shards import row_of, write_shards
from tests.cluster.milvus_server import MilvusProcess
from tests.cluster.test_milvus import silent
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

QUERIES = ["a red boat", "boat at sunset", "a house -tree", "two trees", "snow", "a dog in a spaceship", "the moon", "DSC"]
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


@pytest.fixture(scope="module")
def in_milvus(
    milvus: MilvusProcess, sample_library: "SampleLibrary", tmp_path_factory: pytest.TempPathFactory
) -> TestClient:
    folder = tmp_path_factory.mktemp("sample-store")
    shards = index_shards(sample_library.index, folder / "shards")
    load_milvus(shards, milvus.url("sample"), open_models(MODELS), silent())
    return client(store=milvus.url("sample"), fetch_dir=folder / "fetched")


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


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_answers_alike(in_files: TestClient, in_milvus: TestClient, query: str) -> None:
    body = {"query": query, "top_k": 6}
    same(answers(in_milvus, "/search", body), answers(in_files, "/search", body))


def test_hits_in_depth_are_explained_alike(in_files: TestClient, in_milvus: TestClient) -> None:
    found = answers(in_files, "/search", {"query": "a red boat", "top_k": 3})["results"]
    body = {"query": "a red boat", "ids": [one["id"] for one in found], "heatmap": True}
    same(answers(in_milvus, "/explain", body), answers(in_files, "/explain", body))


def test_a_search_by_likeness_answers_alike(in_files: TestClient, in_milvus: TestClient) -> None:
    body = {"query": "", "like": 7, "top_k": 5}
    same(answers(in_milvus, "/search", body), answers(in_files, "/search", body))


def test_pages_follow_each_other_to_the_end(in_files: TestClient, in_milvus: TestClient) -> None:
    def pages(asked: TestClient) -> list[list[int]]:
        found, cursor = [], None
        for _ in range(10):
            page = answers(asked, "/search", {"query": "a boat", "top_k": 9, "explain": False, "cursor": cursor})
            found.append([one["id"] for one in page["results"]])
            cursor = page["next"]
            if cursor is None:
                return found
        return found

    shown = pages(in_milvus)
    assert sorted(one for page in shown for one in page) == sorted(one for page in pages(in_files) for one in page)
    assert len({one for page in shown for one in page}) == 60


def test_what_needs_a_catalogue_in_files_is_refused_by_name(in_milvus: TestClient) -> None:
    answer = in_milvus.get("/pictures")
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "not_available_with_this_store")
    assert in_milvus.get("/timeline").json()["pictures"] == 60
    assert in_milvus.get("/readyz").json()["pictures"] == 60
    assert in_milvus.get("/pictures/7").json()["id"] == 7


def test_pictures_are_served_by_their_paths(in_milvus: TestClient) -> None:
    path = in_milvus.get("/pictures/7").json()["image_url"]
    assert in_milvus.get(path).status_code == 200
    assert in_milvus.get("/images/nothing.png").status_code == 404

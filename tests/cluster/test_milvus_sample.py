"""The sample library in Milvus answers as it does from its files: searches, pages, filters, explanations."""

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from export.cluster.load.to_milvus import load_milvus
from export.index.chosen_models import open_models
from tests.cluster.milvus_server import MilvusProcess
from tests.cluster.sample_answers import SampleAnswers, client, in_files, index_shards
from tests.runtime.stores.large_vectors import silent
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

__all__ = ["in_files"]  # a fixture


@pytest.fixture(scope="module")
def in_store(milvus: MilvusProcess, sample_library: "SampleLibrary", tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("sample-store")
    shards = index_shards(sample_library.index, folder / "shards")
    load_milvus(shards, milvus.url("sample"), open_models(MODELS), silent())
    return client(store=milvus.url("sample"), fetch_dir=folder / "fetched")


class TestMilvus(SampleAnswers):
    """The tests of all engines."""


def test_what_needs_a_catalogue_in_files_is_refused_by_name(in_store: TestClient) -> None:
    answer = in_store.get("/pictures")
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "not_available_with_this_store")
    assert in_store.get("/timeline").json()["pictures"] == 60
    assert in_store.get("/readyz").json()["pictures"] == 60
    assert in_store.get("/pictures/7").json()["id"] == 7

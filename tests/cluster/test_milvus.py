"""A real Milvus: the stores' contract over it, and loads that are killed, repeated and refused."""

from pathlib import Path

import pytest

from export.cluster.load.to_milvus import load_milvus
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.opening import open_engine_folder
from tests.cluster.contract_shards import contract_shards
from tests.cluster.milvus_server import MilvusProcess
from tests.cluster.played import MODELS, PlayedPlaces, played_models
from tests.runtime.stores.contract import StoreContract
from tests.runtime.stores.contract_library import DIMENSION, OpenedStore, open_flat
from tests.runtime.stores.large_vectors import silent


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return open_flat(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def opened(milvus: MilvusProcess, tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    folder = tmp_path_factory.mktemp("contract")
    shards = contract_shards(folder / "shards", MODELS)
    load_milvus(shards, milvus.url("contract"), played_models(DIMENSION), silent(), places=PlayedPlaces())
    return open_over(milvus.url("contract"), folder)


def open_over(url: str, folder: Path) -> OpenedStore:
    engine_folder = open_engine_folder(url, None, folder)
    index = engine_folder.read_index()
    store = engine_folder.open_store()
    assert store.captions is not None
    return OpenedStore(store, store.captions, RemoteLibrary.open_over(store.rows, engine_folder.path, index))


class TestMilvus(StoreContract):
    """The contract over Milvus."""

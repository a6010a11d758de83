"""A real Milvus: the stores' contract over it, and loads that are killed, repeated and refused."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.cluster.load_milvus import load_milvus
from export.index.photos.places import Named
from export.index.pipeline import Models
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.opening import open_engine_folder
from tests.cluster.contract_shards import contract_shards
from tests.cluster.milvus_server import MilvusProcess
from tests.runtime.stores.contract import StoreContract
from tests.runtime.stores.contract_library import DIMENSION, TOWN_NAMES, OpenedStore, open_flat
from tests.runtime.stores.large_vectors import silent

MODELS = {"clip/text.onnx": "0" * 64}


class PlayedEncoder:
    """A text tower of random directions, the same for the same text."""

    dimension = DIMENSION

    def embed_texts(self, texts: list[str]) -> NDArray[np.float32]:
        drawn = np.stack([np.random.default_rng(list(text.encode())).normal(size=DIMENSION) for text in texts])
        unit: NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit


def played_models() -> Models:
    return Models(MODELS, PlayedEncoder())  # type: ignore[arg-type]  # a load uses its text tower alone


class PlayedPlaces:
    """The contract's table of towns."""

    def others_of(self, towns: Collection[Named]) -> dict[Named, tuple[str, ...]]:
        return {town: others for town, others in TOWN_NAMES.items() if town in towns}


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return open_flat(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def opened(milvus: MilvusProcess, tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    folder = tmp_path_factory.mktemp("contract")
    shards = contract_shards(folder / "shards", MODELS)
    load_milvus(shards, milvus.url("contract"), played_models(), silent(), places=PlayedPlaces())  # type: ignore[arg-type]  # a load asks for other names alone
    return open_over(milvus.url("contract"), folder)


def open_over(url: str, folder: Path) -> OpenedStore:
    engine_folder = open_engine_folder(url, None, folder)
    index = engine_folder.read_index()
    store = engine_folder.open_store()
    assert store.captions is not None
    return OpenedStore(store, store.captions, RemoteLibrary.open_over(store.rows, engine_folder.path, index))


class TestMilvus(StoreContract):
    """The contract over Milvus."""

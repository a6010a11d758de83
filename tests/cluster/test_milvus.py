"""A real Milvus: the stores' contract over it, and loads that are killed, repeated and refused."""

import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

if not all(find_spec(name) for name in ("pymilvus", "milvus", "pyarrow")):
    pytest.skip("pymilvus, milvus and pyarrow are in the environment of make cluster-test alone", allow_module_level=True)

from export.cluster.load_milvus import load_milvus
from export.index.pipeline import Models
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.opening import open_engine_folder
from tests.cluster.contract_shards import contract_shards
from tests.cluster.milvus_server import MilvusProcess, milvus_in
from tests.runtime.stores.contract import StoreContract
from tests.runtime.stores.contract_library import DIMENSION, OpenedStore, open_flat

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


def silent() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    with milvus_in(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return open_flat(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def opened(milvus: MilvusProcess, tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    folder = tmp_path_factory.mktemp("contract")
    load_milvus(contract_shards(folder / "shards", MODELS), milvus.url("contract"), played_models(), silent())
    return open_over(milvus.url("contract"), folder)


def open_over(url: str, folder: Path) -> OpenedStore:
    engine_folder = open_engine_folder(url, None, folder)
    index = engine_folder.read_index()
    store = engine_folder.open_store()
    assert store.captions is not None
    return OpenedStore(store, store.captions, RemoteLibrary.open_over(store.rows, engine_folder.path, index))


class TestMilvus(StoreContract):
    """The contract over Milvus."""

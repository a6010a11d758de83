"""The whole HTTP test-suite of search, evidence and explain, over a library whose vectors and rows a real Milvus holds."""

from pathlib import Path

import numpy as np
import pytest

from export.cluster.load_milvus import load_milvus
from export.index.pipeline import Models
from runtime.library.catalog import Library
from runtime.library.photo_facts import NO_FACTS
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.manifest_folder import ManifestFolder
from runtime.stores.opening import open_engine_folder
from runtime.stores.protocols import LibraryStore
from tests.cluster.contract_shards import row_of, write_shards
from tests.cluster.milvus_server import MilvusProcess
from tests.cluster.test_milvus import MODELS, PlayedEncoder
from tests.runtime import conftest as of_files
from tests.runtime.conftest import (  # noqa: F401 (fixtures)
    app,
    captioner,
    client,
    encoder,
    engine,
    explainer,
)
from tests.runtime.stores.large_vectors import silent
from tests.runtime.web.test_api import *  # noqa: F403 (every test)
from tests.runtime.web.test_api_depth import *  # noqa: F403 (every test)


class ColourTexts(PlayedEncoder):
    """As many dimensions as there are colours."""

    dimension = len(of_files.COLOURS)


@pytest.fixture(scope="module")
def folder(milvus: MilvusProcess, tmp_path_factory: pytest.TempPathFactory) -> ManifestFolder:
    """The library of four plain pictures, in Milvus."""
    written = tmp_path_factory.mktemp("colours")
    four = of_files.library.__wrapped__(written)  # type: ignore[attr-defined]  # of the fixture, the function
    dimension = len(of_files.COLOURS)
    vectors = np.eye(dimension, dtype=np.float32)
    rows = [row_of(row, NO_FACTS, vectors[at], None, None) for at, row in enumerate(four.rows([1, 2, 3, 4]))]
    shards = write_shards(written / "shards", rows, dimension, MODELS)
    load_milvus(shards, milvus.url("colours"), Models(MODELS, ColourTexts()), silent())  # type: ignore[arg-type]  # a load uses its text tower alone
    return open_engine_folder(milvus.url("colours"), None, written / "fetched")


@pytest.fixture
def store(folder: ManifestFolder) -> LibraryStore:
    return folder.open_store()


@pytest.fixture
def library(folder: ManifestFolder, store: LibraryStore, tmp_path: Path) -> Library:
    """The rows in Milvus, over pictures of the test's own."""
    of_files.library.__wrapped__(tmp_path)  # type: ignore[attr-defined]  # of the fixture, the function
    index = folder.read_index()
    return RemoteLibrary.open_over(store.rows, folder.path, index, images=tmp_path / "images")

"""The whole HTTP test-suite of search, evidence and explain, over a library whose vectors and rows a real Milvus holds."""

import pytest

from export.cluster.load.to_milvus import load_milvus
from runtime.stores.manifest_folder import ManifestFolder
from runtime.stores.opening import open_engine_folder
from tests.cluster.colour_library import *  # noqa: F403 (fixtures)
from tests.cluster.colour_library import COLOURS, colour_shards
from tests.cluster.milvus_server import MilvusProcess
from tests.cluster.played import played_models
from tests.runtime.stores.large_vectors import silent
from tests.runtime.web.test_api import *  # noqa: F403 (every test)
from tests.runtime.web.test_api_depth import *  # noqa: F403 (every test)


@pytest.fixture(scope="module")
def folder(milvus: MilvusProcess, tmp_path_factory: pytest.TempPathFactory) -> ManifestFolder:
    """The library of four plain pictures, in Milvus."""
    written = tmp_path_factory.mktemp("colours")
    load_milvus(colour_shards(written), milvus.url("colours"), played_models(COLOURS), silent())
    return open_engine_folder(milvus.url("colours"), None, written / "fetched")

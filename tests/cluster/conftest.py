"""What the tests past one machine share: a real Milvus server, where its packages are installed."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.cluster.milvus_server import MilvusProcess, milvus_in

OF_CLUSTER_TESTS = "the environment of `make cluster-test` alone has "


@pytest.fixture(scope="session")
def milvus_packages() -> None:
    """The tests that use it are skipped where a Milvus server or its client cannot be had."""
    lacking = [name for name in ("pymilvus", "milvus", "pyarrow") if not find_spec(name)]
    if lacking:
        pytest.skip(OF_CLUSTER_TESTS + ", ".join(lacking))


@pytest.fixture(scope="session")
def milvus(milvus_packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """A Milvus server."""
    with milvus_in(tmp_path_factory.mktemp("milvus")) as server:
        yield server

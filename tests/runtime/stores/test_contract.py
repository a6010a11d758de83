"""What every kind of store answers alike, over one library: neighbours, vectors, rows, facts, filters."""

import pytest

from tests.runtime.stores.contract import StoreContract
from tests.runtime.stores.contract_library import OpenedStore, open_clustered, open_flat
from tests.runtime.stores.played_engine import open_played

KINDS = {"flat": open_flat, "clustered": open_clustered, "an engine": open_played}


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return open_flat(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module", params=list(KINDS))
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return KINDS[request.param](tmp_path_factory.mktemp("contract"))


class TestEveryKind(StoreContract):
    """The contract over each kind that needs no server; `tests/cluster/` has it over those that do."""

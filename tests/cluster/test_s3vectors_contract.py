"""The contract of stores over S3 Vectors: the contract's library, loaded from shards and opened as a server does."""

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.load.to_s3vectors import load_s3vectors
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.opening import open_engine_folder
from tests.cluster.contract_shards import contract_shards
from tests.cluster.played import MODELS, PlayedPlaces, played_models
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand
from tests.runtime.stores.contract import StoreContract, nearest
from tests.runtime.stores.contract_library import COUNT, DIMENSION, PICTURES, QUERIES, OpenedStore, open_flat, vectors
from tests.runtime.stores.large_vectors import silent


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return open_flat(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module", params=[100, 7], ids=["pages of 100", "pages of 7"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    folder = tmp_path_factory.mktemp("contract")
    with bucket_at_hand(request.param):
        shards, places = contract_shards(folder / "shards", MODELS), PlayedPlaces()
        load_s3vectors(
            shards,
            STORE,
            played_models(DIMENSION),
            silent(),
            places=places,
        )
        engine_folder = open_engine_folder(STORE, None, folder)
        index = engine_folder.read_index()
        store = engine_folder.open_store()
        assert store.captions is not None
        library = RemoteLibrary.open_over(store.rows, engine_folder.path, index)
        yield OpenedStore(store, store.captions, library)
        library.close()


class TestS3Vectors(StoreContract):
    """The contract. Cosines of many are the service's own, for which vectors have norm 1, as 16-bit floats nearly do."""

    def test_cosines_are_of_the_nearest_in_the_order_of_ids(self, opened: OpenedStore) -> None:
        query = vectors(QUERIES)[0]
        ids, cosines = opened.pictures.cosines(query)
        assert ids.tolist() == sorted(set(ids.tolist()))
        order = np.argsort(-(vectors(PICTURES) @ query), kind="stable")
        found = dict(zip(ids.tolist(), cosines.tolist(), strict=True))
        wanted = nearest(query[None], list(range(COUNT)), 50)[0]
        exact = (vectors(PICTURES) @ query)[order[:50]]
        np.testing.assert_allclose([found[one] for one in wanted], exact, atol=1e-3)
        assert set(wanted) >= set(ids[np.argsort(-cosines)][:40].tolist())

"""The contract of stores over S3 Vectors: the contract's library, loaded from shards and opened as a server does."""

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.load_s3vectors import load_s3vectors
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.address import StoreAddress
from runtime.stores.manifest_folder import ManifestFolder
from runtime.stores.s3vectors.store import S3VectorsLibrary
from tests.cluster.contract_shards import contract_columns, remote_manifest, write_shards
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand
from tests.runtime.stores.contract import StoreContract, nearest
from tests.runtime.stores.contract_library import COUNT, PICTURES, QUERIES, OpenedStore, open_flat, vectors


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> OpenedStore:
    return open_flat(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module", params=[100, 7], ids=["pages of 100", "pages of 7"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    folder, columns = tmp_path_factory.mktemp("contract"), contract_columns()
    with bucket_at_hand(request.param):
        shards = write_shards(folder / "shards", columns)
        load_s3vectors(shards, STORE, lambda generation: remote_manifest(columns, generation, folder))
        address = StoreAddress.parse(STORE)
        libraries = S3VectorsLibrary(address)
        index = ManifestFolder(folder / "store", address, libraries)
        manifest = index.read_index()
        store = index.open_store()
        assert store.captions is not None
        yield OpenedStore(store, store.captions, RemoteLibrary.open_over(store.rows, index.path, manifest))
        libraries.close()


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

"""The whole HTTP test-suite of search, evidence and explain, over a library whose vectors and rows S3 Vectors holds.

The service is played, on botocore's own model of it.
"""

from collections.abc import Iterator

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.load.to_s3vectors import load_s3vectors
from runtime.stores.manifest_folder import ManifestFolder
from runtime.stores.opening import open_engine_folder
from tests.cluster.colour_library import *  # noqa: F403 (fixtures)
from tests.cluster.colour_library import COLOURS, colour_shards
from tests.cluster.played import played_models
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand
from tests.runtime.stores.large_vectors import silent
from tests.runtime.web.test_api import *  # noqa: F403 (every test)
from tests.runtime.web.test_api_depth import *  # noqa: F403 (every test)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManifestFolder]:
    """The library of four plain pictures, in S3 Vectors."""
    written = tmp_path_factory.mktemp("colours")
    with bucket_at_hand():
        load_s3vectors(colour_shards(written), STORE, played_models(COLOURS), silent())
        yield open_engine_folder(STORE, None, written / "fetched")

"""A bucket of vectors on a loopback server, which boto3 is led to by its own settings."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.s3vectors.server import S3VectorsServer, running_server

BUCKET = "pictures"
STORE = f"s3vectors://{BUCKET}/holiday"


def settings_of(server: S3VectorsServer, key: str = "loader") -> dict[str, str]:
    """Return the variables by which boto3 finds a server."""
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    return {"AWS_ENDPOINT_URL_S3VECTORS": server.url, "AWS_DEFAULT_REGION": "us-east-1", **keys}


@contextmanager
def bucket_at_hand(page_size: int = 100) -> Iterator[S3VectorsServer]:
    """Hold a server with an empty bucket; boto3 in this process asks it."""
    with running_server(page_size) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in settings_of(server).items():
            patch.setenv(name, value)
        server.indexes.call("CreateVectorBucket", {"vectorBucketName": BUCKET})
        yield server

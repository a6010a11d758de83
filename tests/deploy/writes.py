"""A bucket of a test's own, and what is written there, in its order."""

from typing import Any

import pytest

from tests.deploy.cloud import Cloud


class Writes:
    """boto3's S3 client, with the keys in the order in which they are written."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.keys: list[str] = []

    def upload_fileobj(self, body: Any, bucket: str, key: str, **given: Any) -> None:
        self._client.upload_fileobj(body, bucket, key, **given)
        self.keys.append(key)

    def put_object(self, **given: Any) -> Any:
        answer = self._client.put_object(**given)
        self.keys.append(given["Key"])
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def writes(cloud: Cloud) -> Writes:
    return Writes(cloud.client("s3"))


@pytest.fixture
def bucket(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    name = f"publish-{abs(hash(request.node.name))}"
    cloud.make_bucket(name)
    return name

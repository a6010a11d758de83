"""The sample library in S3 Vectors answers as it does from its files; and while the service is away, with 503 alone."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.load.to_s3vectors import load_s3vectors
from export.index.chosen_models import open_models
from runtime.web.faults import UNAVAILABLE
from tests.cluster.s3vectors.at_hand import STORE, bucket_at_hand
from tests.cluster.s3vectors.server import DROPPED, S3VectorsServer
from tests.cluster.sample_answers import SampleAnswers, answers, client, in_files, index_shards, same
from tests.runtime.stores.large_vectors import silent
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

__all__ = ["in_files"]  # a fixture


@pytest.fixture(scope="module")
def server(sample_library: "SampleLibrary", tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3VectorsServer]:
    shards = index_shards(sample_library.index, tmp_path_factory.mktemp("shards"))
    with bucket_at_hand() as running:
        load_s3vectors(shards, STORE, open_models(MODELS), silent(), vectors_a_second=1e6)
        yield running


@pytest.fixture
def in_store(server: S3VectorsServer, tmp_path: Path) -> TestClient:
    return client(store=STORE, fetch_dir=tmp_path)


class TestS3Vectors(SampleAnswers):
    """The tests of all engines."""


def test_a_search_asks_twice_and_the_next_one_once(server: S3VectorsServer, in_store: TestClient) -> None:
    answers(in_store, "/search", {"query": "a red boat", "top_k": 6})
    before = server.calls.copy()
    answers(in_store, "/search", {"query": "a blue boat", "top_k": 6})
    asked = server.calls - before
    assert asked["QueryVectors"] == 1
    assert asked["GetVectors"] <= 1


def test_throttling_is_waited_out(server: S3VectorsServer, in_store: TestClient) -> None:
    server.script.faults["QueryVectors"] = deque(["TooManyRequestsException", "ServiceUnavailableException", DROPPED])
    assert answers(in_store, "/search", {"query": "a red boat", "top_k": 3})["results"]


def test_while_the_service_is_away_only_503_and_then_right_answers(
    server: S3VectorsServer, in_store: TestClient, in_files: TestClient
) -> None:
    body = {"query": "two houses", "top_k": 3}
    server.script.faults["QueryVectors"] = deque(["ServiceUnavailableException"] * 100)
    for _ in range(5):
        answer = in_store.post("/search", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    assert len(server.script.faults["QueryVectors"]) > 100 - 5 * 4  # the breaker keeps later searches from asking
    server.script.faults["QueryVectors"].clear()
    wait_until_ready(in_store)
    same(answers(in_store, "/search", body), answers(in_files, "/search", body))


def wait_until_ready(client: TestClient) -> None:
    """Ask as a client does that was told to come again: until it is answered, at most some thousand times."""
    for _ in range(100_000):
        if client.post("/search", json={"query": "two houses", "top_k": 3}).status_code == 200:
            return
    raise AssertionError("it never recovered")


def test_a_right_that_is_missing_is_named_in_the_log_alone(
    server: S3VectorsServer, in_store: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.script.faults["QueryVectors"] = deque(["AccessDeniedException"])
    answer = in_store.post("/search", json={"query": "a house", "top_k": 3})
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, UNAVAILABLE)
    assert "permission is denied" in caplog.text

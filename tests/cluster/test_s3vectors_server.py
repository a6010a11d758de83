"""The server that plays S3 Vectors: what moto can do, it does alike; what moto lacks is what the user guide says."""

import os
from collections import deque
from collections.abc import Iterator
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from tests.cluster.s3vectors.server import DROPPED, S3VectorsServer, Statement, running_server

moto = pytest.importorskip("moto", reason="moto is in deploy/requirements-cluster.txt alone")
BUCKET, INDEX = "pictures", "holiday"
WHICH = {"vectorBucketName": BUCKET, "indexName": INDEX}
VECTOR = {"float32": [1.0, 0, 0, 0]}


@pytest.fixture
def server() -> Iterator[S3VectorsServer]:
    with running_server() as running:
        yield running


def open_client(url: str | None = None, key: str = "key") -> Any:
    config = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": key, "aws_secret_access_key": "secret"}
    return boto3.client("s3vectors", endpoint_url=url, region_name="us-east-1", config=config, **keys)


def fill(client: Any, count: int = 12, dimension: int = 4) -> np.ndarray[Any, np.dtype[np.float32]]:
    vectors = np.random.default_rng(0).normal(size=(count, dimension)).astype(np.float32)
    client.create_vector_bucket(vectorBucketName=BUCKET)
    client.create_index(
        **WHICH,
        dataType="float32",
        dimension=dimension,
        distanceMetric="cosine",
        metadataConfiguration={"nonFilterableMetadataKeys": ["caption"]},
    )
    put = [
        {"key": str(at), "data": {"float32": vector.tolist()}, "metadata": {"year": 2000 + at, "caption": f"picture {at}"}}
        for at, vector in enumerate(vectors)
    ]
    client.put_vectors(**WHICH, vectors=put)
    return vectors


def told(client: Any) -> list[Any]:
    """Return what a service answers to calls that moto knows, good and bad."""
    fill(client)
    answers: list[Any] = []

    def ask(name: str, **asked: Any) -> None:
        try:
            answer = getattr(client, name)(**asked)
        except ClientError as error:
            answers.append((name, error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]))
            return
        answer.pop("ResponseMetadata")
        for one in answer.get("vectors", []):
            one["data"] = one.get("data") and np.round(one["data"]["float32"], 5).tolist()
        if "vectors" in answer:
            answer["vectors"].sort(key=lambda one: one["key"])
        if "index" in answer:
            answer = {name: answer["index"][name] for name in ("indexName", "indexArn", "dimension", "distanceMetric")}
        if "indexes" in answer:
            answer = [(one["indexName"], one["indexArn"]) for one in answer["indexes"]]
        answers.append((name, answer))

    ask("get_index", **WHICH)
    ask("list_indexes", vectorBucketName=BUCKET)
    ask("get_vectors", **WHICH, keys=["3", "1", "absent"], returnData=True, returnMetadata=True)
    ask("list_vectors", **WHICH, returnData=True)
    ask("put_vectors", **WHICH, vectors=[{"key": "a", "data": {"float32": [1.0]}}])
    ask("put_vectors", **WHICH, vectors=[{"key": "3", "data": VECTOR, "metadata": {"year": 1}}])
    ask("delete_vectors", **WHICH, keys=["1", "absent"])
    ask("list_vectors", **WHICH)
    ask("get_vectors", vectorBucketName=BUCKET, indexName="other", keys=["1"])
    ask("list_indexes", vectorBucketName="other-bucket")
    ask("create_vector_bucket", vectorBucketName=BUCKET)
    ask("delete_index", **WHICH)
    ask("get_index", **WHICH)
    return answers


def test_what_moto_can_do_is_answered_alike(server: S3VectorsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = told(open_client(server.url))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with moto.mock_aws():
        theirs = told(open_client())
    assert ours == theirs
    assert len(ours) == 13


def test_a_query_has_exact_cosines_in_pages(server: S3VectorsServer) -> None:
    client = open_client(server.url)
    vectors = fill(client, 250)
    query = np.random.default_rng(1).normal(size=4)
    pages = client.get_paginator("query_vectors").paginate(
        **WHICH, topK=230, queryVector={"float32": query.tolist()}, returnDistance=True
    )
    found = [one for page in pages for one in page["vectors"]]
    cosines = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    assert [int(one["key"]) for one in found] == np.argsort(-cosines)[:230].tolist()
    np.testing.assert_allclose([1 - one["distance"] for one in found], np.sort(cosines)[::-1][:230], atol=1e-5)
    assert server.calls["QueryVectors"] == 3


@pytest.mark.parametrize(
    ("wanted", "years"),
    [
        ({"year": 2003}, [2003]),
        ({"year": {"$gte": 2002, "$lt": 2005}}, [2002, 2003, 2004]),
        ({"$or": [{"year": {"$in": [2001, 2002]}}, {"year": {"$gt": 2010}}]}, [2001, 2002, 2011]),
        ({"$and": [{"year": {"$nin": [2001]}}, {"year": {"$lte": 2002}}]}, [2000, 2002]),
        ({"place": {"$exists": True}}, []),
        ({"year": {"$ne": 2000}, "place": {"$exists": False}}, list(range(2001, 2012))),
        ({"year": "2003"}, []),
    ],
)
def test_a_filter_leaves_what_the_guide_says(server: S3VectorsServer, wanted: Any, years: list[int]) -> None:
    client = open_client(server.url)
    fill(client)
    answer = client.query_vectors(**WHICH, topK=100, queryVector=VECTOR, filter=wanted, returnMetadata=True)
    assert sorted(one["metadata"]["year"] for one in answer["vectors"]) == years


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("query_vectors", {"topK": 10_001, "queryVector": VECTOR}),
        ("query_vectors", {"topK": 1, "queryVector": {"float32": [0.0, 0, 0, 0]}}),
        ("query_vectors", {"topK": 1, "queryVector": {"float32": [1.0]}}),
        ("query_vectors", {"topK": 1, "queryVector": VECTOR, "filter": {"caption": "x"}}),
        ("query_vectors", {"topK": 1, "queryVector": VECTOR, "filter": {"year": {"$gt": "2000"}}}),
        ("query_vectors", {"topK": 1, "queryVector": VECTOR, "filter": {"year": {"$like": 2}}}),
        ("query_vectors", {"topK": 1, "queryVector": VECTOR, "filter": {}}),
        ("get_vectors", {"keys": [str(one) for one in range(101)]}),
        ("put_vectors", {"vectors": [{"key": str(one), "data": VECTOR} for one in range(501)]}),
        ("put_vectors", {"vectors": [{"key": "a", "data": VECTOR, "metadata": {"place": "x" * 2050}}]}),
        ("put_vectors", {"vectors": [{"key": "a", "data": VECTOR, "metadata": {"caption": "x" * 41_000}}]}),
        ("put_vectors", {"vectors": [{"key": "a", "data": VECTOR, "metadata": {"a": {"b": 1}}}]}),
        ("put_vectors", {"vectors": [{"key": "k" * 1025, "data": VECTOR}]}),
        ("list_vectors", {"maxResults": 1001}),
    ],
)
def test_what_is_beyond_the_limits_is_refused(server: S3VectorsServer, call: str, asked: Any) -> None:
    client = open_client(server.url)
    fill(client)
    with pytest.raises(ClientError, match="ValidationException"):
        getattr(client, call)(**WHICH, **asked)
    assert len(server.indexes.buckets[BUCKET][INDEX].vectors) == 12


def test_the_model_itself_refuses_what_it_can(server: S3VectorsServer) -> None:
    with pytest.raises(ParamValidationError):
        open_client(server.url).query_vectors(**WHICH, topK=0, queryVector={"float32": [1.0]})
    assert not server.calls


def test_what_the_script_says_goes_wrong(server: S3VectorsServer) -> None:
    client = open_client(server.url)
    fill(client)
    server.script.faults["GetVectors"] = deque(["TooManyRequestsException", "ServiceUnavailableException", DROPPED])
    statuses = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            client.get_vectors(**WHICH, keys=["1"])
        statuses.append(caught.value.response["ResponseMetadata"]["HTTPStatusCode"])
    assert statuses == [429, 503]
    with pytest.raises(Exception, match="Connection was closed"):
        client.get_vectors(**WHICH, keys=["1"])
    assert [one["key"] for one in client.get_vectors(**WHICH, keys=["1"])["vectors"]] == ["1"]


def test_more_than_an_index_takes_in_a_second_is_refused(server: S3VectorsServer) -> None:
    client, server.clock = open_client(server.url), lambda: 1000.0
    fill(client)
    server.rates.vectors = 30
    several = [{"key": str(one), "data": VECTOR} for one in range(15)]
    client.put_vectors(**WHICH, vectors=several)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        client.put_vectors(**WHICH, vectors=several)
    server.clock = lambda: 1001.5
    client.put_vectors(**WHICH, vectors=several)


def test_a_key_may_do_what_its_policy_says(server: S3VectorsServer) -> None:
    fill(open_client(server.url))
    resource = "arn:aws:s3vectors:us-east-1:123456789012:bucket/pictures/index/holiday"
    server.policies["reader"] = [Statement(("s3vectors:QueryVectors",), (resource,))]
    reader, query = open_client(server.url, "reader"), {"topK": 1, "queryVector": VECTOR}
    assert reader.query_vectors(**WHICH, **query)["vectors"]
    for call, asked in (
        ("query_vectors", {**query, "returnMetadata": True}),
        ("query_vectors", {**query, "filter": {"year": 2000}}),
        ("get_vectors", {"keys": ["1"]}),
        ("list_vectors", {}),
        ("delete_index", {}),
    ):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            getattr(reader, call)(**WHICH, **asked)

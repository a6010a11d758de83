"""Buckets and indexes of S3 Vectors in memory: what each call does, within the documented limits, with exact cosines."""

import json
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.cluster.s3vectors.index import ACCOUNT, REGION, Index, Refused, check_metadata, check_vector
from tests.cluster.s3vectors.metadata_filter import FilterRefused, check_filter, is_left

TOP_K_MAX = 10_000
LIST_PAGE_MAX_BYTES = 1 << 20
LISTED = 500  # on a page, where the request does not say
Answer = dict[str, Any]


class Indexes:
    """The whole service: `call` does one operation. For one thread at a time."""

    def __init__(self, page_size: int = 100) -> None:
        """Keep how many results a page of a query has: the guide does not say."""
        self.page_size = page_size
        self.buckets: dict[str, dict[str, Index]] = {}

    def call(self, operation: str, asked: Mapping[str, Any]) -> Answer:
        """Return the answer to a request that fits the service's model.

        Raises:
            Refused: the service would answer with an error.
        """
        calls: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "CreateVectorBucket": self._create_bucket,
            "CreateIndex": self._create_index,
            "GetIndex": lambda one: {"index": _described(self._index(one), whole=True)},
            "ListIndexes": self._list_indexes,
            "DeleteIndex": self._delete_index,
            "PutVectors": self._put,
            "GetVectors": self._get,
            "DeleteVectors": self._delete,
            "ListVectors": self._list,
            "QueryVectors": self._query,
        }
        if operation not in calls:
            raise Refused("InternalServerException", f"this server does not play {operation}")
        return calls[operation](asked)

    def resource(self, asked: Mapping[str, Any]) -> str:
        """Return the ARN of what a request is about."""
        if "indexArn" in asked:
            return str(asked["indexArn"])
        bucket = f"arn:aws:s3vectors:{REGION}:{ACCOUNT}:bucket/{asked.get('vectorBucketName')}"
        return f"{bucket}/index/{asked['indexName']}" if "indexName" in asked else bucket

    def _bucket(self, asked: Mapping[str, Any]) -> dict[str, Index]:
        name = asked.get("vectorBucketName") or str(asked.get("vectorBucketArn", "")).rpartition("/")[2]
        if name not in self.buckets:
            raise Refused("NotFoundException", "The specified vector bucket could not be found")
        return self.buckets[name]

    def _index(self, asked: Mapping[str, Any]) -> Index:
        arn = self.resource(asked)
        for indexes in self.buckets.values():
            for index in indexes.values():
                if index.arn == arn:
                    return index
        raise Refused("NotFoundException", "The specified index could not be found")

    def _create_bucket(self, asked: Mapping[str, Any]) -> Answer:
        name = asked["vectorBucketName"]
        if name in self.buckets:
            raise Refused("ConflictException", "A vector bucket with the specified name already exists")
        self.buckets[name] = {}
        return {"vectorBucketArn": f"arn:aws:s3vectors:{REGION}:{ACCOUNT}:bucket/{name}"}

    def _create_index(self, asked: Mapping[str, Any]) -> Answer:
        indexes, name = self._bucket(asked), asked["indexName"]
        if name in indexes:
            raise Refused("ConflictException", "An index with the specified name already exists")
        configuration = asked.get("metadataConfiguration", {})
        indexes[name] = index = Index(
            asked["vectorBucketName"], name, asked["dimension"], asked["distanceMetric"], configuration, time.time()
        )
        return {"indexArn": index.arn}

    def _list_indexes(self, asked: Mapping[str, Any]) -> Answer:
        names = sorted(name for name in self._bucket(asked) if name.startswith(asked.get("prefix", "")))
        page, token = _page(names, asked.get("maxResults", 500), asked.get("nextToken"))
        return {"indexes": [_described(self._bucket(asked)[name]) for name in page], **token}

    def _delete_index(self, asked: Mapping[str, Any]) -> Answer:
        index = self._index(asked)
        del self.buckets[index.bucket][index.name]
        return {}

    def _put(self, asked: Mapping[str, Any]) -> Answer:
        index, keys = self._index(asked), [one["key"] for one in asked["vectors"]]
        if len(set(keys)) < len(keys):
            raise Refused("ValidationException", "Invalid request: a key occurs twice")
        for one in asked["vectors"]:  # all of a call, or nothing
            check_vector(one["data"]["float32"], index, one["key"])
            check_metadata(one.get("metadata", {}), index, one["key"])
        for one in asked["vectors"]:
            index.vectors[one["key"]] = np.array(one["data"]["float32"], np.float32)
            index.metadata[one["key"]] = one.get("metadata", {})
        return {}

    def _get(self, asked: Mapping[str, Any]) -> Answer:
        index = self._index(asked)
        if len(set(asked["keys"])) < len(asked["keys"]):
            raise Refused("ValidationException", "Invalid request: a key occurs twice")
        there = [key for key in reversed(asked["keys"]) if key in index.vectors]  # the order is not promised
        return {"vectors": [_shown(index, key, asked) for key in there]}

    def _delete(self, asked: Mapping[str, Any]) -> Answer:
        index = self._index(asked)
        for key in asked["keys"]:
            index.vectors.pop(key, None)
            index.metadata.pop(key, None)
        return {}

    def _list(self, asked: Mapping[str, Any]) -> Answer:
        index, segments = self._index(asked), asked.get("segmentCount", 1)
        keys = sorted(key for key in index.vectors if zlib.crc32(key.encode()) % segments == asked.get("segmentIndex", 0))
        page, token = _page(keys, asked.get("maxResults", LISTED), asked.get("nextToken"))
        shown, size = [], 0
        for key in page:
            shown.append(_shown(index, key, asked))
            size += len(json.dumps(shown[-1]))
            if size >= LIST_PAGE_MAX_BYTES:
                break
        if len(shown) < len(page):
            token = {"nextToken": str(int(asked.get("nextToken", 0)) + len(shown))}
        return {"vectors": shown, **token}

    def _query(self, asked: Mapping[str, Any]) -> Answer:
        index, top_k = self._index(asked), asked["topK"]
        if top_k > TOP_K_MAX:
            raise Refused("ValidationException", f"topK must be at most {TOP_K_MAX}")
        if "queryVector" not in asked:
            raise Refused("ValidationException", "this server plays vector searches alone")
        check_vector(asked["queryVector"]["float32"], index, "queryVector")
        keys = list(index.vectors)
        if (wanted := asked.get("filter")) is not None:
            try:
                check_filter(wanted, index.not_filterable)
            except FilterRefused as error:
                raise Refused("ValidationException", str(error)) from None
            keys = [key for key in keys if is_left(index.metadata[key], wanted)]
        distances = _distances(index, keys, np.array(asked["queryVector"]["float32"], np.float32))
        nearest = [keys[at] for at in np.argsort(distances, kind="stable")[:top_k]]
        distance_of = dict(zip(keys, distances.tolist(), strict=True))
        page, token = _page(nearest, self.page_size, asked.get("nextToken"))
        hits = [
            {
                "key": key,
                **({"distance": distance_of[key]} if asked.get("returnDistance") else {}),
                **({"metadata": index.metadata[key]} if asked.get("returnMetadata") else {}),
            }
            for key in page
        ]
        return {"vectors": hits, "distanceMetric": index.metric, **token}


def _described(index: Index, *, whole: bool = False) -> Answer:
    short = {
        "vectorBucketName": index.bucket,
        "indexName": index.name,
        "indexArn": index.arn,
        "creationTime": index.created,
    }
    if not whole:
        return short
    more = {"dataType": "float32", "dimension": index.dimension, "distanceMetric": index.metric, "indexMode": "ENHANCED"}
    return {**short, **more, "metadataConfiguration": index.configuration}


def _shown(index: Index, key: str, asked: Mapping[str, Any]) -> Answer:
    vector = {"key": key}
    if asked.get("returnData"):
        return {**vector, "data": {"float32": index.vectors[key].tolist()}, **_metadata(index, key, asked)}
    return {**vector, **_metadata(index, key, asked)}


def _metadata(index: Index, key: str, asked: Mapping[str, Any]) -> Answer:
    return {"metadata": index.metadata[key]} if asked.get("returnMetadata") else {}


def _page(all_of_them: list[str], size: int, token: str | None) -> tuple[list[str], dict[str, str]]:
    start = int(token or 0)
    more = {"nextToken": str(start + size)} if start + size < len(all_of_them) else {}
    return all_of_them[start : start + size], more


def _distances(index: Index, keys: list[str], query: NDArray[np.float32]) -> NDArray[np.float32]:
    if not keys:
        return np.empty(0, np.float32)
    vectors = np.stack([index.vectors[key] for key in keys])
    if index.metric == "euclidean":
        return np.asarray(((vectors - query) ** 2).sum(axis=1), np.float32)
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return np.asarray(1 - vectors @ query / norms, np.float32)

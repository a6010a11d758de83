"""Calls of S3 Vectors that a search needs: the nearest vectors, and vectors by key. Knows pages and limits of one call.

Needs the rights to QueryVectors and GetVectors, and no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.remote.aws import ClientLimits, open_client
from runtime.artefacts.remote.remote_faults import AwsFault, told_faults
from runtime.stores.remote_calls import CallLimits, RemoteCalls

KEYS_MAX = 100  # of one GetVectors
CALLS_AT_ONCE = 8
Answer = Mapping[str, Any]


class VectorCalls:
    """The calls to one bucket of vectors. Any thread may call.

    Every method raises StoreUnavailable where the service does not answer, and RemoteRefused where it refuses.
    """

    def __init__(self, bucket: str, limits: CallLimits | None = None) -> None:
        """Open a client; nothing is asked yet.

        Raises:
            RemoteRefused: boto3 is not installed, or lacks a region.
        """
        limits = limits or CallLimits()
        self._bucket = bucket
        # tries are counted in `RemoteCalls`, which knows the deadline
        once = ClientLimits(read_s=limits.try_s, retries=0, connections=2 * CALLS_AT_ONCE)
        self._client = open_client("s3vectors", once)
        self._calls = RemoteCalls(
            f"s3vectors://{bucket}",
            (AwsFault,),
            lambda fault: isinstance(fault, AwsFault) and fault.is_passing,
            limits=limits,
        )
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, "s3vectors")

    def vectors(self, index: str, keys: Sequence[str], *, data: bool = False, metadata: bool = False) -> dict[str, Answer]:
        """Return what is held under some keys, each once, without those that the index lacks."""

        def get(some: Sequence[str]) -> Sequence[Answer]:
            found: Sequence[Answer] = self._ask(
                "get_vectors", index, keys=list(some), returnData=data, returnMetadata=metadata
            )["vectors"]
            return found

        parts = [keys[start : start + KEYS_MAX] for start in range(0, len(keys), KEYS_MAX)]
        answers = map(get, parts) if len(parts) < 2 else self._pool.map(get, parts)
        return {one["key"]: one for answer in answers for one in answer}

    def nearest(
        self, index: str, vector: NDArray[np.float32], k: int, wanted: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[str, float]]:
        """Yield the keys of the k vectors nearest to one, (d,), the nearest first, with their distances.

        `wanted` is a filter of metadata; None for all.
        """
        asked: dict[str, Any] = {"topK": k, "queryVector": {"float32": vector.tolist()}, "returnDistance": True}
        if wanted:
            asked["filter"] = wanted
        token: dict[str, str] = {}
        while True:
            answer = self._ask("query_vectors", index, **asked, **token)
            yield from ((one["key"], one["distance"]) for one in answer["vectors"])
            if not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}

    def close(self) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _ask(self, operation: str, index: str, **asked: Any) -> Answer:  # noqa: ANN401 (of each operation its own)
        def once(_rest_s: float) -> Answer:
            with told_faults():
                answer: Answer = getattr(self._client, operation)(vectorBucketName=self._bucket, indexName=index, **asked)
                return answer

        return self._calls.run(once)

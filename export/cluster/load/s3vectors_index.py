"""One index of S3 Vectors as it is filled: made, listed, written to within the service's rates, checked, taken away.

The only file that calls the service to write. Every call may be repeated: a vector is put under its picture's id.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.cluster.load.errors import LoadRefused
from runtime.artefacts.remote.aws import ClientLimits, open_client
from runtime.artefacts.remote.remote_faults import AwsFault, told_faults

# Of the user guide, "Limitations and restrictions": 500 vectors and 20 MiB a call; 2,500 vectors and 1,000 calls a second.
VECTORS_A_CALL, CALL_MAX_BYTES = 500, 16 << 20
VECTORS_A_SECOND = 2_400
LISTED_A_CALL, SEGMENTS = 1_000, 16
WRITERS = 8  # calls at once: a call takes longer than the fifth of a second in which the next may begin
# A load goes on by itself for some minutes where the service is away or takes less; then it ends, and is begun again later.
LOADING = ClientLimits(read_s=60, retries=19, mode="adaptive", connections=SEGMENTS)
AGAIN = "Run the same command again: it goes on from here."
NUMBER_BYTES = 22  # of one number of a vector in a call, at most
Ids = NDArray[np.int64]
Vector = Mapping[str, Any]  # as PutVectors takes it


class RateLimit:
    """Lets through so many vectors a second, evenly. Any thread may ask."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._per_second, self._clock, self._sleep = per_second, clock, sleep
        self._free_s, self._lock = clock(), threading.Lock()

    def take(self, count: int) -> None:
        """Wait until `count` more may be sent."""
        with self._lock:
            start_s = max(self._clock(), self._free_s)
            self._free_s = start_s + count / self._per_second
        if (rest_s := start_s - self._clock()) > 0:
            self._sleep(rest_s)


class VectorIndexes:
    """The indexes of one bucket. Any thread may call; every method may raise LoadRefused."""

    def __init__(self, bucket: str, *, vectors_a_second: float = VECTORS_A_SECOND) -> None:
        """Open a client; raises RemoteRefused where boto3 is not installed or lacks a region."""
        self.bucket, self._client, self._rate_limit = bucket, open_client("s3vectors", LOADING), RateLimit(vectors_a_second)

    def make(self, index: str, dimension: int, metric: str, not_filterable: Sequence[str]) -> bool:
        """Make an index, unless there is one like it; return whether there was."""
        configuration = {"nonFilterableMetadataKeys": list(not_filterable)}
        try:
            with told_faults():
                self._client.create_index(
                    vectorBucketName=self.bucket,
                    indexName=index,
                    dataType="float32",
                    dimension=dimension,
                    distanceMetric=metric,
                    metadataConfiguration=configuration,
                )
            was_there = False
        except AwsFault as fault:
            if fault.code == "NotFoundException":
                remedy = f"Make it: aws s3vectors create-vector-bucket --vector-bucket-name {self.bucket}"
                raise LoadRefused(f"s3vectors://{self.bucket}", "there is no such bucket of vectors", remedy) from fault
            if fault.code != "ConflictException":
                raise self._failure(index, fault) from fault
            was_there = True
        found = self._ask("get_index", index)["index"]
        keys = sorted(found.get("metadataConfiguration", {}).get("nonFilterableMetadataKeys", []))
        if (found["dimension"], found["distanceMetric"], keys) != (dimension, metric, sorted(not_filterable)):
            reason = f"an index of this name is there, of {found['dimension']} dimensions, that this program did not make"
            raise LoadRefused(f"s3vectors://{self.bucket}/{index}", reason, "Choose another name, or delete it.")
        if found.get("indexMode", "ENHANCED") != "ENHANCED":  # of an older bucket: it would miss pictures where few are left
            self._ask("update_index_mode", index, indexMode="ENHANCED")
        return was_there

    def put(self, index: str, vectors: Iterable[Vector], done: Callable[[int], None] = lambda _count: None) -> None:
        """Write vectors, several calls at once; `done` is called with how many were written."""
        with ThreadPoolExecutor(WRITERS, "put") as pool:
            under_way: set[Future[int]] = set()
            try:
                for some in calls_of(vectors):
                    if len(under_way) >= WRITERS:
                        ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                        done(sum(one.result() for one in ended))
                    under_way.add(pool.submit(self._put, index, some))
                while under_way:
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    done(sum(one.result() for one in ended))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def keys(self, index: str) -> list[str]:
        """Return all keys of an index, each once, in no order."""

        def listed(segment: int) -> list[str]:
            found, token = [], dict[str, str]()
            while True:
                segments = {"segmentCount": SEGMENTS, "segmentIndex": segment, "maxResults": LISTED_A_CALL}
                answer = self._ask("list_vectors", index, **segments, **token)
                found += [one["key"] for one in answer["vectors"]]
                if not answer.get("nextToken"):
                    return found
                token = {"nextToken": answer["nextToken"]}

        with ThreadPoolExecutor(SEGMENTS, "list") as pool:
            return [key for keys in pool.map(listed, range(SEGMENTS)) for key in keys]

    def ids(self, index: str) -> Ids:
        """Return the ids that are keys of an index of pictures, (n,) ascending.

        Raises:
            LoadRefused: a key is none.
        """
        keys = self.keys(index)
        if strange := [key for key in keys if not (key.isascii() and key.isdigit())]:
            raise self._strange(index, strange)
        return np.sort(np.array([int(key) for key in keys], np.int64))

    def read(self, index: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return the metadata of some vectors, at most 100, by key, without those that are not there."""
        answer = self._ask("get_vectors", index, keys=list(keys), returnMetadata=True)
        return {one["key"]: one.get("metadata", {}) for one in answer["vectors"]}

    def remove(self, index: str, keys: Sequence[str]) -> None:
        """Remove vectors from an index; those that are not there are passed over."""
        for start in range(0, len(keys), VECTORS_A_CALL):
            self._ask("delete_vectors", index, keys=list(keys[start : start + VECTORS_A_CALL]))

    def names(self, prefix: str) -> list[str]:
        """Return the names of the bucket's indexes that begin so."""
        names, token = [], dict[str, str]()
        while True:
            with self._named(prefix), told_faults():
                answer = self._client.list_indexes(vectorBucketName=self.bucket, prefix=prefix, **token)
            names += [one["indexName"] for one in answer["indexes"]]
            if not answer.get("nextToken"):
                return [name for name in names if name.startswith(prefix)]
            token = {"nextToken": answer["nextToken"]}

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def delete(self, index: str) -> None:
        """Delete an index with all that it holds; nothing where there is none."""
        try:
            with told_faults():
                self._client.delete_index(vectorBucketName=self.bucket, indexName=index)
        except AwsFault as fault:
            if fault.code != "NotFoundException":
                raise self._failure(index, fault) from fault

    def check(self, index: str, wanted: Ids) -> None:
        """Return if an index of pictures holds exactly these ids, ascending."""
        there = self.ids(index)
        if (strange := np.setdiff1d(there, wanted, assume_unique=True)).size:
            raise self._strange(index, [str(one) for one in strange])
        if lost := np.setdiff1d(wanted, there, assume_unique=True).size:
            reason = f"{lost:,} of {wanted.size:,} vectors are not there after they were written"
            raise LoadRefused(f"s3vectors://{self.bucket}/{index}", reason, AGAIN)

    def _put(self, index: str, vectors: Sequence[Vector]) -> int:
        self._rate_limit.take(len(vectors))
        self._ask("put_vectors", index, vectors=vectors)
        return len(vectors)

    def _ask(self, operation: str, index: str, **asked: Any) -> Any:  # noqa: ANN401 (of each operation its own)
        with self._named(index), told_faults():
            return getattr(self._client, operation)(vectorBucketName=self.bucket, indexName=index, **asked)

    @contextmanager
    def _named(self, index: str) -> Iterator[None]:
        try:
            yield
        except AwsFault as fault:
            raise self._failure(index, fault) from fault

    def _failure(self, index: str, fault: AwsFault) -> LoadRefused:
        remedy = AGAIN if fault.is_passing else "What was in force before still is."
        return LoadRefused(f"s3vectors://{self.bucket}/{index}", str(fault), remedy)

    def _strange(self, index: str, keys: Sequence[str]) -> LoadRefused:
        reason = f"it holds {len(keys):,} vectors that are not of these shards, such as {keys[0]!r}"
        return LoadRefused(f"s3vectors://{self.bucket}/{index}", reason, "Delete the index, and load again.")


def calls_of(vectors: Iterable[Vector]) -> Iterator[list[Vector]]:
    """Yield the vectors in lists that fit one call."""
    some: list[Vector] = []
    size_bytes = 0
    for vector in vectors:
        own_bytes = NUMBER_BYTES * len(vector["data"]["float32"]) + len(repr(vector["metadata"]).encode())
        if some and (len(some) == VECTORS_A_CALL or size_bytes + own_bytes > CALL_MAX_BYTES):
            yield some
            some, size_bytes = [], 0
        some.append(vector)
        size_bytes += own_bytes
    if some:
        yield some

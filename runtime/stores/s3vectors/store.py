"""S3VectorsStore: one generation of a library in Amazon S3 Vectors; S3VectorsLibrary: which generation is in force.

A search asks once for the nearest, and once for all that is held of them, which the ranking and the answer then need. The
service gives at most 10,000 of the nearest, in pages, and no count; here `NEAREST_MAX` are asked for.
"""

import threading
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt
from runtime.library.image_rows import ID_MAX
from runtime.library.remote.filter_condition import Condition, Selected
from runtime.library.remote.rows import RowKey, StoredPicture
from runtime.stores.address import StoreAddress
from runtime.stores.remote_calls import CallLimits
from runtime.stores.remote_manifest import RELOAD, RemoteManifest
from runtime.stores.s3vectors.calls import KEYS_MAX, VectorCalls
from runtime.stores.s3vectors.filters import MetadataFilter, meets, metadata_filters
from runtime.stores.s3vectors.head import read_generation, read_manifest
from runtime.stores.s3vectors.metadata import CAPTION_VECTOR, CONTENT, PATH, token_of, unpack_picture, unpack_vector

NEAREST_MAX = 1_000  # of one search: ten calls, where a page has a hundred
SPARE = 8  # more than are wanted: the service compares in its own precision, and the order here is by exact cosines
REMEMBERED_MAX = 2_000  # pictures with both vectors: 12 MB at 512 dimensions
COUNTED_BY = 500  # pictures of the sample, where more meet a condition than a search gives
Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeldPicture:
    """All that is held of a picture; `caption_vector` is None where it has no caption."""

    picture: StoredPicture
    vector: Vectors
    caption_vector: Vectors | None


class S3VectorsLibrary:
    """A library by its address, whose generations take each other's place. Any thread may ask."""

    def __init__(self, address: StoreAddress, limits: CallLimits | None = None) -> None:
        """Open a client; raises as `VectorCalls`."""
        self._address, self.calls = address, VectorCalls(address.host, limits)

    def stamp(self) -> Hashable:
        """Return the generation in force, None where nothing was loaded."""
        return read_generation(self.calls, self._address.name)

    def read_manifest(self) -> RemoteManifest:
        """Return the manifest of the generation in force; raises as `head.read_manifest`."""
        return read_manifest(self.calls, self._address.name, str(self._address))

    def open(self, manifest: RemoteManifest) -> "S3VectorsStore":
        """Return the store of a manifest's generation; those of several generations share the connections."""
        return S3VectorsStore(self.calls, manifest, str(self._address))

    def close(self) -> None:
        """Let go of the connections; no store of it can be asked after."""
        self.calls.close()


class S3VectorsStore:
    """One generation of a library. Any thread may ask. Raises StoreUnavailable and RemoteRefused, as `VectorCalls` does."""

    compares_all = False

    def __init__(self, calls: VectorCalls, manifest: RemoteManifest, name: str) -> None:
        """Keep the service's calls, which generation it is, and what errors call the library."""
        self._calls, self.manifest, self._name = calls, manifest, name
        self.dimension, self.count = manifest.dimension, manifest.count
        self.captions = S3VectorsCaptions(self) if manifest.captioned else None
        self.rows = S3VectorsRows(self)
        self._known: LRUCache[int, HeldPicture] = LRUCache(REMEMBERED_MAX)
        self._lock = threading.Lock()  # held for microseconds; the cache itself is not made for threads

    def search(self, vectors: Vectors, k: int, *, allowed: Selected | None = None) -> tuple[Ids, Vectors]:
        """Find the k nearest of each query, at most `NEAREST_MAX`, best first; as `VectorStore.search` has it."""
        found = [self._nearest(vector, min(k, NEAREST_MAX), allowed) for vector in vectors] if k > 0 else []
        fewest = min((len(ids) for ids, _ in found), default=0)
        ids = np.array([ids[:fewest] for ids, _ in found], np.int64).reshape(len(vectors), fewest)
        return ids, np.array([scores[:fewest] for _, scores in found], np.float32).reshape(len(vectors), fewest)

    def cosines(self, vector: Vectors, *, allowed: Selected | None = None) -> tuple[Ids, NDArray[np.float64]]:
        """Return the `NEAREST_MAX` nearest, ids ascending, and their cosines; as `VectorStore.cosines` has it."""
        found = self._asked(vector, NEAREST_MAX, allowed)
        ids = np.array([one for one, _ in found], np.int64)
        order = np.argsort(ids)
        return ids[order], np.array([score for _, score in found], np.float64)[order]

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order; raises KeyError where one is unknown."""
        records = self.records(ids)
        return _stacked([records[one].vector for one in ids], self.dimension)

    def records(self, ids: Iterable[int]) -> dict[int, HeldPicture]:
        """Return what is held of pictures, by id, without those that are not there."""
        wanted = [one for one in dict.fromkeys(ids) if 0 <= one <= ID_MAX]
        with self._lock:
            found = {one: self._known[one] for one in wanted if one in self._known}
        if unknown := [str(one) for one in wanted if one not in found]:
            read = self._calls.vectors(self.manifest.generation, unknown, data=True, metadata=True)
            new = {int(key): self._read(int(key), held["data"], held["metadata"]) for key, held in read.items()}
            with self._lock:
                self._known.update(new)
            found |= new
        return found

    def keys_left(self, wanted: MetadataFilter, most: int) -> list[int]:
        """Return the ids of pictures that a filter leaves, at most so many, in no order."""
        anywhere = np.full(self.dimension, self.dimension**-0.5, np.float32)
        return [int(key) for key, _ in self._calls.nearest(self.manifest.generation, anywhere, most, wanted)]

    def _nearest(self, vector: Vectors, k: int, allowed: Selected | None) -> tuple[list[int], list[float]]:
        found = self._asked(vector, min(k + SPARE, NEAREST_MAX), allowed)
        if len(found) <= KEYS_MAX:  # the ranking needs them anyway
            records = self.records(one for one, _ in found)
            there = [one for one, _ in found if one in records]
            exact = _stacked([records[one].vector for one in there], self.dimension) @ vector
            found = sorted(zip(there, exact.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return [one for one, _ in found[:k]], [min(1.0, max(-1.0, score)) for _, score in found[:k]]

    def _asked(self, vector: Vectors, k: int, allowed: Selected | None) -> list[tuple[int, float]]:
        """Return ids and cosines of the nearest as the service compares them, best first."""
        filters = [None] if allowed is None else metadata_filters(allowed.condition)
        generation = self.manifest.generation
        together = [(int(key), 1 - far) for one in filters for key, far in self._calls.nearest(generation, vector, k, one)]
        return sorted(together, key=lambda pair: -pair[1])[:k] if len(filters) > 1 else together

    def _read(self, image_id: int, data: dict[str, list[float]], metadata: dict[str, object]) -> HeldPicture:
        try:
            caption = metadata.get(CAPTION_VECTOR)
            picture = unpack_picture(image_id, metadata)
            return HeldPicture(
                picture, np.array(data["float32"], np.float32), None if caption is None else unpack_vector(str(caption))
            )
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            reason = f"what it holds of picture {image_id} is not as it was written ({type(cause).__name__})"
            raise ArtefactCorrupt(self._name, reason, RELOAD) from cause


class S3VectorsCaptions:
    """The captions' vectors of such a library."""

    def __init__(self, store: S3VectorsStore) -> None:
        """Keep the store."""
        self._store, self.dimension, self.count = store, store.dimension, store.manifest.captioned

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order; raises KeyError where one has none."""
        records, vectors = self._store.records(ids), []
        for one in ids:
            vector = records[one].caption_vector
            if vector is None:
                raise KeyError(f"picture {one} has no caption in the store")
            vectors.append(vector)
        return _stacked(vectors, self.dimension)


class S3VectorsRows:
    """The rows of such a library; as `PictureRows` has it."""

    def __init__(self, store: S3VectorsStore) -> None:
        """Keep the store."""
        self._store = store

    def pictures_of(self, ids: Sequence[int]) -> dict[int, StoredPicture]:
        """Return pictures by id, without those that the index lacks."""
        return {one: record.picture for one, record in self._store.records(ids).items()}

    def pictures_with(self, key: RowKey, value: str) -> list[StoredPicture]:
        """Return the pictures whose path or sha256 is exactly this, by id, at most 100."""
        name, column = (PATH, "image_path") if key == "path" else (CONTENT, "sha256")
        found = self.pictures_of(self._store.keys_left({name: token_of(value)}, KEYS_MAX))
        return [found[one] for one in sorted(found) if getattr(found[one].row, column) == value]

    def which_meet(self, ids: Sequence[int], condition: Condition) -> set[int]:
        """Return which of some pictures meet a condition."""
        return {one for one, picture in self.pictures_of(ids).items() if meets(picture, condition)}

    def count_of(self, condition: Condition) -> int:
        """Return how many pictures meet a condition: exactly below `NEAREST_MAX`, from there on by the sample."""
        counted = sum(len(self._store.keys_left(one, NEAREST_MAX)) for one in metadata_filters(condition))
        if counted < NEAREST_MAX:
            return counted
        sample = self.sample(COUNTED_BY)
        share = len(self.which_meet(sample, condition)) / max(1, len(sample))
        return max(counted, round(share * self._store.count))

    def sample(self, count: int) -> list[int]:
        """Return about so many ids from all over the library, ascending, the same each time."""
        return self._store.manifest.sample_of(count)

    def check(self) -> None:
        """Return if the service answers."""
        self._store.records([0])  # no picture's, so that it is asked

    def close(self) -> None:
        """Do nothing: other generations share the connections."""


def _stacked(vectors: Sequence[Vectors], dimension: int) -> Vectors:
    return np.stack(vectors) if len(vectors) else np.empty((0, dimension), np.float32)

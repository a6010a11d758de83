"""MilvusStore: one generation of a library in Milvus, and MilvusLibrary: which generation is in force.

The name of a library is an alias. It stands for the collection of the generation in force; another collection beside it has
the manifests. An alias is switched at once, so that a reader sees one generation or the other.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt
from runtime.library.remote.filter_condition import Condition, Selected
from runtime.library.remote.rows import RowKey, StoredPicture
from runtime.stores.address import StoreAddress
from runtime.stores.milvus_calls import Fields, MilvusCalls
from runtime.stores.milvus_schema import (
    ROW_FIELDS,
    expression_of,
    has_id,
    is_among,
    manifests_name,
    quoted,
    read_picture,
    read_vector,
)
from runtime.stores.remote_manifest import RELOAD, RemoteManifest

NEAREST_MAX = 2_000  # pictures that a search goes through page by page; Milvus gives at most 16,384 in one answer
IDS_AT_ONCE = 1_000
ROWS_FOUND_MAX = 100  # by one key
EF_DEFAULT = 128
PARTS_MAX = 16_384  # of a manifest, of 64 kB each
Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class MilvusLibrary:
    """A library by its name, whose generations take each other's place. Any thread may ask."""

    def __init__(self, address: StoreAddress, token: str | None = None) -> None:
        """Connect; raises as `MilvusCalls`."""
        self._address, self.calls = address, MilvusCalls(address, token)

    def stamp(self) -> Hashable:
        """Return the generation in force; raises StoreUnavailable, and RemoteRefused where there is none."""
        return self._generation()

    def read_manifest(self) -> RemoteManifest:
        """Return the manifest of the generation in force.

        Raises:
            StoreUnavailable, RemoteRefused: Milvus did not give it.
            ArtefactCorrupt: there is none, or none of its form.
        """
        generation = self._generation()
        fields, name = ["part", "content"], str(self._address)
        of_generation = f"generation == {quoted(generation)}"
        parts = self.calls.query(manifests_name(self._address.name), of_generation, fields, PARTS_MAX, newest=True)
        content = "".join(str(part["content"]) for part in sorted(parts, key=lambda part: int(part["part"])))
        manifest = RemoteManifest.parse(content, name, RELOAD)
        if manifest.generation != generation:
            raise ArtefactCorrupt(name, "its manifest is of another generation", RELOAD)
        return manifest

    def open(self, manifest: RemoteManifest) -> "MilvusStore":
        """Return the store of a manifest's generation; those of several generations share the connection."""
        return MilvusStore(self.calls, manifest)

    def close(self) -> None:
        """Let go of the connection; no store of it can be asked after."""
        self.calls.close()

    def _generation(self) -> str:
        return self.calls.collection_behind(self._address.name)


class MilvusStore:
    """The vectors and rows of one generation. Any thread may ask; raises StoreUnavailable while Milvus is away."""

    compares_all = False

    def __init__(self, calls: MilvusCalls, manifest: RemoteManifest) -> None:
        """Keep the connection, and which generation it is."""
        self._calls, self.manifest = calls, manifest
        self.dimension, self.count = manifest.dimension, manifest.count
        self.captions = MilvusCaptions(self) if manifest.captioned else None
        self.rows = MilvusRows(self)

    def search(self, vectors: Vectors, k: int, *, allowed: Selected | None = None) -> tuple[Ids, Vectors]:
        """Find the k nearest of each query, as `VectorStore.search` says: most of them, as the manifest's recall says."""
        k = min(k, NEAREST_MAX, self.count if allowed is None else allowed.size)
        if k < 1 or not len(vectors):
            return np.empty((len(vectors), max(k, 0)), np.int64), np.empty((len(vectors), max(k, 0)), np.float32)
        expression = "" if allowed is None else expression_of(allowed.condition)
        found = self._calls.search(
            self.manifest.generation, vectors.tolist(), k, ef=self.manifest.ef or EF_DEFAULT, expression=expression
        )
        k = min(map(len, found))
        ids = np.array([[image_id for image_id, _ in hits[:k]] for hits in found], np.int64)
        return ids, np.array([[score for _, score in hits[:k]] for hits in found], np.float32)

    def cosines(self, vector: Vectors, *, allowed: Selected | None = None) -> tuple[Ids, NDArray[np.float64]]:
        """Return the `NEAREST_MAX` nearest, ascending, and their cosines."""
        ids, scores = self.search(vector[None], NEAREST_MAX, allowed=allowed)  # (1, k)
        order = np.argsort(ids[0])
        return ids[0][order], scores[0][order].astype(np.float64)

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order; raises KeyError where one is unknown."""
        found = {int(row["image_id"]): row["embedding"] for row in self.fields_of(ids, ("image_id", "embedding"))}
        vectors = [found[one] for one in ids]
        return np.array(vectors, np.float32).reshape(len(vectors), self.dimension)

    def fields_of(self, ids: Sequence[int], fields: Sequence[str]) -> Iterator[Fields]:
        """Yield fields of the pictures that there are of some ids."""
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), IDS_AT_ONCE):
            yield from self.query(has_id(wanted[start : start + IDS_AT_ONCE]), fields)

    def query(self, expression: str, fields: Sequence[str], limit: int | None = None) -> list[Fields]:
        """Return fields of the pictures that meet an expression."""
        return self._calls.query(self.manifest.generation, expression, fields, limit)

    def damage(self, reason: str) -> ArtefactCorrupt:
        """Return the error for a row that does not hold what it should."""
        return ArtefactCorrupt(f"{self._calls.name} ({self.manifest.generation})", reason, RELOAD)


class MilvusCaptions:
    """The captions' vectors of a generation."""

    def __init__(self, store: MilvusStore) -> None:
        """Keep the store."""
        self._store = store
        self.dimension, self.count = store.dimension, store.manifest.captioned

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these pictures' captions, (n, d); raises KeyError where a picture has none."""
        rows = self._store.fields_of(ids, ("image_id", "caption_vector"))
        texts = {int(row["image_id"]): str(row["caption_vector"]) for row in rows if row["caption_vector"]}
        try:
            vectors = [read_vector(texts[one], self.dimension) for one in ids]
        except ValueError as cause:
            raise self._store.damage(f"the vector of a caption cannot be read ({cause})") from cause
        return np.array(vectors, np.float32).reshape(len(vectors), self.dimension)


class MilvusRows:
    """The rows of a generation: `PictureRows`."""

    def __init__(self, store: MilvusStore) -> None:
        """Keep the store."""
        self._store = store

    def pictures_of(self, ids: Sequence[int]) -> dict[int, StoredPicture]:
        """Return pictures by id; ids that there are not are left out."""
        found = [self._picture(fields) for fields in self._store.fields_of(ids, ROW_FIELDS)]
        return {picture.row.id: picture for picture in found}

    def pictures_with(self, key: RowKey, value: str) -> list[StoredPicture]:
        """Return the pictures whose path, or whose file's sha256, is exactly this, by id."""
        found = self._store.query(is_among(key, [value]), ROW_FIELDS, ROWS_FOUND_MAX)
        return sorted(map(self._picture, found), key=lambda picture: picture.row.id)

    def which_meet(self, ids: Sequence[int], condition: Condition) -> set[int]:
        """Return which of some pictures meet a condition."""
        expression = f"({expression_of(condition) or 'image_id >= 0'})"
        asked = [ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE)]
        found = [self._store.query(f"{has_id(some)} and {expression}", ["image_id"]) for some in asked]
        return {int(row["image_id"]) for rows in found for row in rows}

    def count_of(self, condition: Condition) -> int:
        """Return how many pictures meet a condition."""
        [counted] = self._store.query(expression_of(condition), ["count(*)"])
        return int(counted["count(*)"])

    def sample(self, count: int) -> list[int]:
        """Return about `count` ids from all over the library, ascending."""
        return self._store.manifest.sample_of(count)

    def check(self) -> None:
        """Return if Milvus answers for this generation."""
        self._store.query("image_id == 0", ["image_id"], 1)

    def close(self) -> None:
        """Do nothing: other generations share the connection."""

    def _picture(self, fields: Mapping[str, Any]) -> StoredPicture:
        try:
            return read_picture(fields)
        except (ValueError, TypeError, KeyError, IndexError) as cause:
            raise self._store.damage(f"a row cannot be read ({cause})") from cause

"""The collections of one library in Milvus, as a load writes them: generations, their manifests, and the alias in force."""

import time
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.cluster.load.errors import LoadRefused
from export.cluster.load.milvus_waits import AGAIN, STILL_MAX_S, wait_for
from runtime.errors import RemoteRefused
from runtime.stores.address import StoreAddress
from runtime.stores.milvus_calls import MilvusCalls
from runtime.stores.milvus_schema import (
    INDEX_TYPE,
    METRIC,
    NAMED_FIELDS,
    TEXT_MAX_BYTES,
    generation_name,
    generation_number,
    manifests_name,
    quoted,
)
from runtime.stores.remote_calls import CallLimits
from runtime.stores.remote_manifest import RemoteManifest

LINKS, CANDIDATES = 16, 200  # HNSW's M and efConstruction
CONTENT_CHARS = 16_000  # of a manifest in one row, each of at most 4 bytes
LIMITS = CallLimits(deadline_s=120.0, try_s=60.0, tries=20, longest_wait_s=10.0)  # a load waits for a server that starts
PROGRESS = "progress"
NO_ALIAS = 1600  # Milvus's code of it
# So long after a generation took the place of another, no request is under way with that one, nor is there a server that has
# not looked again (RELOAD_CHECK_S). Shorter loads have small libraries: there is room for three generations of those.
REQUESTS_END_S = 90.0


class MilvusCollections:
    """One library's collections, while a generation is loaded."""

    def __init__(
        self, address: StoreAddress, token: str | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Connect; raises StoreUnavailable, RemoteRefused. `clock` is the time in seconds."""
        self._calls, self._alias, self.name = MilvusCalls(address, token, LIMITS), address.name, str(address)
        self._manifests = manifests_name(address.name)
        self.generation, self._clock = "", clock
        self._began_s = clock()

    def begin(self, dimension: int, fingerprint: str) -> int | None:
        """Choose the generation to load; returns how many batches it has of these shards at least, None if it is made now.

        Raises:
            LoadRefused: the library's name is that of a collection, which no alias can take the place of.
            StoreUnavailable, RemoteRefused: Milvus does not answer, or refuses, as of every method here.
        """
        self._make_manifests()
        self._ask("load_collection", self._manifests)
        if self._alias in self._ask("list_collections"):
            raise LoadRefused(self.name, f"{self._alias} is a collection, not a library's name", "Choose another name.")
        there, in_force = self._generations(), generation_number(self._alias, self.in_force() or "") or 0
        for number in there:
            name = generation_name(self._alias, number)
            had = self._progress_of(name, fingerprint) if number == there[-1] > in_force else None
            if had is not None:
                self.generation = name
                return had
            if number > in_force:  # begun of other shards
                self._drop(name)
        self.generation = generation_name(self._alias, max([*there, 0]) + 1)
        self._make_generation(dimension)
        self.note_progress(0, fingerprint)
        return None

    def send(self, rows: Sequence[dict[str, Any]], *, may_be_there: bool) -> None:
        """Write rows; what may be there already, also of a call that was given up, is written over, not twice."""
        client, may_be = self._calls.client, chain([may_be_there], repeat(True))

        def write(timeout_s: float) -> object:
            written = client.upsert if next(may_be) else client.insert
            return written(self.generation, list(rows), timeout=timeout_s)

        self._calls.run(write)

    def note_progress(self, batches: int, fingerprint: str) -> None:
        """Note that so many batches of these shards are there."""
        self._put_parts(f"{self.generation}/{PROGRESS}", [f"{batches} {fingerprint}"])

    def forget_progress(self) -> None:
        """Note nothing of what is there, which is not right: the next load drops it, and begins another generation."""
        self._remove_parts(f"{self.generation}/{PROGRESS}")

    def finish(self, console: Console) -> None:
        """Return once all is written, indexed and loaded; it may be called again.

        Raises:
            LoadRefused: Milvus gets no further.
            StoreUnavailable, RemoteRefused: it does not answer, or refuses.
        """
        from pymilvus import MilvusException

        client, generation = self._calls.client, self.generation
        if self._clock() - self._began_s >= REQUESTS_END_S:
            self._drop_replaced()  # so that there is memory for the new one
        try:
            with console.status("Milvus writes what was sent"):
                client.flush(generation, timeout=STILL_MAX_S)
        except MilvusException as cause:
            raise LoadRefused(self.name, f"Milvus did not write what was sent ({cause.message})", AGAIN) from cause
        wait_for(self.name, "Indexing", self._rows_indexed, console)
        self._ask("load_collection", generation, _async=True)
        wait_for(self.name, "Taking into memory, %", self._share_loaded, console)

    def count(self) -> int:
        """Return how many rows there are."""
        [counted] = self._calls.query(self.generation, "", ["count(*)"], newest=True)
        return int(counted["count(*)"])

    def scores_of(self, queries: NDArray[np.float32], k: int, ef: int) -> NDArray[np.float32]:
        """Return the scores, (q, k), of what a search finds; -2 where it finds fewer."""
        scores = np.full((len(queries), k), -2.0, np.float32)
        for at, hits in enumerate(self._calls.search(self.generation, queries.tolist(), k, ef=ef)):
            scores[at, : len(hits)] = [score for _, score in hits]
        return scores

    def put_in_force(self, manifest: RemoteManifest) -> None:
        """Write the manifest, switch the alias, and drop what was in force before the generation before."""
        content = manifest.model_dump_json()
        starts = range(0, len(content), CONTENT_CHARS)
        self._put_parts(self.generation, [content[start : start + CONTENT_CHARS] for start in starts])
        before = self.in_force()
        try:
            self._ask("create_alias" if before is None else "alter_alias", self.generation, self._alias)
        except RemoteRefused:
            if self.in_force() != self.generation:  # else a call that was given up has done it
                raise
        for number in self._generations():
            name = generation_name(self._alias, number)
            if name not in {self.generation, before}:
                self._drop(name)

    def in_force(self) -> str | None:
        """Return the collection of the generation in force; None where Milvus says that there is none."""
        try:
            return self._calls.collection_behind(self._alias)
        except RemoteRefused as error:
            if getattr(error.__cause__, "code", None) == NO_ALIAS:
                return None
            raise

    def close(self) -> None:
        """Let go of the connection."""
        self._calls.close()

    def _drop_replaced(self) -> None:
        """Drop what is from before the generation in force."""
        in_force = generation_number(self._alias, self.in_force() or "") or 0
        for number in self._generations():
            if number < in_force:
                self._drop(generation_name(self._alias, number))

    def _generations(self) -> list[int]:
        numbers = [generation_number(self._alias, name) for name in self._ask("list_collections")]
        return sorted(number for number in numbers if number is not None)

    def _progress_of(self, name: str, fingerprint: str) -> int | None:
        """Return how many batches of these shards a collection has; None where it is of others."""
        of_it = f"generation == {quoted(f'{name}/{PROGRESS}')}"
        noted = self._calls.query(self._manifests, of_it, ["content"], 1, newest=True)
        batches, _, shards = str(noted[0]["content"]).partition(" ") if noted else ("", "", "")
        return int(batches) if batches and shards == fingerprint else None

    def _put_parts(self, generation: str, contents: Sequence[str]) -> None:
        rows = [
            {"id": f"{generation}/{part}", "generation": generation, "part": part, "content": content, "unused": [0.0, 1.0]}
            for part, content in enumerate(contents)
        ]
        self._calls.run(lambda timeout_s: self._calls.client.upsert(self._manifests, rows, timeout=timeout_s))

    def _drop(self, name: str) -> None:
        self._ask("drop_collection", name)  # nothing where there is none
        for of_it in (name, f"{name}/{PROGRESS}"):
            self._remove_parts(of_it)

    def _remove_parts(self, generation: str) -> None:
        found = self._calls.query(self._manifests, f"generation == {quoted(generation)}", ["id"], newest=True)
        if found:
            self._ask("delete", self._manifests, ids=[str(row["id"]) for row in found])

    def _ask(self, operation: str, *given: object, **named: object) -> Any:  # noqa: ANN401 (of each operation its own)
        """Return what an operation of the client does that may be repeated."""
        asked = getattr(self._calls.client, operation)
        return self._calls.run(lambda timeout_s: asked(*given, timeout=timeout_s, **named))

    def _rows_indexed(self) -> tuple[int, int]:
        """Return how many rows are in the index, and how many there are."""
        told = self._ask("describe_index", self.generation, "embedding")
        total = int(told.get("total_rows", 0))
        return total - int(told.get("pending_index_rows", 0)), total

    def _share_loaded(self) -> tuple[int, int]:
        """Return how much of the collection is in memory, in percent, and 100."""
        from pymilvus.client.types import LoadState

        told = self._ask("get_load_state", self.generation)
        return (100 if told["state"] == LoadState.Loaded else min(99, int(told.get("progress", 0)))), 100

    def _make_generation(self, dimension: int) -> None:
        from pymilvus import DataType

        client = self._calls.client
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("image_id", DataType.INT64, is_primary=True)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dimension)
        for field in (*NAMED_FIELDS, "record", "words", "caption_vector"):
            schema.add_field(field, DataType.VARCHAR, max_length=TEXT_MAX_BYTES)
        schema.add_field("has_text", DataType.INT8)
        indexes = client.prepare_index_params()
        graph = {"M": LINKS, "efConstruction": CANDIDATES}
        indexes.add_index("embedding", index_type=INDEX_TYPE, metric_type=METRIC, params=graph)
        for field in NAMED_FIELDS:
            indexes.add_index(field)
        self._ask("create_collection", self.generation, schema=schema)
        self._ask("create_index", self.generation, indexes)

    def _make_manifests(self) -> None:
        """Make the collection of manifests, or what a load that was ended has left undone of it."""
        from pymilvus import DataType

        client = self._calls.client
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=1_000)
        schema.add_field("generation", DataType.VARCHAR, max_length=1_000)
        schema.add_field("part", DataType.INT64)
        schema.add_field("content", DataType.VARCHAR, max_length=TEXT_MAX_BYTES)
        schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # a collection must have vectors
        indexes = client.prepare_index_params()
        indexes.add_index("unused", index_type="FLAT", metric_type="L2")
        if not self._ask("has_collection", self._manifests):
            self._ask("create_collection", self._manifests, schema=schema)
        if not self._ask("list_indexes", self._manifests):
            self._ask("create_index", self._manifests, indexes)

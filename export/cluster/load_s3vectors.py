"""From shards to a library in Amazon S3 Vectors: a new index beside the one in force, checked, then put into its place.

A load that was ended at any point is begun again by the same command: the name of the index follows from the shards, what is
there is not written again, and nothing is in force before all of it is there. The index that was in force before is kept for
the servers that search it still, until the next load.
"""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from export.cluster.errors import ShardsUnusable
from export.cluster.s3vectors_index import VECTORS_A_SECOND, Ids, VectorIndexes
from export.cluster.shards import Address, ShardsManifest, read_shards, read_shards_manifest
from export.console import ProgressDisplay, SilentDisplay
from runtime.stores.address import StoreAddress
from runtime.stores.remote_manifest import RemoteManifest
from runtime.stores.s3vectors.head import (
    DIMENSION,
    GENERATION_CHARS,
    HEAD,
    KEYS,
    generation_name,
    head_vectors,
)
from runtime.stores.s3vectors.metadata import NOT_FILTERABLE, ROW_COLUMNS, pack_picture

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("image_id", *ROW_COLUMNS, "caption", "text", "embedding", "caption_embedding")
VECTOR_COLUMNS = ("embedding", "caption_embedding")
MakeManifest = Callable[[str], RemoteManifest]


def load_s3vectors(
    shards: Address,
    url: str,
    make_manifest: MakeManifest,
    display: ProgressDisplay | None = None,
    *,
    vectors_a_second: float = VECTORS_A_SECOND,
) -> RemoteManifest:
    """Load shards, put them into force, and return their manifest.

    Args:
        shards: a folder, or an s3:// address.
        url: s3vectors://BUCKET/INDEX; the bucket of vectors is there.
        make_manifest: returns the manifest of a generation, given its name.
        display: shows the steps.
        vectors_a_second: how many are written at most.

    Raises:
        ShardsUnusable: the shards are not there, are damaged, or hold a vector that cannot be searched.
        StoreUnloadable: the service refuses, or does not answer for some minutes. What is in force stays so.
        RemoteRefused: boto3 is not installed, or lacks a region.
    """
    display, address, manifest = display or SilentDisplay(), StoreAddress.parse(url), read_shards_manifest(shards)
    indexes = VectorIndexes(address.host, vectors_a_second=vectors_a_second)
    generation = generation_name(address.name, fingerprint_of(manifest))
    wanted = _ids_of(shards)
    there = np.empty(0, np.int64)
    if indexes.make(generation, manifest.dimension, "cosine", NOT_FILTERABLE):
        there = indexes.ids(generation)
        display.say(f"{there.size:,} of {wanted.size:,} pictures are in {generation} already.")
    missing = np.setdiff1d(wanted, there, assume_unique=True)
    shortened = _put(indexes, generation, shards, manifest, missing, display)
    indexes.check(generation, wanted)
    for name, count in sorted(shortened.items()):
        display.say(f"{count:,} pictures have more than S3 Vectors holds: of {name}, the rest was left out.")
    told = make_manifest(generation)
    before = _put_into_force(indexes, address.name, told)
    display.say(f"{wanted.size:,} pictures are in force as {url}.")
    _remove_others(indexes, address.name, {generation, before or generation}, display)
    return told


def fingerprint_of(manifest: ShardsManifest) -> str:
    """Return what tells these shards from others: the same after a load was ended and is begun again."""
    return sha256(manifest.model_dump_json().encode()).hexdigest()


def vectors_in(batch: "pa.RecordBatch", column: str, dimension: int) -> tuple[np.ndarray[Any, np.dtype[np.float16]], Any]:
    """Return a column of vectors, (n, d) float16, zeros where there is none, and which there are, (n,) booleans."""
    held = batch[column]
    are_there = np.asarray(held.is_valid())
    vectors = np.zeros((len(batch), dimension), np.float16)
    vectors[are_there] = np.asarray(held.flatten()).reshape(-1, dimension)
    return vectors, are_there


def _put(
    indexes: VectorIndexes,
    generation: str,
    shards: Address,
    manifest: ShardsManifest,
    missing: Ids,
    display: ProgressDisplay,
) -> dict[str, int]:
    """Write the pictures that are not there yet; return of how many each column had to be shortened."""
    shortened: dict[str, int] = {}
    taken = iter(display.count(range(missing.size), "Writing vectors"))

    def advance(count: int) -> None:
        for _ in range(count):
            next(taken, None)

    if missing.size:
        indexes.put(generation, _vectors_of(shards, manifest, missing, shortened), advance)
    for _ in taken:
        pass
    return shortened


def _vectors_of(
    shards: Address, manifest: ShardsManifest, missing: Ids, shortened: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Yield the missing pictures of shards, each once, as PutVectors takes them."""
    is_left = np.ones(missing.size, np.bool_)
    for batch in read_shards(shards, COLUMNS):
        vectors, have_vector = vectors_in(batch, "embedding", manifest.dimension)
        captions, have_caption = vectors_in(batch, "caption_embedding", manifest.dimension)
        rows = batch.select([name for name in COLUMNS if name not in VECTOR_COLUMNS]).to_pylist()
        for at, row in enumerate(rows):
            image_id = row.pop("image_id")
            place = int(np.searchsorted(missing, image_id))
            if place == missing.size or missing[place] != image_id or not is_left[place]:
                continue
            is_left[place] = False
            vector = vectors[at].astype(np.float32)
            if not have_vector[at] or not np.isfinite(vector).all() or not vector.any():
                raise ShardsUnusable(str(shards), f"{row['path']} has no vector that can be searched")
            try:
                packed = pack_picture({**row, "caption_embedding": captions[at] if have_caption[at] else None})
            except ValueError as cause:
                raise ShardsUnusable(str(shards), f"{row['path']} cannot be held by S3 Vectors: {cause}") from cause
            for name in packed.left_out:
                shortened[name] = shortened.get(name, 0) + 1
            yield {"key": str(image_id), "data": {"float32": vector.tolist()}, "metadata": packed.metadata}


def _ids_of(shards: Address) -> Ids:
    """Return the ids of all pictures of shards, ascending, each once."""
    parts = [np.asarray(batch["image_id"]) for batch in read_shards(shards, ["image_id"])]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def _put_into_force(indexes: VectorIndexes, name: str, manifest: RemoteManifest) -> str | None:
    """Put a generation into force by one call; return which one was before, None for none."""
    indexes.make(name, DIMENSION, "euclidean", KEYS)
    before = indexes.read(name, [HEAD]).get(HEAD, {}).get("generation")
    *parts, head = head_vectors(manifest)
    if parts:
        indexes.put(name, parts)
    indexes.put(name, [head])
    return before


def _remove_others(indexes: VectorIndexes, name: str, kept: set[str], display: ProgressDisplay) -> None:
    """Delete the indexes of other loads than the last two, ended or not, and what the head has of them."""
    of_load = re.compile(rf"{re.escape(name)}\.[0-9a-f]{{{GENERATION_CHARS}}}")
    for index in indexes.names(f"{name}."):
        if of_load.fullmatch(index) and index not in kept:
            indexes.delete(index)
            display.say(f"{index}, of an earlier load, was deleted.")
    parts = [key for key in indexes.keys(name) if key != HEAD and key.partition("/")[0] not in kept]
    indexes.remove(name, parts)

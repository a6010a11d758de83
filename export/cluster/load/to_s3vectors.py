"""From shards to a library in Amazon S3 Vectors: a new index beside the one in force, checked, then put in its place.

A load that was ended at any point is begun again by the same command: the name of the index follows from the shards, what is
there is not written again, and nothing is in force before all of it is there. The index that was in force before is kept for
the servers that search it still, until the next load.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np
from rich.console import Console

from export.cluster.errors import ShardsUnusable
from export.cluster.load.errors import LoadRefused
from export.cluster.load.library_notes import LibraryNotes, manifest_of
from export.cluster.load.models import LoadModels, TownNames
from export.cluster.load.s3vectors_index import VECTORS_A_SECOND, VectorIndexes
from export.cluster.load.stored_rows import StoredBatch, stored_batches
from export.cluster.same_ids import Ids, ids_of
from export.cluster.shards import Address, ShardsManifest, read_shards, read_shards_manifest
from export.console import progress_bar
from runtime.artefacts.fingerprint import are_same_models
from runtime.stores.address import StoreAddress
from runtime.stores.remote_manifest import RemoteManifest
from runtime.stores.s3vectors.head import DIMENSION, GENERATION_CHARS, HEAD, KEYS, generation_name, head_vectors
from runtime.stores.s3vectors.metadata import NOT_FILTERABLE, pack_picture


def load_s3vectors(
    shards: Address,
    url: str,
    models: LoadModels,
    console: Console,
    *,
    places: TownNames | None = None,
    vectors_a_second: float = VECTORS_A_SECOND,
) -> RemoteManifest:
    """Load shards into the library that a STORE names, and put it in force; returns its manifest.

    Args:
        shards: a folder, or an s3:// address.
        url: s3vectors://BUCKET/INDEX; the bucket of vectors is there.
        models: those that made the shards; their text tower makes the calibration.
        console: where progress goes.
        places: the table of towns, which says what else they are called; None where there is none.
        vectors_a_second: how many are written at most.

    Raises:
        ShardsUnusable: the shards are not there, are damaged, or hold a picture that S3 Vectors cannot.
        LoadRefused: the address is none, the shards are of other models, or the service refuses, or does not answer for some
            minutes; what was in force still is.
        RemoteRefused: boto3 is not installed, or lacks a region.
        SessionFailed: the text tower refuses a text.
    """
    manifest, address = read_shards_manifest(shards), _address(url)
    if not are_same_models(manifest.models, models.fingerprint):
        remedy = "Name the models that made the shards: --models FOLDER."
        raise LoadRefused(str(address), "the shards were made by other models than those at hand", remedy)
    indexes = VectorIndexes(address.host, vectors_a_second=vectors_a_second)
    try:
        generation = generation_name(address.name, fingerprint_of(manifest))
        wanted, there = ids_of(shards, manifest), np.empty(0, np.int64)
        if indexes.make(generation, manifest.dimension, "cosine", NOT_FILTERABLE):
            there = indexes.ids(generation)
            console.print(f"{there.size:,} of {wanted.size:,} pictures are in {generation} already.", highlight=False)
        new = _NewVectors(shards, manifest, np.setdiff1d(wanted, there, assume_unique=True))
        with progress_bar(console, f"Loading {generation}", new.missing.size) as advance:
            indexes.put(generation, new.vectors(), advance)
        indexes.check(generation, wanted)
        for what, count in sorted(new.left_out.items()):
            said = f"{count:,} pictures have more {what} than S3 Vectors keeps of one; the rest of it is not there."
            console.print(said, style="yellow", highlight=False)
        made = new.notes.make(models.encoder.embed_texts, console, places.others_of if places else lambda _: {})
        told = manifest_of(manifest, generation, new.notes, made)
        before = _put_in_force(indexes, address.name, told)
        console.print(f"{wanted.size:,} pictures in {url}, {generation}.", highlight=False, markup=False)
        _remove_others(indexes, address.name, {generation, before or generation}, console)
        return told
    finally:
        indexes.close()


def fingerprint_of(manifest: ShardsManifest) -> str:
    """Return what tells these shards from others: the same after a load was ended and is begun again."""
    return sha256(manifest.model_dump_json().encode()).hexdigest()


def _address(url: str) -> StoreAddress:
    try:
        return StoreAddress.parse(url)
    except ValueError as cause:
        raise LoadRefused(url, f"that is no address of a store, as {cause}", "Nothing was loaded.") from cause


class _NewVectors:
    """The pictures of shards that are not there yet. `vectors` goes through all of the shards, and notes them, once."""

    def __init__(self, shards: Address, manifest: ShardsManifest, missing: Ids) -> None:
        self._shards, self.missing, self._is_left = shards, missing, np.ones(missing.size, np.bool_)
        self.notes, self.left_out = LibraryNotes(manifest.dimension), Counter[str]()

    def vectors(self) -> Iterator[dict[str, Any]]:
        """Yield those that are missing, each once, as PutVectors takes them."""
        for batch in stored_batches(read_shards(self._shards)):
            self.notes.add(batch)
            for at, picture in enumerate(batch.pictures):
                if self._is_missing(picture.row.id):
                    yield self._vector(batch, at)

    def _is_missing(self, image_id: int) -> bool:
        """Return whether a picture is to be written, the first time that it is asked about."""
        place = int(np.searchsorted(self.missing, image_id))
        is_missing = place < self.missing.size and self.missing[place] == image_id and bool(self._is_left[place])
        if is_missing:
            self._is_left[place] = False
        return bool(is_missing)

    def _vector(self, batch: StoredBatch, at: int) -> dict[str, Any]:
        picture, vector = batch.pictures[at], batch.vectors[at].astype(np.float32)
        name = picture.row.image_path
        if not np.isfinite(vector).all() or not vector.any():
            raise ShardsUnusable(str(self._shards), f"{name} has no vector that can be searched")
        try:
            packed = pack_picture(picture, batch.caption_vectors[at])
        except ValueError as cause:
            raise ShardsUnusable(str(self._shards), f"{name} cannot be kept by S3 Vectors: {cause}") from cause
        self.left_out.update(packed.left_out)
        return {"key": str(picture.row.id), "data": {"float32": vector.tolist()}, "metadata": packed.metadata}


def _put_in_force(indexes: VectorIndexes, name: str, manifest: RemoteManifest) -> str | None:
    """Put a generation in force by one call; return which one was before, None for none."""
    indexes.make(name, DIMENSION, "euclidean", KEYS)
    held = indexes.read(name, [HEAD]).get(HEAD, {})
    # a load that was ended after this call, or is repeated, still knows whom servers may be searching
    before = held.get("previous" if held.get("generation") == manifest.generation else "generation")
    *parts, head = head_vectors(manifest, before)
    indexes.put(name, parts)
    indexes.put(name, [head])
    return before


def _remove_others(indexes: VectorIndexes, name: str, kept: set[str], console: Console) -> None:
    """Delete the indexes of other loads than the last two, ended or not, and what the head has of them."""
    of_load = re.compile(rf"{re.escape(name)}\.[0-9a-f]{{{GENERATION_CHARS}}}")
    for index in indexes.names(f"{name}."):
        if of_load.fullmatch(index) and index not in kept:
            indexes.delete(index)
            console.print(f"{index}, of an earlier load, was deleted.", highlight=False)
    indexes.remove(name, [key for key in indexes.keys(name) if key != HEAD and key.partition("/")[0] not in kept])

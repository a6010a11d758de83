"""Loading shards into Milvus: a new collection beside the one in force, checked, then put in its place at once.

A load that was ended goes on where it was, if the shards are the same: Milvus notes how many batches it has. What was in
force before stays until the next load, as servers go on with it for a while.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.console import Console

from export.cluster.load.errors import LoadRefused
from export.cluster.load.library_notes import FOUND, LibraryNotes, manifest_of
from export.cluster.load.milvus_collections import MilvusCollections
from export.cluster.load.models import LoadModels, TownNames
from export.cluster.load.stored_rows import StoredBatch, stored_batches
from export.cluster.same_ids import ids_of
from export.cluster.shards import Address, ShardsManifest, read_shards, read_shards_manifest
from export.console import progress_bar
from runtime.artefacts.fingerprint import are_same_models
from runtime.library.remote.rows import StoredPicture
from runtime.stores.address import StoreAddress
from runtime.stores.milvus_schema import ID_LAST, TEXT_MAX_BYTES, write_picture, write_vector
from runtime.stores.remote_manifest import RemoteManifest

BATCH_ROWS = 1_000  # about 3 MB at 512 dimensions; Milvus takes 64
NOTED_EVERY = 20  # batches
EFS = (64, 128, 256, 512, 1024, 2048)
RECALL_AIM, RECALL_LEAST = 0.955, 0.8  # the aim with a margin for the 200 queries; below the least, something is wrong
ANEW = "Give the command again: it begins anew."


def load_milvus(
    shards: Address,
    url: str,
    models: LoadModels,
    console: Console,
    *,
    token: str | None = None,
    places: TownNames | None = None,
) -> RemoteManifest:
    """Load shards into the library that a STORE names, and put it in force; returns its manifest.

    Args:
        shards: a folder, or an s3:// address.
        url: milvus://HOST:PORT/COLLECTION, or milvus+tls://.
        models: those that made the shards; their text tower makes the calibration.
        console: where progress goes.
        token: what the server asks for.
        places: the table of towns, which says what else they are called; None where there is none.

    Raises:
        ShardsUnusable: the shards cannot be read, or are not whole.
        LoadRefused: they are of other models, or what Milvus holds of them is not right; what was in force still is.
        StoreUnavailable, RemoteRefused: Milvus does not answer, or refuses.
        SessionFailed: the text tower refuses a text.
    """
    manifest, address = read_shards_manifest(shards), StoreAddress.parse(url)
    if not are_same_models(manifest.models, models.fingerprint):
        remedy = "Name the models that made the shards: --models FOLDER."
        raise LoadRefused(str(address), "the shards were made by other models than those at hand", remedy)
    ids_of(shards, manifest)  # before anything is written
    collections = MilvusCollections(address, token)
    try:
        loading = _Loading(collections, manifest, hashlib.sha256(manifest.model_dump_json().encode()).hexdigest())
        notes, cut = _insert(shards, loading, console)
        collections.finish(console)
        _tell_cut(cut, console)
        ef, recall = _check(loading, notes)
        made = notes.make(models.encoder.embed_texts, console, places.others_of if places else lambda _: {})
        searched = {"ef": ef, "recall_at_10": round(recall, 4)}
        filled = manifest_of(manifest, collections.generation, notes, made).model_copy(update=searched)
        collections.put_in_force(filled)
        done = f"{manifest.count:,} pictures in {address}, {filled.generation}; recall@10 {recall:.3f} with ef {ef}."
        console.print(done, highlight=False, markup=False)
        return filled
    finally:
        collections.close()


@dataclass(frozen=True)
class _Loading:
    """What is loaded where; `fingerprint` is of the shards' manifest."""

    collections: MilvusCollections
    shards: ShardsManifest
    fingerprint: str

    @property
    def dimension(self) -> int:
        return self.shards.dimension


def _insert(shards: Address, loading: _Loading, console: Console) -> tuple[LibraryNotes, int]:
    """Send all rows that Milvus has not yet; returns what was noted of all, and how many rows were too long and were cut."""
    collections, notes, cut = loading.collections, LibraryNotes(loading.dimension), 0
    begun = collections.begin(loading.dimension, loading.fingerprint)
    had, number = begun or 0, -1
    if begun is not None:
        console.print(f"Going on with {collections.generation}: {had * BATCH_ROWS:,} rows are there.", highlight=False)
    bar = progress_bar(console, f"Loading {collections.generation}", loading.shards.count)
    with bar as advance, ThreadPoolExecutor(1) as sender:  # one batch is under way while the next one is read
        sent: Future[None] | None = None
        for number, batch in enumerate(stored_batches(read_shards(shards, rows_at_once=BATCH_ROWS))):
            notes.add(batch)
            rows = list(_rows(batch, collections))
            cut += sum(was_cut for _, was_cut in rows)
            if number >= had:
                if sent:
                    sent.result()
                # what was sent after the last note may be there already
                may_be = begun is not None and number < had + NOTED_EVERY
                sent = sender.submit(collections.send, [row for row, _ in rows], may_be_there=may_be)
                if (number + 1) % NOTED_EVERY == 0:
                    sent.result()
                    collections.note_progress(number + 1, loading.fingerprint)
            advance(len(rows))
        if sent:
            sent.result()
    collections.note_progress(number + 1, loading.fingerprint)
    return notes, cut


def _rows(batch: StoredBatch, collections: MilvusCollections) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield rows as Milvus takes them, and whether each was cut."""
    for picture, vector, of_caption in zip(batch.pictures, batch.vectors, batch.caption_vectors, strict=True):
        if not 0 <= picture.row.id <= ID_LAST:
            raise LoadRefused(
                collections.name, f"{picture.row.image_path} has the id {picture.row.id}", "Make the shards anew."
            )
        fields, was_cut = _fitted(picture)
        caption_vector = "" if of_caption is None else write_vector(of_caption)
        yield fields | {"embedding": vector.astype(np.float32), "caption_vector": caption_vector}, was_cut


def _fitted(picture: StoredPicture) -> tuple[dict[str, Any], bool]:
    """Return a picture's fields, without the last of its words or of what people wrote to it where those are too long."""
    fields, was_cut = write_picture(picture), False
    while len(fields["words"].encode()) > TEXT_MAX_BYTES or len(fields["record"].encode()) > TEXT_MAX_BYTES:
        was_cut = True
        words, facts, row = picture.words, picture.facts, picture.row
        if len(fields["words"].encode()) > TEXT_MAX_BYTES:
            picture = replace(picture, words=words and words[: len(words) // 2])
        elif facts.keywords or row.other_captions:
            facts = replace(facts, keywords=facts.keywords[: len(facts.keywords) // 2])
            row = replace(row, other_captions=row.other_captions[: len(row.other_captions) // 2])
            picture = replace(picture, facts=facts, row=row)
        else:
            picture = replace(picture, row=replace(row, caption=row.caption and row.caption[: len(row.caption) // 2]))
        fields = write_picture(picture)
    return fields, was_cut


def _tell_cut(cut: int, console: Console) -> None:
    if cut:
        said = f"{cut:,} pictures have more text than Milvus keeps of one (64 kB); the rest of it cannot be searched for."
        console.print(said, style="yellow", highlight=False)


def _check(loading: _Loading, notes: LibraryNotes) -> tuple[int, float]:
    """Return the `ef` to search with, and its recall; raises LoadRefused where what is there is not right."""
    collections, wanted = loading.collections, loading.shards.count
    if (there := collections.count()) != wanted or notes.pictures != wanted:
        reason = f"Milvus has {there:,} of {notes.pictures:,} pictures, the shards' manifest says {wanted:,}"
        collections.forget_progress()
        raise LoadRefused(collections.name, reason, ANEW)
    ef, recall = _choose_ef(collections, notes)
    if recall < RECALL_LEAST:
        collections.forget_progress()
        raise LoadRefused(collections.name, f"a search finds {recall:.1%} of the {FOUND} nearest pictures", ANEW)
    return ef, recall


def _choose_ef(collections: MilvusCollections, notes: LibraryNotes) -> tuple[int, float]:
    """Return the smallest `ef` whose recall meets the aim, and that recall; the largest where none does."""
    recall = 1.0
    for ef in EFS:
        recall = notes.exact.recall(collections.scores_of(notes.exact.queries, FOUND, ef))
        if recall >= RECALL_AIM:
            return ef, recall
    return EFS[-1], recall

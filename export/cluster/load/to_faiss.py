"""Shards to an index of FAISS files and a catalogue on this machine: the same that a build here makes of the same pictures.

The stores are trained once and filled in the order of ids, by the steps of `export/index/generations/generation.py`; the
models only embed the questions of the calibration.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.cluster.another_library import pictures_folder, refuse_other_index
from export.cluster.copy_previews import copy_previews
from export.cluster.errors import ShardsUnusable
from export.cluster.load.models import FileLoadModels
from export.cluster.rows import facts_of, indexed_of, skipped_of
from export.cluster.same_ids import ids_of
from export.cluster.shards import ShardsManifest, read_failures, read_shards, read_shards_manifest
from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.catalog import Catalog, IndexedImage
from export.index.contents import VECTORS_AT_ONCE, former_captions
from export.index.generations.generation import NextGeneration, publish
from export.index.generations.history import bytes_of, name_of, next_number, remove_leftovers, sole_writer
from export.index.generations.last_generation import Generation
from export.index.generations.salvage import last_generation
from export.index.ids import IdAssignment, assign_ids
from export.index.photos.folder_facts import KnownFacts
from export.index.photos.grouping import PictureGroups
from export.index.photos.places import PlacesFile
from export.index.photos.signatures import Signatures
from export.index.summary import Summary, print_summary
from export.index.vectors.store_files import IVF_FROM
from runtime.artefacts.fingerprint import are_same_models
from runtime.stores.vector_file import VectorBatch

if TYPE_CHECKING:
    import pyarrow as pa

Vectors = NDArray[np.float16]


@dataclass(frozen=True)
class LoadOptions:
    """How shards are loaded.

    Attributes:
        previews: whether the previews beside the shards are copied to beside the index.
        keep: how many generations before the new one stay.
        ivf_from: from so many pictures on, a search scans only the nearest clusters.
        labels: captions by people that match probabilities are fitted to, by path.
        places: the table of towns, for what else they are called.
        forget: whether the index of another library may be replaced.
    """

    previews: bool = True
    keep: int = 1
    ivf_from: int = IVF_FROM
    labels: Mapping[str, Sequence[str]] | None = None
    places: PlacesFile | None = None
    forget: bool = False


@dataclass
class _Rows:
    """What shards say of pictures, but for the vectors: by the picture's place in the order of ids, and by path."""

    rows: list[IndexedImage] = field(default_factory=list)
    facts: dict[int, KnownFacts] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def load_faiss(shards: str, out: Path, *, models: FileLoadModels, options: LoadOptions, console: Console) -> Summary:
    """Write an index of all pictures in shards, switch to it, and print what was done.

    Pictures keep the ids that the index before gave them.

    Args:
        shards: a folder, or an s3:// address.
        out: the index's folder; made if need be.
        models: those that made the shards.
        options: how.
        console: where progress goes.

    Raises:
        ShardsUnusable: they are damaged, empty, or other models made them.
        LibraryOfAnother: the index is of another library, whose pictures would leave it; it is as it was.
        OutputUnwritable: the disk is full, `out` cannot be written, or a build holds it; the index is as it was.
        SessionFailed: the text tower refused a question of the calibration.
    """
    manifest = read_shards_manifest(shards)
    if not are_same_models(manifest.models, models.fingerprint):
        raise ShardsUnusable(shards, "other models made them; name those with --models")
    if not manifest.count:
        raise ShardsUnusable(shards, "they hold no picture")
    ids_of(shards, manifest)  # a row that is there twice would be two pictures
    with sole_writer(out):
        summary = _load(shards, manifest, out, models, options, console)
    print_summary(summary, console)
    return summary


def _load(
    shards: str, manifest: ShardsManifest, out: Path, models: FileLoadModels, options: LoadOptions, console: Console
) -> Summary:
    last = last_generation(out, console)
    identities = (batch.to_pydict() for batch in read_shards(shards, ("path", "sha256")))
    hashes = {path: sha256 for one in identities for path, sha256 in zip(one["path"], one["sha256"], strict=True)}
    pictures_dir = pictures_folder(manifest.pictures_dir, out)
    if not options.forget:
        refuse_other_index(shards, pictures_dir, out, last, hashes.values())
    assigned = assign_ids(last.catalog.rows, hashes, last.catalog.next_id)
    with (
        unwritable_refused(out),
        closing(Signatures(out)) as signatures,
        TemporaryDirectory(dir=out, prefix="loading-") as own,
    ):
        vectors = _Sorted(Path(own), manifest, assigned.ids, options.ivf_from)
        read = _Rows()
        with progress_bar(console, "Shards", manifest.count) as advance:
            for batch in read_shards(shards):
                _take(batch, read, vectors, signatures, assigned.ids)
                advance(batch.num_rows)
        catalog = _catalog(shards, manifest, read, assigned, last, options)
        if options.previews and manifest.previews:
            copy_previews(shards, out, (row.sha256 for row in catalog.rows), console)
        following = NextGeneration(
            number=next_number(out, last.number),
            catalog=catalog,
            images_dir=pictures_dir,
            models=models.fingerprint,
            dimension=manifest.dimension,
            vectors=vectors.pictures(),
            captions=vectors.captions(),
            embed_texts=models.encoder.embed_texts,
            ivf_from=options.ivf_from,
            labels=options.labels,
            groups=PictureGroups(signatures),
            levels=models.levels,
            decode=manifest.decode,
        )
        publish(out, following, console)
        remove_leftovers(out, following.number, before={last.number} - {0}, keep=options.keep)
    return _summary(following, assigned, out)


class _Sorted:
    """The vectors of shards in the order of ids, on the disk: the files of an index are written in that order."""

    def __init__(self, folder: Path, manifest: ShardsManifest, ids: Mapping[str, int], ivf_from: int) -> None:
        self._ids = np.array(sorted(ids.values()), np.int64)
        shape = (len(ids), manifest.dimension)
        self._pictures: Vectors = np.memmap(folder / "pictures.f16", np.float16, "w+", shape=shape)
        self._captions: Vectors = np.memmap(folder / "captions.f16", np.float16, "w+", shape=shape)
        self._has_caption = np.zeros(len(ids), bool)
        # A large index keeps 16 bits, too: those of the shards as they are, and so the very ones that a build here writes.
        self._is_large = len(ids) >= ivf_from

    def take(self, ids: NDArray[np.int64], batch: "pa.RecordBatch") -> None:
        """Keep the vectors of some rows."""
        places = np.searchsorted(self._ids, ids)
        self._pictures[places] = vectors_in(batch, "embedding")
        captioned = batch["caption_embedding"].is_valid().to_numpy(zero_copy_only=False)
        self._captions[places[captioned]] = vectors_in(
            batch.filter(batch["caption_embedding"].is_valid()), "caption_embedding"
        )
        self._has_caption[places] = captioned

    def pictures(self) -> Iterator[VectorBatch]:
        """Yield ids and vectors, (n, d) float32 of L2 norm 1, in a large index but for the rounding."""
        return self._batches(self._pictures, np.arange(len(self._ids)))

    def captions(self) -> Iterator[VectorBatch]:
        """Yield ids and captions' vectors of the pictures that have one."""
        return self._batches(self._captions, np.nonzero(self._has_caption)[0])

    def _batches(self, vectors: Vectors, places: NDArray[np.int64]) -> Iterator[VectorBatch]:
        for start in range(0, len(places), VECTORS_AT_ONCE):
            part = places[start : start + VECTORS_AT_ONCE]
            exact = vectors[part].astype(np.float32)
            unit = exact if self._is_large else exact / np.linalg.norm(exact, axis=1, keepdims=True)
            yield self._ids[part].tolist(), unit


def vectors_in(batch: "pa.RecordBatch", column: str) -> Vectors:
    """Return the vectors of a column that has no null, (n, d) float16."""
    flat: Vectors = batch[column].flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(batch.num_rows, -1)


def _take(batch: "pa.RecordBatch", read: _Rows, vectors: _Sorted, signatures: Signatures, ids: Mapping[str, int]) -> None:
    others = [name for name in batch.schema.names if name not in {"embedding", "caption_embedding"}]
    rows = batch.select(others).to_pylist()
    vectors.take(np.array([ids[row["path"]] for row in rows], np.int64), batch)
    signatures.keep({row["sha256"]: row["greys"] for row in rows if row["greys"] and row["sha256"] not in signatures})
    for row in rows:
        indexed = indexed_of(row, ids[row["path"]])
        read.rows.append(indexed)
        read.facts[indexed.id] = KnownFacts(facts_of(row))
        if row["text"] is not None:
            read.texts[indexed.sha256] = row["text"]


def _catalog(
    shards: str, manifest: ShardsManifest, read: _Rows, assigned: IdAssignment, last: Generation, options: LoadOptions
) -> Catalog:
    rows = sorted(read.rows, key=lambda row: row.id)
    skipped = [skipped_of(row) for batch in read_failures(shards) for row in batch.to_pylist()]
    towns = {(known.facts.place, known.facts.country) for known in read.facts.values()}
    named = {(place, country) for place, country in towns if place and country}
    told = options.places.others_of(named) if options.places else {}
    return Catalog(
        rows=rows,
        skipped=sorted(skipped, key=lambda one: one.name),
        next_id=assigned.next_id,
        scanned_ns=manifest.listed_ns,
        former_captions=former_captions(last, (row.sha256 for row in rows)),
        facts=read.facts,
        town_names={town: names for town in named if (names := told.get(town) or last.catalog.town_names.get(town, ()))},
        texts=read.texts,
        compared=len(rows),
    )


def _summary(written: NextGeneration, assigned: IdAssignment, out: Path) -> Summary:
    rows, skipped = written.catalog.rows, written.catalog.skipped
    name = name_of(written.number)
    return Summary(
        count=len(rows),
        generation=name,
        written=True,
        added=len(assigned.added),
        changed=len(assigned.changed),
        renamed=len(assigned.renamed),
        removed=len(assigned.removed),
        unchanged=len(assigned.unchanged),
        uncaptioned=sum(row.caption is None for row in rows),
        captions_later=True,
        skipped=tuple(skipped),
        bytes=bytes_of(out / name),
    )

"""Writing the next generation of an index beside the last, and the one atomic switch to it.

It is written whole into a folder of its own and synced; then `manifest.json`, which names the generation in force, is
replaced. `history.py` owns that file and what becomes of older generations; `last_generation.py` reads the last one.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.atomic import sync_tree
from export.index.captions.example_queries import make_examples, write_examples
from export.index.captions.words import EmbedTexts, UsedWords, read_used_words
from export.index.catalog import Catalog, write_catalog
from export.index.generations.history import (
    CATALOG_NAME,
    METADATA_NAME,
    find_manifest,
    name_of,
    put_in_force,
    remove_generation,
)
from export.index.generations.row_sums import RowSums
from export.index.photos.grouping import PictureGroups, RowPairs
from export.index.photos.metadata_entry import readable_row
from export.index.photos.neighbours import neighbour_pairs
from export.index.probabilities.fit_calibration import calibrate
from export.index.vectors.extended_clusters import LastClusters
from export.index.vectors.store_files import IVF_FROM, STORE_NAME, Clustering, WrittenStores, write_clustered, write_flat
from runtime.artefacts.file_record import FileRecord, record_file
from runtime.artefacts.manifest import IndexManifest
from runtime.artefacts.model_records import CLIP_LEVELS, CosineLevels
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import SessionFailed
from runtime.models.cpu_cores import usable_cores
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorBatch, VectorFile


@dataclass(frozen=True)
class NextGeneration:
    """What is to be written.

    `vectors` yields those of every row, in the order of the rows, n at a time; `captions` those of the captions.
    `embed_texts` embeds the questions that the match calibration is fitted with, to `labels` by path if there are any;
    without it, there is no calibration. From `ivf_from` pictures on, the stores have their large form. `groups` finds copies
    and bursts; without it, the catalogue has none. `levels` say what cosines of the encoder mean. `decode` is the rule that
    pictures are decoded by. `awaited` is how many pictures are still to be embedded. `adds_to_last` allows pictures to be
    added to the clusters in force.
    """

    number: int
    catalog: Catalog
    images_dir: Path
    models: Mapping[str, str]
    dimension: int
    vectors: Iterable[VectorBatch]
    captions: Iterable[VectorBatch] = ()
    embed_texts: EmbedTexts | None = None
    ivf_from: int = IVF_FROM
    labels: Mapping[str, Sequence[str]] | None = None
    groups: PictureGroups | None = None
    levels: CosineLevels = CLIP_LEVELS
    decode: DecodeRule = "exact"
    awaited: int = 0
    adds_to_last: bool = False


def publish(out: Path, following: NextGeneration, console: Console) -> None:
    """Write a generation and switch the index to it; progress goes to the console.

    Raises:
        OSError, sqlite3.OperationalError: it cannot be written; the index is as it was, with nothing half-written left.
        SessionFailed: the text tower refused a question of the calibration; the same.
        KeyboardInterrupt: Ctrl-C; the same, or it came after the switch, and the index is the new one.
    """
    folder = out / name_of(following.number)
    remove_generation(folder)  # a killed build may have left its beginnings
    try:
        manifest = _write_generation(folder, following, console)
        put_in_force(out, manifest.model_dump_json(indent=2).encode() + b"\n")
    except (OSError, sqlite3.Error, SessionFailed, KeyboardInterrupt):
        if not _is_in_force(folder):  # Ctrl-C may come right after the switch, and then the folder must stay
            remove_generation(folder)
        raise


def _write_generation(folder: Path, following: NextGeneration, console: Console) -> IndexManifest:
    folder.mkdir()
    stores = _write_stores(folder, following, console)
    calibration, used_words = None, UsedWords()
    if following.embed_texts and stores.captions.count:
        rows = following.catalog.rows
        said = [caption for row in rows for caption in (row.caption, *row.other_captions) if caption]
        used_words = read_used_words(said, following.embed_texts)
        calibration = calibrate(
            rows, stores.pictures, stores.captions, following.embed_texts, console, labels=following.labels
        )
        if calibration:
            calibration = calibration.model_copy(update={"same_meaning_cosine": used_words.same_meaning_cosine})
    write_catalog(folder / CATALOG_NAME, following.catalog, used_words)
    if following.groups:
        row_pairs = _row_pairs(folder, stores, console)
        following.groups.write(folder / CATALOG_NAME, following.catalog.rows, stores.pictures, row_pairs)
    if following.embed_texts:
        searched = stores.searched, stores.captions
        examples = make_examples(folder / CATALOG_NAME, following.catalog.rows, searched, calibration, following.embed_texts)
        write_examples(folder / CATALOG_NAME, examples)
    _write_metadata(folder / METADATA_NAME, following.catalog)
    sync_tree(folder)

    def record(name: str) -> FileRecord:
        return record_file(folder.parent, f"{folder.name}/{name}")

    return IndexManifest(
        generation=folder.name,
        images_dir=str(following.images_dir),
        count=stores.pictures.count,
        dimension=following.dimension,
        models=dict(following.models),
        store=record(STORE_NAME),
        catalog=record(CATALOG_NAME),
        metadata=record(METADATA_NAME),
        captions=record(stores.captions_name) if stores.captions_name else None,
        calibration=calibration,
        probing=stores.probing,
        vectors=record(stores.vectors_name) if stores.vectors_name else None,
        decode=following.decode,
        awaited=following.awaited,
    )


def _write_stores(folder: Path, following: NextGeneration, console: Console) -> WrittenStores:
    is_large = len(following.catalog.rows) >= following.ivf_from
    sums = RowSums(halved=is_large)
    vectors, captions = sums.noting("picture", following.vectors), sums.noting("caption", following.captions)
    if is_large:
        found = find_manifest(folder.parent) if following.adds_to_last else None
        last = LastClusters.open(folder.parent, found.manifest) if found else None
        clustering = Clustering(last, following.levels.text_cosine)
        written = write_clustered(folder, following.dimension, vectors, captions, clustering, console)
    else:
        written = write_flat(folder, following.dimension, vectors, captions)
    sums.write(folder, following.catalog.rows)
    return written


def _row_pairs(folder: Path, stores: WrittenStores, console: Console) -> RowPairs | None:
    vectors = stores.pictures
    if not isinstance(vectors, VectorFile):
        return None

    def find() -> NDArray[np.int64]:
        index = MappedIvf.open(folder / STORE_NAME, vectors.dimension, vectors.count, threads=usable_cores())
        return neighbour_pairs(index, vectors, console)

    return find


def _write_metadata(path: Path, catalog: Catalog) -> None:
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"
        for row in catalog.rows:
            file.write(separator + json.dumps(readable_row(row, catalog.facts_of(row)), ensure_ascii=False))
            separator = ",\n"
        file.write("\n]\n")


def _is_in_force(folder: Path) -> bool:
    found = find_manifest(folder.parent)
    return found is not None and found.manifest.generation == folder.name

"""Generations of an index on disk: reading the last, writing the next beside it, and the one atomic switch.

`manifest.json` names the generation in force. The next one is written whole into a folder of its own and synced; then the
manifest is replaced, and only then do older folders go, all but the one before, which a reader may just be opening.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.atomic import locked_folder, sync, sync_tree
from export.errors import OutputUnwritable
from export.index.caption_words import EmbedTexts, UsedWords, read_used_words
from export.index.catalog import Catalog, IndexedImage, read_catalog, write_catalog
from export.index.fit_calibration import calibrate
from export.index.scan import is_text
from export.index.store_files import IVF_FROM, STORE_NAME, STORE_NAMES, WrittenStores, write_clustered, write_flat
from runtime.artefacts.file_record import FileRecord, record_file
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, read_index_manifest
from runtime.artefacts.whole_file import PART_SUFFIX, whole_file
from runtime.errors import ArtefactCorrupt, ArtefactError, SessionFailed
from runtime.stores.opening import open_stores
from runtime.stores.protocols import VectorSource
from runtime.stores.vector_file import VectorBatch

CATALOG_NAME, METADATA_NAME = "catalog.sqlite", "metadata.json"
FOLDER_NAME = re.compile(r"g(\d{6,})")


@dataclass(frozen=True)
class Generation:
    """What an index folder held before; empty where there was no index. `number` is the one in its folder's name."""

    number: int = 0
    catalog: Catalog = field(default_factory=Catalog)
    manifest: IndexManifest | None = None
    store: VectorSource | None = None
    captions: VectorSource | None = None

    def has_form_for(self, count: int, ivf_from: int) -> bool:
        """Return whether its stores have the form that so many pictures are to have."""
        return self.manifest is not None and (self.manifest.probing is not None) == (count >= ivf_from)

    def made_with(self, models: Mapping[str, str]) -> bool:
        """Return whether these very models made it."""
        return self.manifest is not None and self.manifest.models == models

    def vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of these ids, (n, d) float32, in their order."""
        return self.store.vectors_of(ids) if self.store and ids else np.empty((0, 0), np.float32)

    def caption_vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of the captions of these ids, (n, d) float32, in their order."""
        return self.captions.vectors_of(ids) if self.captions and ids else np.empty((0, 0), np.float32)


@dataclass(frozen=True)
class NextGeneration:
    """What is to be written.

    `vectors` yields those of every row, in the order of the rows, n at a time; `captions` those of the captions.
    `embed_texts` embeds the questions that the match calibration is fitted with, to `labels` by path if there are any;
    without it, there is no calibration. From `ivf_from` pictures on, the stores have their large form.
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


def last_generation(out: Path, warn: Callable[[str], None]) -> Generation:
    """Return the generation in force in `out`; where it is damaged, one as empty as if there were none, with a warning."""
    if not (out / MANIFEST_NAME).exists():
        return Generation()
    try:
        return _read_generation(out)
    except ArtefactError as error:
        warn(f"{error} It is built from the start, and its pictures get new ids.")
        # above every folder there is: a reader may still hold the damaged one open
        return Generation(number=max((_number(folder.name) for folder in out.iterdir()), default=0))


def name_of(number: int) -> str:
    """Return the name of a generation's folder."""
    return f"g{number:06d}"


def publish(out: Path, following: NextGeneration, console: Console) -> None:
    """Write a generation and switch the index to it; progress goes to the console.

    Raises:
        OSError, sqlite3.OperationalError: it cannot be written; the index is as it was, with nothing half-written left.
        SessionFailed: the text tower refused a question of the calibration; the same.
        KeyboardInterrupt: Ctrl-C; the same, or it came after the switch, and the index is the new one.
    """
    folder = out / name_of(following.number)
    _remove_generation(folder)  # a killed build may have left its beginnings
    try:
        _replace_manifest(out, _write_generation(folder, following, console))
    except (OSError, sqlite3.Error, SessionFailed, KeyboardInterrupt):
        if not _is_in_force(folder):  # Ctrl-C may come right after the switch, and then the folder must stay
            _remove_generation(folder)
        raise


def remove_leftovers(out: Path, number: int) -> None:
    """Remove every generation but the one in force, whose number is given, and the one before."""
    for folder in out.iterdir():
        if _number(folder.name) not in (0, number - 1, number):
            _remove_generation(folder)
    (out / f"{MANIFEST_NAME}{PART_SUFFIX}").unlink(missing_ok=True)


@contextmanager
def sole_writer(out: Path) -> Iterator[None]:
    """Hold `out`, made if need be, against a second build.

    Raises:
        OutputUnwritable: another build holds it, or it cannot be made.
    """
    if not is_text(str(out)):
        raise OutputUnwritable(out, "its path has bytes that are not UTF-8, which faiss cannot open")
    with locked_folder(out, "another build is writing it; wait for that one to end"):
        yield


def _read_generation(out: Path) -> Generation:
    manifest = read_index_manifest(out)
    catalog = read_catalog(out / manifest.catalog.path)
    store, captions = open_stores(out, manifest)
    if not store.count == len(catalog.rows) == manifest.count:
        reason = f"it has {len(catalog.rows):,} pictures, the store {store.count:,}, the manifest {manifest.count:,}"
        raise ArtefactCorrupt(out / manifest.catalog.path, reason, "Build the index again.")
    return Generation(_number(manifest.generation), catalog, manifest, store, captions)


def _number(folder_name: str) -> int:
    found = FOLDER_NAME.fullmatch(folder_name)
    return int(found[1]) if found else 0


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
    _write_metadata(folder / METADATA_NAME, following.catalog.rows)
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
    )


def _write_stores(folder: Path, following: NextGeneration, console: Console) -> WrittenStores:
    vectors, captions, dimension = following.vectors, following.captions, following.dimension
    if len(following.catalog.rows) < following.ivf_from:
        return write_flat(folder, dimension, vectors, captions)
    return write_clustered(folder, dimension, vectors, captions, console=console)


def _write_metadata(path: Path, rows: Iterable[IndexedImage]) -> None:
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"
        for row in rows:
            readable = {"id": row.id, "image_path": row.image_path, "caption": row.caption}
            file.write(separator + json.dumps(readable, ensure_ascii=False))
            separator = ",\n"
        file.write("\n]\n")


def _replace_manifest(out: Path, manifest: IndexManifest) -> None:
    sync(out)  # the generation's folder must be there before a manifest names it
    with whole_file(out / MANIFEST_NAME) as file:
        file.write(manifest.model_dump_json(indent=2).encode() + b"\n")


def _is_in_force(folder: Path) -> bool:
    try:
        return read_index_manifest(folder.parent).generation == folder.name
    except ArtefactError:
        return False


def _remove_generation(folder: Path) -> None:
    # our own files by name, then the folder if nothing else is in it: `--out` may point anywhere
    for name in (*STORE_NAMES, *(f"{store}{PART_SUFFIX}" for store in STORE_NAMES), CATALOG_NAME, METADATA_NAME):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()

"""What is wrong with an index: its files against their sha256, then its catalogue, ids, vectors and captions together.

Reads everything and writes nothing. Each fault is one line that names the file.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console

from export.index.catalog import Catalog, read_catalog
from export.index.generations.history import find_manifest
from export.index.generations.last_generation import damaged_files
from export.index.generations.row_sums import held_ids
from export.index.photos.metadata_entry import readable_row
from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.manifest import IndexManifest
from runtime.errors import ArtefactError, ArtefactMissing
from runtime.library.caption_file import FILE_NAME as LIVE_CAPTIONS_NAME
from runtime.library.catalog_file import open_catalog
from runtime.stores.opening import open_stores
from runtime.stores.protocols import VectorSource

INDEX_REMEDY = "lookwhy index FOLDER makes what is damaged again; lookwhy rollback goes back to the generation before."
CHECKED_AT_ONCE = 4096  # vectors
NORM_TOLERANCE = 1e-2  # 16-bit floats cost 1e-3
NAMED_MAX = 3  # ids of one fault
FAULTS_MAX = 10  # of SQLite's


def find_index_faults(out: Path, console: Console) -> tuple[IndexManifest | None, list[str]]:
    """Return the manifest in force, and what is wrong with the index; nothing where all is as it was written.

    Raises:
        ArtefactMissing: there is no index.
    """
    found = find_manifest(out)
    if found is None:
        if not out.is_dir():
            raise ArtefactMissing(out, "Build the index: lookwhy index FOLDER, or name its folder with --index.")
        return None, [f"{out / 'manifest.json'} is not there, or cannot be read, and no generation has a copy of it."]
    manifest, faults = found.manifest, [found.fault] if found.fault else []
    damaged = damaged_files(out, manifest, console)
    faults += [f"{path}: {reason}" for path, reason in damaged.items()]
    if manifest.catalog.path not in damaged:
        faults += _catalog_faults(out, manifest.catalog)
    if not damaged:
        faults += _disagreements(out, manifest)
    faults += _live_caption_faults(out / LIVE_CAPTIONS_NAME)
    return manifest, faults


def _catalog_faults(out: Path, record: FileRecord) -> list[str]:
    try:
        with closing(open_catalog(out / record.path)) as connection:
            return [f"{record.path}: {fault}" for fault in _sqlite_faults(connection)]
    except ArtefactError as error:
        return [str(error)]


def _sqlite_faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what SQLite's own check of a whole file finds, its full text included where this SQLite can."""
    try:
        for (found,) in connection.execute(f"PRAGMA integrity_check({FAULTS_MAX})"):
            if found != "ok":
                yield f"SQLite finds: {found}"
    except (sqlite3.Error, UnicodeDecodeError) as cause:
        yield f"SQLite cannot check it ({cause})"


def _disagreements(out: Path, manifest: IndexManifest) -> Iterator[str]:
    """Yield where sound files do not fit each other, as those of two indexes would not."""
    try:
        catalog = read_catalog(out / manifest.catalog.path)
        store, captions = open_stores(out, manifest)
    except ArtefactError as error:
        yield str(error)
        return
    ids = [row.id for row in catalog.rows]
    captioned = [row.id for row in catalog.rows if row.caption]
    if manifest.count != len(ids):
        yield f"manifest.json says {manifest.count:,} pictures, {manifest.catalog.path} has {len(ids):,}"
    if ids and catalog.next_id <= ids[-1]:
        yield f"{manifest.catalog.path}: the next id would be {catalog.next_id:,}, which is given already"
    yield from _vector_faults((manifest.vectors or manifest.store).path, store, ids)
    if manifest.captions:
        yield from _vector_faults(manifest.captions.path, captions, captioned)
    yield from _metadata_faults(out, manifest, catalog)
    if manifest.calibration and len(manifest.calibration.centroid) != manifest.dimension:
        yield "manifest.json: the calibration is of vectors of another dimension"


def _vector_faults(path: str, store: VectorSource | None, ids: list[int]) -> Iterator[str]:
    if store is None:
        return
    held = held_ids(store, ids)
    if store.count != len(ids):
        yield f"{path}: it has {store.count:,} vectors for {len(ids):,} pictures"
    if lacking := [one for one in ids if one not in held]:
        yield f"{path}: it lacks the vectors of {len(lacking):,} ids ({_some(lacking)})"
    wrong: list[int] = []
    present = [one for one in ids if one in held]
    for start in range(0, len(present), CHECKED_AT_ONCE):
        batch = present[start : start + CHECKED_AT_ONCE]
        off = ~(np.abs(np.linalg.norm(store.vectors_of(batch), axis=1) - 1) <= NORM_TOLERANCE)  # so that NaN counts
        wrong += [one for one, is_off in zip(batch, off, strict=True) if is_off]
    if wrong:
        yield f"{path}: {len(wrong):,} vectors have not the length 1 (ids {_some(wrong)})"


def _metadata_faults(out: Path, manifest: IndexManifest, catalog: Catalog) -> Iterator[str]:
    path = manifest.metadata.path
    try:
        listed = json.loads((out / path).read_bytes())
    except (OSError, ValueError, RecursionError) as cause:
        yield f"{path}: it is no JSON ({type(cause).__name__})"
        return
    known = [readable_row(row, catalog.facts_of(row)) for row in catalog.rows]
    if listed != known:
        yield f"{path}: it does not list the pictures of {manifest.catalog.path}"


def _live_caption_faults(path: Path) -> list[str]:
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(path)) as connection:
            faults = list(_sqlite_faults(connection))
    except (sqlite3.Error, UnicodeDecodeError) as cause:
        faults = [str(cause)]
    return [f"{path.name}: {fault}. It only saves time, and may be deleted." for fault in faults]


def _some(ids: Iterable[int]) -> str:
    named = list(islice(ids, NAMED_MAX + 1))
    return ", ".join(map(str, named[:NAMED_MAX])) + (", ..." if len(named) > NAMED_MAX else "")

"""Reading the last generation, and finding what a damaged one still holds: only what is lost is made again.

Captions and ids are kept wherever any file still has them; `salvage_catalog.py` reads those of a damaged catalogue.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from export.index.catalog import Catalog, read_catalog
from export.index.generations.history import (
    METADATA_NAME,
    find_manifest,
    highest_number,
    name_of,
    number_of,
    whole_generations,
)
from export.index.generations.last_generation import REMEDY, Generation, damaged_files
from export.index.generations.row_sums import Kind, RowSums, held_ids
from export.index.generations.salvage_catalog import salvage_catalog
from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, parse_index_manifest
from runtime.errors import ArtefactCorrupt, ArtefactError
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorSource
from runtime.stores.vector_file import VectorFile

Tell = Callable[[str], None]


def last_generation(out: Path, console: Console) -> Generation:
    """Return the generation in force in `out`, without what is damaged of it; what that is, the console is told.

    Every file is compared with its sha256. Where nothing can be used, the generation is as empty as if there were none.
    """

    def tell(warning: str) -> None:
        console.print(warning, style="yellow", markup=False, highlight=False, soft_wrap=True)

    found = find_manifest(out)
    if found is None:
        if (out / MANIFEST_NAME).exists():
            tell(f"{out / MANIFEST_NAME} cannot be read. The index is built from the start; its pictures get new ids.")
        return Generation(number=highest_number(out))  # above every folder there is: a reader may still hold one open
    if found.fault:
        tell(found.fault)
    return _Salvage(out, found.manifest, damaged_files(out, found.manifest, console), tell).read(
        is_damaged=bool(found.fault)
    )


class _Salvage:
    """One generation, some of whose files may be damaged."""

    def __init__(self, out: Path, manifest: IndexManifest, damaged: dict[str, str], tell: Tell) -> None:
        self._out, self._manifest, self._damaged, self._tell = out, manifest, damaged, tell
        self._faulty = bool(damaged)

    def read(self, *, is_damaged: bool) -> Generation:
        manifest = self._manifest
        catalog = self._catalog()
        if not catalog.rows:
            self._tell(f"Nothing in {manifest.generation} can be used. The index is built from the start, with new ids.")
            return Generation(number=highest_number(self._out))
        ids = [row.id for row in catalog.rows]
        captioned = [row.id for row in catalog.rows if row.caption]
        of_pictures = manifest.vectors or manifest.store
        store, lost = self._vectors(of_pictures, ids)
        captions, lost_captions = self._vectors(manifest.captions, captioned) if manifest.captions else (None, frozenset())
        self._tell_others(of_pictures)
        return Generation(
            number_of(manifest.generation),
            catalog,
            manifest,
            store,
            captions,
            lost,
            lost_captions,
            is_damaged=is_damaged or self._faulty,
            written_ns=self._written_ns(),
        )

    def _catalog(self) -> Catalog:
        record = self._manifest.catalog
        if record.path not in self._damaged:
            try:
                return read_catalog(self._out / record.path)
            except ArtefactError as error:
                self._damaged[record.path] = str(error)
        self._faulty = True
        metadata = self._manifest.metadata
        listed = self._out / metadata.path if metadata.path not in self._damaged else None
        catalog = salvage_catalog(self._out / record.path, listed, self._catalog_before(), self._sums().is_sound)
        whole = sum(bool(row.sha256) for row in catalog.rows)
        self._tell(
            f"{record.path} is damaged: {self._damaged[record.path]}. Of its {self._manifest.count:,} pictures, "
            f"{len(catalog.rows):,} keep id and caption; {len(catalog.rows) - whole:,} of them are embedded again."
        )
        return catalog

    def _catalog_before(self) -> Catalog | None:
        """Return the catalogue of the newest other generation that has a sound one."""
        for number in whole_generations(self._out):
            if name_of(number) != self._manifest.generation:
                try:
                    before = parse_index_manifest(self._out / name_of(number) / MANIFEST_NAME)
                    return read_catalog(self._out / before.catalog.path)
                except ArtefactError:
                    continue
        return None

    def _vectors(self, record: FileRecord, ids: list[int]) -> tuple[VectorSource | None, frozenset[int]]:
        """Return the store of some vectors, and the ids whose vectors it has lost."""
        kind: Kind = "caption" if record == self._manifest.captions else "picture"
        store: VectorSource | None = None
        try:
            store = self._open(record, ids)
        except ArtefactError as error:
            self._damaged.setdefault(record.path, str(error))
        if record.path in self._damaged:
            lost = frozenset(ids) - self._sums().sound_ids(kind, store, ids)
        else:
            lost = frozenset(ids) - held_ids(store, ids)
        if lost or record.path in self._damaged or (store and store.count != len(ids)):
            self._faulty = True
            reason = self._damaged.get(record.path, "it does not fit the catalogue")
            self._tell(f"{record.path} is damaged: {reason}. {len(lost):,} of its {len(ids):,} vectors are made again.")
        return store, lost

    def _open(self, record: FileRecord, ids: list[int]) -> VectorSource:
        path, dimension = self._out / record.path, self._manifest.dimension
        if not self._manifest.vectors:
            return FlatStore.open(path, dimension)
        store = VectorFile.open(path, dimension)
        if record.path in self._damaged and store.count == len(ids):
            store.ids = np.array(ids)  # the vectors are in this order; ids that do not ascend could not be searched
        elif (np.diff(store.ids) <= 0).any():
            raise ArtefactCorrupt(path, "its ids do not ascend", REMEDY)
        return store

    def _sums(self) -> RowSums:
        return RowSums.read(self._out / self._manifest.generation, halved=self._manifest.vectors is not None)

    def _tell_others(self, of_pictures: FileRecord) -> None:
        for record in (self._manifest.store, self._manifest.metadata):
            if record != of_pictures and record.path in self._damaged:
                self._tell(f"{record.path} is damaged: {self._damaged[record.path]}. It is written again.")

    def _written_ns(self) -> int:
        file = self._out / self._manifest.generation / METADATA_NAME
        return file.stat().st_mtime_ns if file.is_file() else 0

"""ManifestFolder: an index's folder made of the manifest that stands beside a library in an engine.

It holds the library's small tables alone, written anew for each generation; vectors and rows stay in the engine.
"""

import mmap
import shutil
from collections.abc import Hashable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from runtime.artefacts.file_record import FileRecord, record_file
from runtime.artefacts.manifest import IndexManifest, ModelsManifest
from runtime.artefacts.whole_file import whole_file
from runtime.errors import ArtefactCorrupt
from runtime.stores.address import StoreAddress
from runtime.stores.protocols import LibraryStore
from runtime.stores.remote_manifest import RemoteManifest

TABLES_NAME = "tables.sqlite"


class RemoteLibraries(Protocol):
    """A library in an engine by its address, whose generations take each other's place."""

    def stamp(self) -> Hashable:
        """Return what tells the generation in force from others, by one cheap call."""
        ...

    def read_manifest(self) -> RemoteManifest:
        """Return the manifest of the generation in force."""
        ...

    def open(self, manifest: RemoteManifest) -> LibraryStore:
        """Return the store of a manifest's generation."""
        ...

    def close(self) -> None:
        """Let go of the connection; no store of it can be asked after."""
        ...


class ManifestFolder:
    """A `Folder`; each method raises StoreUnavailable, RemoteRefused and ArtefactCorrupt as the engine's library does."""

    def __init__(self, path: Path, address: StoreAddress, libraries: RemoteLibraries) -> None:
        """Keep where the tables are written, and the library in the engine."""
        self.path, self.read_stamp = path, None  # type: Path, Hashable
        self._address, self._libraries = address, libraries
        self.originals_by_content = False
        self._manifest: RemoteManifest | None = None

    def open_store(self) -> LibraryStore:
        """Return the store of the generation whose manifest was read last."""
        return self._libraries.open(self._manifest or self._read())

    def read_models(self) -> ModelsManifest:
        """Refuse: an engine holds no models."""
        raise ArtefactCorrupt(str(self._address), "it holds no models", "Point MODELS_DIR or MODELS_URL at them.")

    def read_index(self) -> IndexManifest:
        """Return the manifest of the generation in force, in an index's form; its tables are written below `path`."""
        manifest = self._read()
        tables = self._write_tables(manifest)
        return IndexManifest(
            generation=manifest.generation,
            images_dir=manifest.pictures_dir,
            count=manifest.count,
            dimension=manifest.dimension,
            models=manifest.models,
            store=tables,
            catalog=tables,
            metadata=tables,
            calibration=manifest.calibration,
            decode=manifest.decode,
        )

    def stamp(self) -> Hashable:
        """Return what tells the generation in force from others."""
        return self._libraries.stamp()

    def fetch(self, *records: FileRecord, make_room: bool = False) -> None:
        """Do nothing: the tables are there, and all else stays in the engine."""

    def keep_only(self, records: Iterable[FileRecord]) -> None:
        """Remove the tables of other generations. What is open stays readable."""
        kept = {Path(record.path).parts[0] for record in records}
        with suppress(OSError):  # another process may be doing the same
            for folder in self.path.iterdir():
                if folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

    def hold(self, *records: FileRecord) -> None:
        """Do nothing: what is open is read from where it was."""

    def is_as_held(self, *records: FileRecord) -> bool:
        """Return True: nothing is held, so nothing differs from it."""
        return True

    def held(self, record: FileRecord) -> mmap.mmap | None:
        """Return None: the tables are at their path."""

    def _read(self) -> RemoteManifest:
        self.read_stamp = self._libraries.stamp()
        self._manifest = manifest = self._libraries.read_manifest()
        return manifest

    def _write_tables(self, manifest: RemoteManifest) -> FileRecord:
        name = f"{manifest.generation}/{TABLES_NAME}"
        file = self.path / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as opened:
                opened.write(manifest.unpacked_tables(str(self._address)))
        except OSError as cause:
            raise ArtefactCorrupt(file, f"it cannot be written ({cause.strerror})", "Point FETCH_DIR elsewhere.") from cause
        return record_file(self.path, name)

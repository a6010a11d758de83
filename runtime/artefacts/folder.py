"""Where artefacts come from: a folder of this machine, or one on S3 (`remote_folder.py`)."""

import mmap
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Protocol

from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.kept_open_files import HeldFiles
from runtime.artefacts.manifest import (
    MANIFEST_NAME,
    IndexManifest,
    ModelsManifest,
    read_index_manifest,
    read_models_manifest,
)


class Folder(Protocol):
    """An artefact folder. Its files are below `path` once they are fetched.

    `read_stamp` is the stamp of the manifest that was read last; `originals_by_content` is whether the pictures of that
    index were published under their sha256.
    """

    path: Path
    read_stamp: Hashable
    originals_by_content: bool

    def read_models(self) -> ModelsManifest:
        """Return the manifest of a models' folder."""
        ...

    def read_index(self) -> IndexManifest:
        """Return the manifest of an index's folder."""
        ...

    def stamp(self) -> Hashable:
        """Return what tells the manifest that stands there now from another one; it is not read for that."""
        ...

    def fetch(self, *records: FileRecord, make_room: bool = False) -> None:
        """Return once these files are below `path`; with `make_room`, those fetched before may be removed for them."""
        ...

    def keep_only(self, records: Iterable[FileRecord]) -> None:
        """Remove what was fetched and is none of these."""
        ...

    def hold(self, *records: FileRecord) -> None:
        """Have `held` give these files as they are now, whatever is put in their place."""
        ...

    def is_as_held(self, *records: FileRecord) -> bool:
        """Return whether the paths of these files still lead to what they led to then."""
        ...

    def held(self, record: FileRecord) -> mmap.mmap | None:
        """Return the content of a file that is held, mapped; None of one that is not."""
        ...


class LocalFolder:
    """A folder of this machine: all its files are checked, by length, when its manifest is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_stamp: Hashable = None
        self.originals_by_content = False
        self._held = HeldFiles(path)

    def read_models(self) -> ModelsManifest:
        """Return `read_models_manifest` of it."""
        self.read_stamp = self.stamp()
        return read_models_manifest(self.path)

    def read_index(self) -> IndexManifest:
        """Return `read_index_manifest` of it."""
        self.read_stamp = self.stamp()
        return read_index_manifest(self.path)

    def stamp(self) -> Hashable:
        """Return inode, length and time of the manifest, None where there is none."""
        return stamp_of(self.path / MANIFEST_NAME)

    def fetch(self, *records: FileRecord, make_room: bool = False) -> None:
        """Do nothing: they are there."""

    def keep_only(self, records: Iterable[FileRecord]) -> None:
        """Do nothing: nothing was fetched."""

    def hold(self, *records: FileRecord) -> None:
        """Keep these files open."""
        self._held.hold(records)

    def is_as_held(self, *records: FileRecord) -> bool:
        """Return whether no other files have taken the places of these since they were held."""
        return self._held.are_in_place(records)

    def held(self, record: FileRecord) -> mmap.mmap | None:
        """Return the content of a file that is held."""
        return self._held.content(record)


def stamp_of(file: Path) -> Hashable:
    """Return what tells a file from another in its place; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def open_folder(folder: Path | Folder) -> Folder:
    """Return a folder; a path is one of this machine."""
    return LocalFolder(folder) if isinstance(folder, Path) else folder

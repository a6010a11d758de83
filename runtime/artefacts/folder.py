"""Where artefacts come from: a folder of this machine, or one on S3 that is mirrored file by file as files are needed.

Owns the mirror: nothing in it has another sha256 than its record, and nothing half-written has a file's own name. What the
files mean is for those that open them.
"""

import hashlib
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from pydantic import ValidationError

from runtime.artefacts.aws import Bucket
from runtime.artefacts.file_record import FileRecord, sha256_of
from runtime.artefacts.manifest import (
    MANIFEST_NAME,
    IndexManifest,
    ModelsManifest,
    read_index_manifest,
    read_models_manifest,
)
from runtime.artefacts.whole_file import whole_file
from runtime.errors import ArtefactCorrupt, StorageTooSmall

KEPT_FREE_BYTES = 32 << 20  # left free in the file system for others, such as uploads, which are spooled to /tmp
REMEDY = "Publish it again: make publish-index, or make publish-models."
M = TypeVar("M", ModelsManifest, IndexManifest)


class Folder(Protocol):
    """An artefact folder. Its files are below `path` once they are fetched."""

    path: Path

    def read_models(self) -> ModelsManifest:
        """Return the manifest of a models' folder."""
        ...

    def read_index(self) -> IndexManifest:
        """Return the manifest of an index's folder."""
        ...

    def fetch(self, *records: FileRecord, make_room: bool = False) -> None:
        """Return once these files are below `path`; with `make_room`, those fetched before may be removed for them."""
        ...


class LocalFolder:
    """A folder of this machine: all its files are checked, by length, when its manifest is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read_models(self) -> ModelsManifest:
        """Return `read_models_manifest` of it."""
        return read_models_manifest(self.path)

    def read_index(self) -> IndexManifest:
        """Return `read_index_manifest` of it."""
        return read_index_manifest(self.path)

    def fetch(self, *records: FileRecord, make_room: bool = False) -> None:
        """Do nothing: they are there."""


def open_folder(folder: Path | Folder) -> Folder:
    """Return a folder; a path is one of this machine."""
    return LocalFolder(folder) if isinstance(folder, Path) else folder


class RemoteFolder:
    """A folder on S3, mirrored below `path`. Threads may share it: they fetch one after the other."""

    def __init__(self, url: str, path: Path, setting: str) -> None:
        """Keep the address, and the name of the setting that it comes from; no request is made yet."""
        self.path = path.absolute()
        self._bucket = Bucket(url, f"Check {setting}, what is published there, and that the function may read it.")
        self._lock = threading.Lock()
        self._verified: set[FileRecord] = set()

    def read_models(self) -> ModelsManifest:
        """Return the manifest as it stands on S3 now.

        Raises:
            RemoteRefused: S3 did not give it.
            ArtefactCorrupt: it is not of this form.
        """
        return self._read(ModelsManifest)

    def read_index(self) -> IndexManifest:
        """Return the manifest as it stands on S3 now; raises as `read_models`."""
        return self._read(IndexManifest)

    def fetch(self, *records: FileRecord, make_room: bool = False) -> None:
        """Return once these files are below `path` with the sha256 of their records; only missing ones are downloaded.

        Args:
            records: the files.
            make_room: whether all that was fetched before may be removed where there is no room for these.

        Raises:
            RemoteRefused: S3 did not give one.
            ArtefactCorrupt: one is not what its record promises, or cannot be written.
            StorageTooSmall: there is no room for all of them.
        """
        with self._lock:
            try:
                self._fetch(records)
            except StorageTooSmall:
                if not make_room:
                    raise
                self._clear()
                self._fetch(records)

    def _fetch(self, records: Sequence[FileRecord]) -> None:
        missing = [record for record in records if not self._is_here(record)]
        self._check_room(sum(record.bytes for record in missing))
        for record in missing:
            self._download(record)

    def _clear(self) -> None:
        self._verified.clear()
        shutil.rmtree(self.path, ignore_errors=True)

    def _read(self, form: type[M]) -> M:
        try:
            return form.model_validate_json(b"".join(self._bucket.chunks(MANIFEST_NAME)))
        except ValidationError as cause:
            fault = cause.errors()[0]
            reason = f"it is not a {form.model_fields['format'].default} manifest ({fault['msg']})"
            raise ArtefactCorrupt(f"{self._bucket.url}/{MANIFEST_NAME}", reason, REMEDY) from cause

    def _is_here(self, record: FileRecord) -> bool:
        file = self._file(record)
        if record not in self._verified and file.is_file() and sha256_of(file) == record.sha256:
            self._verified.add(record)
        return record in self._verified and file.is_file()

    def _check_room(self, needed_bytes: int) -> None:
        standing = next(folder for folder in (self.path, *self.path.parents) if folder.exists())
        free_bytes = max(0, shutil.disk_usage(standing).free - KEPT_FREE_BYTES)
        if needed_bytes > free_bytes:
            raise StorageTooSmall(self.path, needed_bytes, free_bytes)

    def _download(self, record: FileRecord) -> None:
        path = self._file(record)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # not synced, as its sha256 is checked before it is used: a cold start does not wait for the disk
            with whole_file(path, shared=True, synced=False) as file:
                self._write(file, record)
        except OSError as cause:
            remedy = "Point FETCH_DIR at a folder with room that can be written to."
            raise ArtefactCorrupt(path, f"it cannot be written ({cause.strerror})", remedy) from cause
        self._verified.add(record)

    def _write(self, file: BinaryIO, record: FileRecord) -> None:
        """Write the object's bytes, no more of them than were promised, and compare their sha256 with the record's."""
        digest, given_bytes = hashlib.sha256(), 0
        for chunk in self._bucket.chunks(record.path):
            digest.update(chunk)
            given_bytes += file.write(chunk)
            if given_bytes > record.bytes:
                break
        if (given_bytes, digest.hexdigest()) != (record.bytes, record.sha256):
            reason = f"its sha256 or length is not the one in {MANIFEST_NAME}"
            raise ArtefactCorrupt(f"{self._bucket.url}/{record.path}", reason, REMEDY)

    def _file(self, record: FileRecord) -> Path:
        """Return where a file belongs.

        Raises:
            ArtefactCorrupt: its path leads out of the folder.
        """
        file = self.path / record.path
        if ".." in file.parts or not file.is_relative_to(self.path):
            raise ArtefactCorrupt(f"{self._bucket.url}/{record.path}", "its path leads out of the folder", REMEDY)
        return file

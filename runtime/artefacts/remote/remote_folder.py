"""RemoteFolder: a folder on S3 that is mirrored file by file as files are needed.

Owns the mirror: nothing in it has another sha256 than its record, and nothing half-written has a file's own name. Each
release has a folder of its own there, so that none takes the places of another's files. What the files mean is for those
that open them.
"""

import hashlib
import shutil
import threading
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from runtime.artefacts.file_record import FileRecord, sha256_of
from runtime.artefacts.folder import stamp_of
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, ModelsManifest
from runtime.artefacts.releases.published_release import REMEDY, PublishedRelease
from runtime.artefacts.releases.release_file import RELEASE_NAME, ReleaseRecord
from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.picture_key import picture_key
from runtime.artefacts.whole_file import PART_SUFFIX, whole_file
from runtime.errors import ArtefactCorrupt, StorageTooSmall

KEPT_FREE_BYTES = 32 << 20  # left free in the file system for others, such as uploads, which are spooled to /tmp
SHOWN_DIGITS = 16  # of a manifest's sha256, for the name of its folder here
M = TypeVar("M", ModelsManifest, IndexManifest)


class RemoteFolder:
    """A folder on S3, mirrored below `path`. Threads may share it: they fetch one after the other.

    `published` is the release that says what is in it; without one, a `manifest.json` there does. `by_content` is whether
    its files lie under their sha256, as published pictures do.
    """

    published: PublishedRelease | None = None
    by_content = False

    def __init__(self, url: str, path: Path, setting: str) -> None:
        """Keep the address, and the name of the setting that it comes from; no request is made yet."""
        self._mirror = self.path = path.absolute()
        self.read_stamp: Hashable = None
        self.originals_by_content = False
        self.bucket = Bucket(url, f"Check {setting}, what is published there, and that the function may read it.")
        self._release: ReleaseRecord | None = None  # that its files belong to
        self._lock = threading.Lock()
        self._verified: dict[FileRecord, Hashable] = {}  # the stamps of files that had their record's sha256

    def read_models(self) -> ModelsManifest:
        """Return the manifest of the release in force; as it stands on S3 now where the release names no models.

        Raises:
            RemoteRefused: S3 did not give it.
            ArtefactCorrupt: it is not of this form.
        """
        release = self._read_release()
        return self._take(release, release.models) if release and release.models else self._read(ModelsManifest)

    def read_index(self) -> IndexManifest:
        """Return the manifest of the release in force, or as it stands on S3 now; raises as `read_models`."""
        release = self._read_release()
        return self._take(release, release.index) if release else self._read(IndexManifest)

    def stamp(self) -> Hashable:
        """Return ETag and time of the release, or of the manifest, as it stands on S3 now.

        Raises:
            RemoteRefused: S3 did not give it.
        """
        tag = self.published.tag() if self.published else None
        return tag or self.bucket.tag(MANIFEST_NAME)

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

    def keep_only(self, records: Iterable[FileRecord]) -> None:
        """Remove what was fetched of releases before: all but these files. What is open stays readable."""
        kept = {self._file(record) for record in records}
        with self._lock, suppress(OSError):  # another process may be doing the same
            for file in [path for path in self._mirror.rglob("*") if path.is_file() and path not in kept]:
                if not file.name.endswith(PART_SUFFIX):  # another process may be writing it
                    file.unlink(missing_ok=True)

    def hold(self, *records: FileRecord) -> None:
        """Do nothing: what is not fetched yet cannot be held, and what is fetched later is compared with its record."""

    def is_as_held(self, *records: FileRecord) -> bool:
        """Return True: nothing is held, so nothing differs from it."""
        return True

    def held(self, record: FileRecord) -> None:
        """Return None: the file that was fetched is at its path."""

    def _fetch(self, records: Sequence[FileRecord]) -> None:
        missing = [record for record in records if not self._is_here(record)]
        self._check_room(sum(record.bytes for record in missing))
        for record in missing:
            self._download(record)

    def _clear(self) -> None:
        self._verified.clear()
        shutil.rmtree(self._mirror, ignore_errors=True)

    def _read_release(self) -> ReleaseRecord | None:
        return self.published.read() if self.published else None

    def _take(self, release: ReleaseRecord, manifest: M) -> M:
        """Return the manifest; its files are those of the release from now on."""
        digest = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()
        self._release, self.path = release, self._mirror / digest[:SHOWN_DIGITS]
        self.originals_by_content = release.originals
        self.read_stamp = self._release_tag()
        return manifest

    def _release_tag(self) -> str | None:
        return self.published.read_tag if self.published else None

    def _read(self, form: type[M]) -> M:
        content = b"".join(self.bucket.chunks(MANIFEST_NAME))
        manifest = form.parse(content, f"{self.bucket.url}/{MANIFEST_NAME}", REMEDY)
        self.read_stamp = self._release_tag() or self.bucket.tags.get(MANIFEST_NAME)
        return manifest

    def _is_here(self, record: FileRecord) -> bool:
        """Return whether the file is here; one that another release or process has put in its place since is not."""
        file = self._file(record)
        stamp = stamp_of(file)
        if stamp is None or self._verified.get(record) == stamp:
            return stamp is not None
        if sha256_of(file) != record.sha256:
            return False
        self._verified[record] = stamp
        return True

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
        self._verified[record] = stamp_of(path)

    def _write(self, file: BinaryIO, record: FileRecord) -> None:
        """Write the object's bytes, no more of them than were promised, and compare their sha256 with the record's."""
        digest, given_bytes = hashlib.sha256(), 0
        for chunk in self.bucket.chunks(self._key(record)):
            digest.update(chunk)
            given_bytes += file.write(chunk)
            if given_bytes > record.bytes:
                break
        if (given_bytes, digest.hexdigest()) != (record.bytes, record.sha256):
            reason = f"its sha256 or length is not the one in {RELEASE_NAME if self._release else MANIFEST_NAME}"
            raise ArtefactCorrupt(f"{self.bucket.url}/{self._key(record)}", reason, REMEDY)

    def _key(self, record: FileRecord) -> str:
        if self._release:
            return self._release.key(record)
        return picture_key(record.sha256, record.path) if self.by_content else record.path

    def _file(self, record: FileRecord) -> Path:
        """Return where a file belongs.

        Raises:
            ArtefactCorrupt: its path leads out of the folder.
        """
        file = self.path / record.path
        if ".." in file.parts or not file.is_relative_to(self.path):
            raise ArtefactCorrupt(f"{self.bucket.url}/{record.path}", "its path leads out of the folder", REMEDY)
        return file

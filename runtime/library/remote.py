"""A library whose pictures lie on S3, fetched when they are asked for."""

import logging
from pathlib import Path

from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.folder import RemoteFolder
from runtime.errors import ArtefactError, ImageNotFound, RemoteRefused, StorageTooSmall
from runtime.library.catalog import Library

log = logging.getLogger(__name__)


class RemoteLibrary(Library):
    """A library whose pictures lie on S3. Those asked for are kept until the folder is full; then all make room."""

    def __init__(self, catalog: Path, pictures: RemoteFolder, image_base_url: str | None) -> None:
        """Open the catalogue, as `Library` does."""
        super().__init__(catalog, pictures.path, image_base_url)
        self._pictures = pictures

    def image_file(self, image_path: str) -> Path:
        """Return the file of a picture of this library, as it was when it was indexed.

        Raises:
            ImageNotFound: the catalogue has no such path, or S3 no such picture; the log has the cause.
        """
        row = self.row_by_path(image_path)
        record = FileRecord(path=row.image_path, bytes=row.bytes, sha256=row.sha256)
        try:
            self._fetch_picture(record)
        except (ArtefactError, RemoteRefused) as error:
            log.warning("no picture: %s", error)
            raise ImageNotFound(image_path) from error
        return super().image_file(image_path)

    def _fetch_picture(self, record: FileRecord) -> None:
        try:
            self._pictures.fetch(record)
        except StorageTooSmall:
            self._pictures.clear()
            self._pictures.fetch(record)

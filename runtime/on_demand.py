"""What of the models and the library is fetched when it is first needed, so that a search by words waits for neither.

Where everything lies on this machine already, fetching does nothing, and these are the plain encoder and library.
"""

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts import Folder, RemoteFolder
from runtime.blip import BlipCaptioner
from runtime.clip import ClipEncoder
from runtime.errors import ArtefactError, ImageNotFound, RemoteRefused, StorageTooSmall
from runtime.library import Library
from runtime.manifest import BlipRecord, ClipRecord
from runtime.records import FileRecord

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]


class ClipOnDemand(ClipEncoder):
    """CLIP's text tower, and its image tower from the first picture on."""

    def __init__(self, folder: Folder, record: ClipRecord, threads: int) -> None:
        """Fetch and open the text tower; raises as `ClipEncoder` and `Folder.fetch` do."""
        folder.fetch(*record.text.files(), record.tokenizer)
        super().__init__(folder.path, record, threads)
        self._folder, self._tower = folder, record.image

    def embed_pixels(self, pixels: NDArray[np.float32]) -> Vectors:
        """Return what `ClipEncoder.embed_pixels` does."""
        self._folder.fetch(*self._tower.files())
        return super().embed_pixels(pixels)

    def attribute(self, pixels: NDArray[np.float32]) -> tuple[Vectors, Vectors]:
        """Return what `ClipEncoder.attribute` does."""
        self._folder.fetch(*self._tower.files())
        return super().attribute(pixels)


def open_captioner(folder: Folder, record: BlipRecord, threads: int) -> BlipCaptioner:
    """Return the captioner, its files fetched."""
    folder.fetch(*record.vision.files(), *record.decoder.files(), record.tokenizer)
    return BlipCaptioner(folder.path, record, threads)


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

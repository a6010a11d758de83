"""What of the models and the library is fetched when it is first needed, so that a search by words waits for neither.

Where everything lies on this machine already, fetching does nothing, and these are the plain encoder and library.
"""

import logging

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.folder import Folder
from runtime.artefacts.manifest import BlipRecord, ClipRecord
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder

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

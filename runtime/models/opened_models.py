"""OpenedModels: the models of one manifest, opened once for all releases of an index that use them."""

import threading
from typing import TYPE_CHECKING

from runtime.artefacts.folder import Folder
from runtime.artefacts.manifest import ModelsManifest
from runtime.artefacts.model_records import BlipRecord
from runtime.models.batching import BatchingEncoder
from runtime.models.clip import ClipEncoder

if TYPE_CHECKING:
    from runtime.models.blip import BlipCaptioner


class OpenedModels:
    """The encoder, opened, and the captioner, whose files are held until it is needed. Any thread may ask."""

    def __init__(self, folder: Folder, manifest: ModelsManifest, *, threads: int, workers: int, cache_size: int) -> None:
        """Open what every search needs, for `workers` runs at a time of `threads` threads each; raises as `ClipEncoder`."""
        self.manifest, self._folder, self._threads = manifest, folder, threads
        if manifest.blip:
            folder.hold(*manifest.blip.files())
        encoder = ClipEncoder(folder, manifest.clip, threads)
        self.encoder = BatchingEncoder(encoder, cache_size=cache_size, workers=workers)
        self._opening = threading.Lock()
        self._captioner: BlipCaptioner | None = None

    def captioner(self, blip: BlipRecord) -> "BlipCaptioner":
        """Return the manifest's captioner, opened at the first call; raises as `BlipCaptioner`."""
        from runtime.models.blip import BlipCaptioner  # not for a search whose pictures have their captions

        with self._opening:
            if self._captioner is None:
                self._captioner = BlipCaptioner(self._folder, blip, self._threads)
            return self._captioner

"""Lookwhy's encoder, on its int8 export of the same checkpoint."""

from pathlib import Path

from benchmarks.peers.graphs import SHAPE
from runtime.artefacts.manifest import read_models_manifest
from runtime.images import open_image
from runtime.models.clip import ClipEncoder


class LookwhyEncoder:
    """The two towers, on one thread."""

    def __init__(self, graphs: Path) -> None:
        """Open the text tower; the image tower is opened for the first picture."""
        models = graphs / SHAPE
        self._encoder = ClipEncoder(models, read_models_manifest(models).clip)

    def embed_query(self, query: str) -> object:
        """Return a query's vector."""
        return self._encoder.embed_texts([query])

    def embed_picture(self, path: Path) -> object:
        """Return a picture's vector."""
        return self._encoder.embed_pixels(self._encoder.prepare(open_image(path, path.name))[None])


open_encoder = LookwhyEncoder

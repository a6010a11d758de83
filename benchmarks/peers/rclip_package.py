"""rclip, by its own package's model (PyPI: rclip), on graphs of its model's shape. Runs in rclip's environment alone."""

import os
from pathlib import Path
from typing import Any

from PIL import Image


class Rclip:
    """Its model, whose files are found where it would have downloaded them."""

    def __init__(self, graphs: Path) -> None:
        """Tell it where the files are; it opens each session when it is first needed."""
        os.environ["RCLIP_DATADIR"] = str(graphs / "rclip")
        from rclip.model import Model  # type: ignore[import-not-found]  # only in its environment

        self._model: Any = Model()

    def embed_query(self, query: str) -> object:
        """Return a query's vector."""
        return self._model.compute_text_features([query])

    def embed_picture(self, path: Path) -> object:
        """Return a picture's vector, with its own preprocessing."""
        with Image.open(path) as picture:
            return self._model.compute_image_features([picture])


open_encoder = Rclip

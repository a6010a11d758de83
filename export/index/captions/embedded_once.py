"""Texts that are asked of a library several times while it is measured, each of which is embedded once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from export.index.captions.words import EmbedTexts


class EmbeddedOnce:
    """An `EmbedTexts` that keeps every vector: some thousand short texts of one generation, 2 KB each.

    A third to a half of the questions that are drawn of captions were drawn before: "a boat", "the rain".
    """

    def __init__(self, embed_texts: EmbedTexts) -> None:
        """Take what embeds a text that is new."""
        self._embed_texts = embed_texts
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of n texts, (n, d) float32; n is at least 1."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors |= zip(new, self._embed_texts(new), strict=True)
        return np.stack([self._vectors[text] for text in texts])

"""SharedEncoder: what searches that run side by side embed with. Texts that meet share a run; known ones need none.

Wraps another encoder and is one itself, so that the engine sees no difference. Not for building an index: a vector that is
stored must not depend on its neighbours in a batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from runtime.models.batching import Meeting
from runtime.models.encoder import Encoder, Pixels, Vectors
from runtime.models.lru import Lru

if TYPE_CHECKING:
    from PIL.Image import Image


class SharedEncoder:
    """An `Encoder` over another one. Any thread may call any method.

    A run is remembered whole, by its tokens: what a text's vector is does not depend on which other runs it was part of. Of
    texts that shared a run, each is remembered as it came out. In int8 it is a little off (benchmarks/RESULTS.md says by how
    much), but a search and the explanation of its hits, asked a moment later, then speak of the same vector.
    """

    def __init__(self, encoder: Encoder, *, cache_size: int, lanes: int = 1) -> None:
        """Keep the encoder, up to `cache_size` of its text runs, and at most `lanes` of them under way at once."""
        self._encoder = encoder
        self._meeting = Meeting(encoder.embed_tokens, lanes=lanes)
        self._known: Lru[Vectors] = Lru(cache_size)

    def tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return what the encoder does."""
        return self._encoder.tokenize(texts)

    def embed_tokens(self, token_ids: NDArray[np.int64]) -> Vectors:
        """Return the vectors, (n, d), of tokenized texts; they are shared, so nobody may write to them."""
        key = (len(token_ids), token_ids.tobytes())
        vectors = self._known.get(key)
        if vectors is None:
            vectors = self._meeting.embed(token_ids).copy()  # not a part of a larger batch, which would be kept whole
            vectors.flags.writeable = False
            self._known.put(key, vectors)
        return vectors

    def prepare(self, image: "Image") -> Pixels:
        """Return what the encoder does."""
        return self._encoder.prepare(image)

    def embed_pixels(self, pixels: Pixels) -> Vectors:
        """Return what the encoder does."""
        return self._encoder.embed_pixels(pixels)

    def attribute(self, pixels: Pixels) -> tuple[Vectors, Vectors]:
        """Return what the encoder does."""
        return self._encoder.attribute(pixels)

    def seen_part(self, image: "Image") -> tuple[float, float, float, float]:
        """Return what the encoder does."""
        return self._encoder.seen_part(image)

"""What turns texts and pictures into vectors: the protocol that the engine calls. `clip.py` does it with CLIP."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

    from runtime.artefacts.model_records import Preprocessing

Pixels = NDArray[np.float32]
TokenIds = NDArray[np.int64]
Vectors = NDArray[np.float32]


class TextTokenizer(Protocol):
    """Texts to the ids that a text tower takes; `tokenizer.py` and `mapped_bpe.py` have one each, for two forms of files."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids, padded at their end."""
        ...

    def read_part(self, text: str) -> str:
        """Return the part of a text that `encode` keeps: all of it, or whole words from its beginning."""
        ...


class Encoder(Protocol):
    """Texts and pictures to unit vectors in one space, (d,) float32 each, so that a dot product is a cosine."""

    @property
    def preprocessing(self) -> "Preprocessing":
        """What `prepare` does to a picture."""
        ...

    @property
    def pad_token_id(self) -> int:
        """What texts are padded with, at their end."""
        ...

    def tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids."""
        ...

    def read_part(self, text: str) -> str:
        """Return the part of a text that its token ids hold: the beginning of one that is too long, else all."""
        ...

    def embed_tokens(self, token_ids: NDArray[np.int64]) -> Vectors:
        """Return the vectors, (n, d), of tokenized texts, in one run."""
        ...

    @property
    def shares_prefixes(self) -> bool:
        """Whether `embed_with_shortened` is one run, in which beginnings are shared; else it is two."""
        ...

    def embed_with_shortened(self, text: TokenIds, shortened: TokenIds) -> Vectors:
        """Return the vectors, (1 + n, d), of a tokenized text, (1, t), and of n shortened forms of it, (n, u)."""
        ...

    def prepare(self, image: "Image", scaled_from: tuple[int, int] | None = None) -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s); `scaled_from` is the whole's size where it was scaled."""
        ...

    def embed_pixels(self, pixels: Pixels) -> Vectors:
        """Return the vectors, (n, d), of (n, 3, s, s) prepared pixels."""
        ...

    def attribute(self, pixels: Pixels) -> tuple[Vectors, Vectors]:
        """Return the vector, (d,), of (3, s, s) prepared pixels, and what each patch contributes to it, (g, g, d)."""
        ...

    def seen_part(self, image: "Image") -> tuple[float, float, float, float]:
        """Return the part of a picture that is seen, (x0, y0, x1, y1) as fractions of its width and height."""
        ...

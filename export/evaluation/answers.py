"""What one folder of models says of described pictures: vectors and captions, by the runtime's own encoder and captioner.

Judges nothing. Every picture and every text is a run of its own, as when an index is built and searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.manifest import BlipRecord, ModelsManifest, read_models_manifest
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Caption:
    """A caption, as its token ids and as text; special tokens left out."""

    token_ids: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class Answers:
    """n pictures as (n, d) unit vectors, c human captions as (c, d), and n captions, or None without a captioner."""

    images: Vectors
    texts: Vectors
    captions: Sequence[Caption] | None


class AskedModels:
    """One opened folder, and what it has answered so far."""

    def __init__(self, models_dir: Path, threads: int) -> None:
        """Open the folder's graphs.

        Raises:
            ArtefactMissing, ArtefactCorrupt: the folder, or a file in it, is not what its manifest says.
            SessionFailed: a graph cannot be opened.
        """
        self.manifest: ModelsManifest = read_models_manifest(models_dir)
        self._encoder = ClipEncoder(models_dir, self.manifest.clip, threads)
        blip = self.manifest.blip
        self._captioner = _Captioner(models_dir, blip, threads) if blip else None
        self._images: list[Vectors] = []
        self._captions: list[Caption] = []
        self._vector_of: dict[str, Vectors] = {}

    def see(self, image: "Image") -> None:
        """Embed and caption one RGB picture."""
        self._images.append(self._encoder.embed_images([image]))
        if self._captioner:
            self._captions.append(self._captioner.caption(image))

    def read(self, text: str) -> None:
        """Embed one text, unless it was embedded before."""
        if text not in self._vector_of:
            self._vector_of[text] = self._encoder.embed_texts([text])

    def answers(self, texts: Sequence[str]) -> Answers:
        """Return what was said of all pictures, and of these texts, each of which was read."""
        vectors = np.concatenate([self._vector_of[text] for text in texts])
        return Answers(np.concatenate(self._images), vectors, self._captions if self._captioner else None)


class _Captioner:
    """A BlipCaptioner whose captions come with their token ids."""

    def __init__(self, models_dir: Path, record: BlipRecord, threads: int) -> None:
        self._captioner = BlipCaptioner(models_dir, record, threads)
        self._pad = record.pad_token_id
        self._tokenizer = Tokenizer(models_dir / record.tokenizer.path, record.max_tokens, self._pad)

    def caption(self, image: "Image") -> Caption:
        pixels = self._captioner.prepare(image)[None]
        [row] = self._captioner.decode(self._captioner.see(pixels), 1)
        token_ids = tuple(int(token_id) for token_id in row if token_id != self._pad)
        return Caption(token_ids, self._tokenizer.decode(token_ids))

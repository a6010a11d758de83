"""Runs one folder of models on captioned pictures: vectors and captions, by the runtime's own encoder and captioner.

Compares nothing. Every picture and every text is a run of its own, as when an index is built and searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.manifest import ModelsManifest, read_models_manifest
from runtime.artefacts.model_records import BlipRecord
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class TokenizedCaption:
    """A caption, as its token ids and as text; special tokens left out."""

    token_ids: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class ModelOutputs:
    """n pictures as (n, d) unit vectors, c human captions as (c, d), and n captions, or None without a captioner."""

    images: Vectors
    texts: Vectors
    captions: Sequence[TokenizedCaption] | None


class ImageTextEncoder(Protocol):
    """Embeds pictures and texts; `ClipEncoder` does."""

    def embed_images(self, images: "Sequence[Image]") -> Vectors:
        """Return (n, d) float32, each row of L2 norm 1."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32, each row of L2 norm 1."""


class TokenCaptioner(Protocol):
    """Captions a picture, and keeps the caption's token ids."""

    def caption(self, image: "Image") -> TokenizedCaption:
        """Return the caption of one RGB picture."""


class EvaluatedModels:
    """One folder of models, and its outputs so far."""

    def __init__(self, manifest: ModelsManifest, encoder: ImageTextEncoder, captioner: TokenCaptioner | None) -> None:
        """Evaluate this encoder and captioner; they run when a picture or a text is added."""
        self.manifest = manifest
        self._encoder, self._captioner = encoder, captioner
        self._images: list[Vectors] = []
        self._captions: list[TokenizedCaption] = []
        self._texts: dict[str, Vectors] = {}

    @classmethod
    def open(cls, models_dir: Path, threads: int) -> "EvaluatedModels":
        """Open a folder's graphs, and run none of them.

        Raises:
            ArtefactMissing, ArtefactCorrupt: the folder, or a file in it, is not what its manifest says.
            SessionFailed: a graph cannot be opened.
        """
        manifest = read_models_manifest(models_dir)
        encoder = ClipEncoder(models_dir, manifest.clip, threads)
        return cls(manifest, encoder, _Captioner(models_dir, manifest.blip, threads) if manifest.blip else None)

    def add_image(self, image: "Image") -> None:
        """Embed and caption one RGB picture."""
        self._images.append(self._encoder.embed_images([image]))
        if self._captioner:
            self._captions.append(self._captioner.caption(image))

    def add_text(self, text: str) -> None:
        """Embed one text, unless it was embedded before."""
        if text not in self._texts:
            self._texts[text] = self._encoder.embed_texts([text])

    def outputs(self, texts: Sequence[str]) -> ModelOutputs:
        """Return the outputs for all pictures, and for these texts, each of which was added."""
        vectors = np.concatenate([self._texts[text] for text in texts])
        return ModelOutputs(np.concatenate(self._images), vectors, self._captions if self._captioner else None)


class _Captioner:
    """The runtime's captioner, with the token ids that it drops."""

    def __init__(self, models_dir: Path, record: BlipRecord, threads: int) -> None:
        self._captioner = BlipCaptioner(models_dir, record, threads)
        self._pad = record.pad_token_id
        self._tokenizer = Tokenizer(models_dir / record.tokenizer.path, record.max_tokens, self._pad)

    def caption(self, image: "Image") -> TokenizedCaption:
        pixels = self._captioner.prepare(image)[None]
        [row] = self._captioner.decode(self._captioner.see(pixels), 1)
        token_ids = tuple(int(token_id) for token_id in row if token_id != self._pad)
        return TokenizedCaption(token_ids, self._tokenizer.decode(token_ids))

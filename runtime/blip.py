"""BlipCaptioner: a batch of images to captions, by one readable decoding loop over a key-value cache.

Knows the two BLIP graphs. The vision graph gives each decoder layer's cross-attention keys and values once an image; the
decoder graph takes one token and the cache, and gives the next token's logits and the longer cache. The first step is the
same graph with an empty cache.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.images import preprocess
from runtime.manifest import BlipRecord
from runtime.sessions import Session
from runtime.text import Tokenizer

if TYPE_CHECKING:
    from PIL.Image import Image

Tensors = dict[str, NDArray[Any]]


class BlipCaptioner:
    """BLIP's captioning: greedy, at most `max_tokens` tokens (the manifest's)."""

    def __init__(self, models_dir: Path, record: BlipRecord, threads: int = 1) -> None:
        """Open both graphs and the tokenizer.

        Raises:
            SessionFailed: a graph cannot be opened.
            ArtefactCorrupt: the tokenizer file is none.
        """
        self._record = record
        self._tokenizer = Tokenizer(models_dir / record.tokenizer.path, record.max_tokens, record.pad_token_id)
        self._vision = Session(models_dir / record.vision.path, threads)
        self._decoder = Session(models_dir / record.decoder.path, threads)
        caches = [f"{part}_{layer}" for layer in range(record.layers) for part in ("key", "value")]
        self._past_names = [f"past_{cache}" for cache in caches]
        self._decoder_outputs = ["logits", *(f"present_{cache}" for cache in caches)]

    def prepare(self, image: "Image") -> NDArray[np.float32]:
        """Return the vision graph's pixels of an RGB picture: (3, s, s) float32. Needs no graph, so any thread may."""
        return preprocess(image, self._record.preprocessing)

    def caption_images(self, images: Sequence["Image"]) -> list[str]:
        """Caption RGB pictures of any size, in one batch."""
        return self.caption_pixels(np.stack([self.prepare(image) for image in images])) if images else []

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        """Caption prepared pictures, in one batch.

        The decoder reads its weights once a token for all rows; the int8 graph also scales activations over all rows, so
        whoever needs a caption that no neighbour can touch passes one picture at a time.

        Args:
            pixels: (n, 3, s, s) float32, each as `prepare` returns it; n is at least 1.

        Returns:
            n captions, special tokens left out.

        Raises:
            SessionFailed: onnxruntime refused the batch.
        """
        token_ids = self.decode(self.see(pixels), len(pixels))
        return [self._tokenizer.decode(row[row != self._record.pad_token_id]) for row in token_ids]

    def see(self, pixels: NDArray[np.float32]) -> Tensors:
        """Return every decoder layer's cross-attention keys and values, by name; the batch is axis 0 of each.

        One picture a run: five in a batch take as long as five runs, and need five times the memory.
        """
        names = self._vision.output_names
        states = self._vision.run(names, {"pixel_values": pixels[:1]})
        if len(pixels) == 1:
            return dict(zip(names, states, strict=True))
        # Filled row by row: of 42 MB a picture in BLIP base, a second copy of the whole batch would be the process's peak.
        batch = [np.empty((len(pixels), *state.shape[1:]), state.dtype) for state in states]
        for at in range(len(pixels)):
            for rows, state in zip(batch, states, strict=True):
                rows[at] = state[0]
            states = self._vision.run(names, {"pixel_values": pixels[at + 1 : at + 2]}) if at + 1 < len(pixels) else []
        return dict(zip(names, batch, strict=True))

    def decode(self, cross: Tensors, batch: int) -> NDArray[np.int64]:
        """Return the greedy continuation of the start token for each row.

        Args:
            cross: what `see` returned for the batch's n pictures.
            batch: n.

        Returns:
            (n, t) int64, t at most `max_tokens`; a finished row holds pad tokens from its end token on.
        """
        record = self._record
        last = np.full(batch, record.start_token_id, dtype=np.int64)  # (n,) the tokens decoded last
        past = self._empty_past(batch)
        alive = np.ones(batch, dtype=bool)
        decoded = []
        for _ in range(record.max_tokens):
            logits, *present = self._decoder.run(self._decoder_outputs, {"input_ids": last[:, None], **past, **cross})
            past = dict(zip(self._past_names, present, strict=True))
            last = logits.argmax(axis=-1)  # (n,) the most likely token: softmax would keep the order
            alive &= last != record.end_token_id
            if not alive.any():
                break
            decoded.append(np.where(alive, last, record.pad_token_id))
        return np.stack(decoded, axis=1) if decoded else np.empty((batch, 0), dtype=np.int64)

    def _empty_past(self, batch: int) -> Tensors:
        shape = (batch, self._record.heads, 0, self._record.head_width)
        return {name: np.empty(shape, dtype=np.float32) for name in self._past_names}

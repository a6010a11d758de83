"""Runs the trained models by torch in fp32, as the benchmark's three functions; exported models are compared with them.

Owns decoding and resizing as the reference image processors do it. Imports torch and transformers.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import normalize
from transformers import BlipForConditionalGeneration, CLIPModel, PreTrainedTokenizerFast

from export.storybook.augment import standardize
from export.storybook.models import MAX_CAPTION_TOKENS
from export.storybook.training_set import INPUT_SIDE_PX

_BATCH = 100


def decode_pictures(files: Sequence[bytes]) -> NDArray[np.uint8]:
    """Decode square pictures to (n, 112, 112, 3) uint8, resized as CLIP's and BLIP's processors do."""
    side = (INPUT_SIDE_PX, INPUT_SIDE_PX)
    pictures = (Image.open(BytesIO(file)).convert("RGB") for file in files)
    return np.stack([np.asarray(picture.resize(side, Image.Resampling.BICUBIC)) for picture in pictures])


class ClipReference:
    """`EmbedTexts` and `EmbedImages` by torch."""

    def __init__(self, model: CLIPModel, tokenizer: PreTrainedTokenizerFast) -> None:
        self._model = model
        self._tokenizer = tokenizer

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts -> (n, d) float32 of L2 norm 1."""
        rows = []
        for start in range(0, len(texts), 5 * _BATCH):
            batch = list(texts[start : start + 5 * _BATCH])
            tokens = self._tokenizer(batch, padding=True, return_tensors="pt")
            rows.append(normalize(self._model.get_text_features(**tokens), dim=-1))
        return np.asarray(torch.cat(rows).numpy())

    @torch.no_grad()
    def embed_images(self, files: Sequence[bytes]) -> NDArray[np.float32]:
        """n encoded pictures -> (n, d) float32 of L2 norm 1."""
        features = [self._model.get_image_features(pixel_values=batch) for batch in _batches(files)]
        return np.asarray(normalize(torch.cat(features), dim=-1).numpy())


class BlipReference:
    """`CaptionImages` by torch, with greedy decoding."""

    def __init__(self, model: BlipForConditionalGeneration, tokenizer: PreTrainedTokenizerFast) -> None:
        self._model = model
        self._tokenizer = tokenizer

    @torch.no_grad()
    def caption_images(self, files: Sequence[bytes]) -> list[str]:
        """n encoded pictures -> n captions."""
        captions: list[str] = []
        for batch in _batches(files):
            tokens = self._model.generate(pixel_values=batch, max_length=MAX_CAPTION_TOKENS, num_beams=1, do_sample=False)
            captions += self._tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return captions


def _batches(files: Sequence[bytes]) -> Iterator[torch.Tensor]:
    for start in range(0, len(files), _BATCH):
        yield standardize(decode_pictures(files[start : start + _BATCH]))

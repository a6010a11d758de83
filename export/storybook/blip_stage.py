"""BLIP's stage: learn to caption from exact captions, and to see from the boxes.

Owns BLIP's batches and losses. Heavy imports: torch and transformers.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BlipForConditionalGeneration, PreTrainedTokenizerFast

from export.storybook.augment import augmented_batch
from export.storybook.benchmark import EvaluationSet, score_captions
from export.storybook.captions import exact_caption
from export.storybook.models import blip_image_processor
from export.storybook.patches import PatchTask
from export.storybook.recipe import Step
from export.storybook.reference import BlipReference
from export.storybook.stage import Stage, StepLoss
from export.storybook.training_set import TrainingSet

_SEED_SPACE = 1
_IGNORED = -100
# Part of the caption that the decoder reads is hidden or replaced, so that it looks at the picture instead of its own
# habits: without it a white balloon, held out of training, is captioned "a white kite" (the spike).
_CORRUPTED = 0.3


class BlipStage(Stage):
    """BLIP and its patch task."""

    name = "blip"

    def __init__(
        self,
        model: BlipForConditionalGeneration,
        tokenizer: PreTrainedTokenizerFast,
        pool: TrainingSet,
        album: EvaluationSet,
        *,
        batch: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.model = model
        self.patch_task = PatchTask()
        self._tokenizer = tokenizer
        self._pool = pool
        self._album = album
        self._batch = batch
        self._seed = seed
        self._captions = _tokenize(tokenizer, [exact_caption(scene) for scene in pool.scenes])

    def loss(self, step: Step) -> StepLoss:
        """Cross-entropy of the captions' tokens, and the patch task's."""
        rng = np.random.default_rng([self._seed, _SEED_SPACE, step.number])
        indices = self._indices(step.number)
        batch = augmented_batch(self._pool, indices, rng)
        tokens = _padded(self._captions[indices], self._tokenizer.pad_token_id)
        mask = tokens != self._tokenizer.pad_token_id
        labels = np.where(mask, tokens, _IGNORED)
        inputs = self._corrupted(tokens, rng)
        with torch.autocast("cpu", torch.bfloat16):
            output = self.model(
                pixel_values=batch.pixels,
                input_ids=torch.from_numpy(inputs),
                attention_mask=torch.from_numpy(mask.astype(np.int64)),
                labels=torch.from_numpy(labels),
            )
            patches = self.patch_task(output.last_hidden_state[:, 1:], batch.boxes)
        return StepLoss(output.loss, patches, len(indices))

    def evaluate(self) -> dict[str, float]:
        """Caption figures on the album."""
        figures = score_captions(self._album, BlipReference(self.model, self._tokenizer).caption_images)
        return {name: round(value, 4) for name, value in figures.items()}

    def save(self, folder: Path) -> None:
        """Write the model, tokenizer and preprocessor as an ordinary Hugging Face folder."""
        self.model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        blip_image_processor().save_pretrained(folder)

    def _indices(self, step: int) -> NDArray[np.int64]:
        """The step's pictures: epochs in a new order each, without the rest that does not fill a batch."""
        steps_per_epoch = max(1, len(self._pool.scenes) // self._batch)
        epoch, place = divmod(step, steps_per_epoch)
        order = np.random.default_rng([self._seed, _SEED_SPACE, 0, epoch]).permutation(len(self._pool.scenes))
        return np.sort(order[place * self._batch : (place + 1) * self._batch])

    def _corrupted(self, tokens: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """The decoder's inputs: some of the tokens masked, as many replaced by any word."""
        pad, mask = self._tokenizer.pad_token_id, self._tokenizer.mask_token_id
        chosen = (rng.random(tokens.shape) < _CORRUPTED) & (tokens != pad)
        chosen[:, 0] = False
        words = rng.integers(mask + 1, self._tokenizer.bos_token_id, tokens.shape)
        noise = np.where(rng.random(tokens.shape) < 0.5, mask, words)
        return np.where(chosen, noise, tokens)


def _tokenize(tokenizer: PreTrainedTokenizerFast, captions: list[str]) -> NDArray[np.object_]:
    """Each caption as [DEC] words [SEP]."""
    words = tokenizer(captions, add_special_tokens=False)["input_ids"]
    tokens = np.empty(len(captions), object)
    tokens[:] = [np.array([tokenizer.bos_token_id, *ids, tokenizer.sep_token_id]) for ids in words]
    return tokens


def _padded(rows: NDArray[np.object_], pad: int) -> NDArray[np.int64]:
    """Rows of tokens -> (n, t) int64, filled up with `pad`."""
    tokens = np.full((len(rows), max(map(len, rows))), pad, np.int64)
    for index, row in enumerate(rows):
        tokens[index, : len(row)] = row
    return tokens

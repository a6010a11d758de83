"""BLIP's training stage: captions are learned from exact captions, objects and colours from boxes.

Owns BLIP's batches and losses. Imports torch and transformers.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BlipForConditionalGeneration, PreTrainedTokenizerFast

from export.storybook.augment import augmented_batch
from export.storybook.benchmark import score_captions
from export.storybook.captions import exact_caption
from export.storybook.models import blip_image_processor
from export.storybook.recipe import Step
from export.storybook.reference import BlipReference
from export.storybook.stage import Stage, StageInputs, StepLoss

_SEED_SPACE = 1
_IGNORED = -100
# This fraction of the caption that the decoder reads is masked or replaced, so that it must look at the picture. Otherwise a
# white balloon, a combination held out of training, was captioned "a white kite".
_CORRUPTED = 0.3


class BlipStage(Stage):
    """BLIP and its patch task."""

    name = "blip"

    model: BlipForConditionalGeneration
    image_processor = staticmethod(blip_image_processor)

    def __init__(self, model: BlipForConditionalGeneration, inputs: StageInputs) -> None:
        super().__init__(model, inputs)
        self._captions = _tokenize(inputs.tokenizer, [exact_caption(scene) for scene in inputs.training_set.scenes])

    def loss(self, step: Step) -> StepLoss:
        """Return the cross-entropy of the captions' tokens, and the patch task's loss."""
        rng = np.random.default_rng([self.inputs.seed, _SEED_SPACE, step.number])
        indices = self._indices(step.number)
        batch = augmented_batch(self.inputs.training_set, indices, rng)
        tokens = _padded(self._captions[indices], self.inputs.tokenizer.pad_token_id)
        mask = tokens != self.inputs.tokenizer.pad_token_id
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
        """Return the caption figures of the evaluation set."""
        figures = score_captions(self.inputs.evaluation_set, BlipReference(self.model, self.inputs.tokenizer).caption_images)
        return {name: round(value, 4) for name, value in figures.items()}

    def _indices(self, step: int) -> NDArray[np.int64]:
        """Return the step's pictures: each epoch has its own order, and leaves out the rest that does not fill a batch."""
        steps_per_epoch = max(1, len(self.inputs.training_set.scenes) // self.inputs.batch)
        epoch, place = divmod(step, steps_per_epoch)
        order = np.random.default_rng([self.inputs.seed, _SEED_SPACE, 0, epoch]).permutation(
            len(self.inputs.training_set.scenes)
        )
        return np.sort(order[place * self.inputs.batch : (place + 1) * self.inputs.batch])

    def _corrupted(self, tokens: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the decoder's inputs: some tokens are masked, as many are replaced by random words."""
        pad, mask = self.inputs.tokenizer.pad_token_id, self.inputs.tokenizer.mask_token_id
        chosen = (rng.random(tokens.shape) < _CORRUPTED) & (tokens != pad)
        chosen[:, 0] = False
        words = rng.integers(mask + 1, self.inputs.tokenizer.bos_token_id, tokens.shape)
        noise = np.where(rng.random(tokens.shape) < 0.5, mask, words)
        return np.where(chosen, noise, tokens)


def _tokenize(tokenizer: PreTrainedTokenizerFast, captions: list[str]) -> NDArray[np.object_]:
    """Return each caption as token ids: [DEC], its words, [SEP]."""
    words = tokenizer(captions, add_special_tokens=False)["input_ids"]
    tokens = np.empty(len(captions), object)
    tokens[:] = [np.array([tokenizer.bos_token_id, *ids, tokenizer.sep_token_id]) for ids in words]
    return tokens


def _padded(rows: NDArray[np.object_], pad: int) -> NDArray[np.int64]:
    """Return rows of tokens as (n, t) int64, padded with `pad`."""
    tokens = np.full((len(rows), max(map(len, rows))), pad, np.int64)
    for index, row in enumerate(rows):
        tokens[index, : len(row)] = row
    return tokens

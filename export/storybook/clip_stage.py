"""CLIP's training stage: pictures are matched with captions and queries, in batches of hard negatives.

Owns CLIP's batches and losses. Imports torch and transformers.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy, normalize
from transformers import CLIPModel

from export.storybook.augment import augmented_batch
from export.storybook.benchmark import search_figures
from export.storybook.captions import exact_caption
from export.storybook.facts import Facts, encode_facts, truth_table
from export.storybook.hard_batches import HardBatches
from export.storybook.models import clip_image_processor
from export.storybook.queries import Query, paraphrase, partial_query, short_query
from export.storybook.recipe import Step
from export.storybook.reference import ClipReference
from export.storybook.scenes import Scene
from export.storybook.stage import Stage, StageInputs, StepLoss

_SEED_SPACE = 2
_MAX_LOGIT_SCALE = log(100)  # as in CLIP's paper (Radford et al. 2021, section 2.5)
_TOWER_SHARE = 0.6
_EXACT_CAPTIONS = 0.5
_WEIGHTS = (0.4, 0.3, 0.3)
"""Weights in the loss: of the complete, the partial and the short texts."""

_FALSE_NEGATIVE = -1e4


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of one kind for the pictures of a batch, in their order."""

    ids: torch.Tensor
    mask: torch.Tensor
    true: torch.Tensor
    """(n, n) bool: text i is true of picture j."""


class ClipStage(Stage):
    """CLIP and its patch task. A model with other towers or another loss overrides the four methods that name them."""

    name = "clip"
    padding: bool | str = True
    """As transformers' tokenizers take it: to the longest text of a batch."""

    model: CLIPModel
    image_processor = staticmethod(clip_image_processor)

    def __init__(self, model: CLIPModel, inputs: StageInputs) -> None:
        super().__init__(model, inputs)
        self._batches = HardBatches(inputs.training_set.scenes, inputs.batch)
        self._facts = encode_facts([Facts.of_scene(scene) for scene in inputs.training_set.scenes])

    def loss(self, step: Step) -> StepLoss:
        """Return the contrastive loss over three texts for each picture, and the patch task's loss."""
        rng = np.random.default_rng([self.inputs.seed, _SEED_SPACE, step.number])
        indices = self._batches.sample(rng)
        batch = augmented_batch(self.inputs.training_set, indices, rng)
        kinds = self._texts(indices, random.Random(f"texts:{self.inputs.seed}:{step.number}"))
        with torch.autocast("cpu", torch.bfloat16):
            features, tokens = self.embed_images(batch.pixels)
            texts = [self.embed_texts(kind) for kind in kinds]
            patches = self.patch_task(tokens, batch.boxes)
        images = normalize(features.float(), dim=-1)
        own_loss = images.new_zeros(())
        for weight, text, kind in zip(_WEIGHTS, texts, kinds, strict=True):
            own_loss = own_loss + weight * self.pair_loss(normalize(text.float(), dim=-1), images, kind.true)
        return StepLoss(own_loss, patches, len(indices))

    def embed_images(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, s, s) -> the images' vectors, (n, d), and their patches after the last norm, (n, p, w)."""
        vision = self.model.vision_model(pixel_values=pixels)
        patches = self.model.vision_model.post_layernorm(vision.last_hidden_state[:, 1:])
        return self.model.visual_projection(vision.pooler_output), patches

    def embed_texts(self, texts: Texts) -> torch.Tensor:
        """Return the texts' vectors, (n, d)."""
        features: torch.Tensor = self.model.get_text_features(input_ids=texts.ids, attention_mask=texts.mask)
        return features

    def pair_loss(self, texts: torch.Tensor, images: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        """Return the loss of all pairs of (n, d) texts and (n, d) images of norm 1; `true`, (n, n) bool: i is true of j."""
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, _MAX_LOGIT_SCALE)
        return contrastive_loss(self.model.logit_scale.exp() * texts @ images.T, true)  # (n, d) @ (d, n) -> (n, n)

    def evaluate(self) -> dict[str, float]:
        """Return the search figures of the evaluation set."""
        reference = ClipReference(self.model, self.inputs.tokenizer)
        figures = search_figures(self.inputs.evaluation_set, reference.embed_texts, reference.embed_images)
        return {name: round(value, 4) for name, value in figures.items()}

    def learning_rate_share(self, parameter: str) -> float:
        """Return less than 1 for the vision tower: it starts trained, and learns more slowly than the rest."""
        return _TOWER_SHARE if parameter.startswith("model.vision_model.") else 1.0

    def _texts(self, indices: NDArray[np.int64], rng: random.Random) -> list[Texts]:
        """Return complete, partial and short texts for the pictures."""
        scenes = [self.inputs.training_set.scenes[index] for index in indices]
        facts = self._facts[indices]
        writers = (_complete, partial_query, short_query)
        return [self._tokenized([write(scene, rng) for scene in scenes], facts) for write in writers]

    def _tokenized(self, queries: Sequence[Query], scenes: NDArray[np.int16]) -> Texts:
        tokens = self.inputs.tokenizer([query.text for query in queries], padding=self.padding, return_tensors="pt")
        true = truth_table(encode_facts([query.facts for query in queries]), scenes)
        return Texts(tokens["input_ids"], tokens["attention_mask"], torch.from_numpy(true))


def contrastive_loss(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Return CLIP's symmetric loss, extended to texts that are true of several pictures.

    A text should match all pictures of which it is true equally. A picture should match its own text; other texts that are
    true of it are left out, because they are not wrong.

    Args:
        logits: (n, n) float32, text i against picture j; text i was made for picture i.
        true: (n, n) bool, at least the diagonal.
    """
    targets = true.float() / true.sum(1, keepdim=True)
    text_to_image = -(targets * logits.log_softmax(1)).sum(1).mean()
    own = torch.eye(len(true), dtype=torch.bool)
    open_logits = logits.T.masked_fill(true.T & ~own, _FALSE_NEGATIVE)
    image_to_text = cross_entropy(open_logits, torch.arange(len(true)))
    return (text_to_image + image_to_text) / 2


def _complete(scene: Scene, rng: random.Random) -> Query:
    if rng.random() < _EXACT_CAPTIONS:
        return Query(exact_caption(scene), Facts.of_scene(scene))
    return paraphrase(scene, rng)

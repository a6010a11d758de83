"""CLIP's stage: learn to match pictures with captions and queries, from batches in which the wrong ones are close.

Owns CLIP's batches and losses. Heavy imports: torch and transformers.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy, normalize
from transformers import CLIPModel, PreTrainedTokenizerFast

from export.storybook.augment import augmented_batch
from export.storybook.benchmark import EvaluationSet, search_figures
from export.storybook.captions import exact_caption
from export.storybook.facts import Facts, encode_facts, truth_table
from export.storybook.hard_batches import HardBatches
from export.storybook.models import clip_image_processor
from export.storybook.patches import PatchTask
from export.storybook.queries import Query, paraphrase, partial_query, short_query
from export.storybook.recipe import Step
from export.storybook.reference import ClipReference
from export.storybook.scenes import Scene
from export.storybook.stage import Stage, StepLoss
from export.storybook.training_set import TrainingSet

_SEED_SPACE = 2
_MAX_LOGIT_SCALE = log(100)  # as in CLIP's paper (Radford et al. 2021, section 2.5)
_TOWER_SHARE = 0.6
_EXACT_CAPTIONS = 0.5
_WEIGHTS = (0.4, 0.3, 0.3)
"""Of the complete, the partial and the short texts in the loss."""

_FALSE_NEGATIVE = -1e4


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts of one kind for the pictures of a batch, in their order."""

    ids: torch.Tensor
    mask: torch.Tensor
    true: torch.Tensor
    """(n, n) bool: text i is true of picture j."""


class ClipStage(Stage):
    """CLIP and its patch task."""

    name = "clip"

    def __init__(
        self,
        model: CLIPModel,
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
        self._seed = seed
        self._batches = HardBatches(pool.scenes, batch)
        self._facts = encode_facts([Facts.of_scene(scene) for scene in pool.scenes])

    def loss(self, step: Step) -> StepLoss:
        """Contrastive loss over three texts for each picture, and the patch task's."""
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, _MAX_LOGIT_SCALE)
        rng = np.random.default_rng([self._seed, _SEED_SPACE, step.number])
        indices = self._batches.sample(rng)
        batch = augmented_batch(self._pool, indices, rng)
        kinds = self._texts(indices, random.Random(f"texts:{self._seed}:{step.number}"))
        with torch.autocast("cpu", torch.bfloat16):
            vision = self.model.vision_model(pixel_values=batch.pixels)
            images = self.model.visual_projection(vision.pooler_output)
            texts = [self.model.get_text_features(input_ids=kind.ids, attention_mask=kind.mask) for kind in kinds]
            tokens = self.model.vision_model.post_layernorm(vision.last_hidden_state[:, 1:])
            patches = self.patch_task(tokens, batch.boxes)
        images = normalize(images.float(), dim=-1)
        scale = self.model.logit_scale.exp()
        own = images.new_zeros(())
        for weight, text, kind in zip(_WEIGHTS, texts, kinds, strict=True):
            logits = scale * normalize(text.float(), dim=-1) @ images.T  # (n, d) @ (d, n) -> (n, n)
            own = own + weight * contrastive_loss(logits, kind.true)
        return StepLoss(own, patches, len(indices))

    def evaluate(self) -> dict[str, float]:
        """Search figures on the album."""
        reference = ClipReference(self.model, self._tokenizer)
        figures = search_figures(self._album, reference.embed_texts, reference.embed_images)
        return {name: round(value, 4) for name, value in figures.items()}

    def save(self, folder: Path) -> None:
        """Write the model, tokenizer and preprocessor as an ordinary Hugging Face folder."""
        self.model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        clip_image_processor().save_pretrained(folder)

    def learning_rate_share(self, parameter: str) -> float:
        """The tower, which comes trained, learns more slowly than the rest."""
        return _TOWER_SHARE if parameter.startswith("model.vision_model.") else 1.0

    def _texts(self, indices: NDArray[np.int64], rng: random.Random) -> list[_Texts]:
        """Complete, partial and short texts for the pictures."""
        scenes = [self._pool.scenes[index] for index in indices]
        facts = self._facts[indices]
        asks = (_complete, partial_query, short_query)
        return [self._tokenized([ask(scene, rng) for scene in scenes], facts) for ask in asks]

    def _tokenized(self, queries: Sequence[Query], scenes: NDArray[np.int16]) -> _Texts:
        tokens = self._tokenizer([query.text for query in queries], padding=True, return_tensors="pt")
        true = truth_table(encode_facts([query.facts for query in queries]), scenes)
        return _Texts(tokens["input_ids"], tokens["attention_mask"], torch.from_numpy(true))


def contrastive_loss(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """CLIP's symmetric loss where a text may be true of several pictures.

    A text should find all the pictures it is true of alike. A picture should find its own text; other texts that are
    true of it are left out, as they are not wrong.

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

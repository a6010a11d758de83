"""The sibling's training stage: the pictures and texts of the sample CLIP's, with SigLIP's towers and loss.

Imports torch and transformers.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import logsigmoid, normalize
from transformers import SiglipModel

from benchmarks.models.siglip_sample.model import siglip_image_processor
from export.storybook.benchmark import search_figures
from export.storybook.clip_stage import ClipStage, Texts
from export.storybook.reference import ClipReference
from export.storybook.stage import StageInputs

LOGIT_SHARE = 5.0
TO_CONTEXT = "max_length"


class SiglipStage(ClipStage):
    """SigLIP and its patch task."""

    name = "siglip"
    padding = TO_CONTEXT
    image_processor = staticmethod(siglip_image_processor)

    model: SiglipModel

    def __init__(self, model: SiglipModel, inputs: StageInputs, tokenizer_files: Path) -> None:
        super().__init__(model, inputs)
        self._tokenizer_files = tokenizer_files

    def embed_images(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, s, s) -> the images' vectors, (n, d), and their patches after the last norm, (n, p, w)."""
        vision = self.model.vision_model(pixel_values=pixels)
        return vision.pooler_output, vision.last_hidden_state

    def embed_texts(self, texts: Texts) -> torch.Tensor:
        """Return the texts' vectors, (n, d); padding is read like words, so there is no mask."""
        features: torch.Tensor = self.model.get_text_features(input_ids=texts.ids)
        return features

    def pair_loss(self, texts: torch.Tensor, images: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        """Return SigLIP's loss: each pair is a question of its own, whether the text is true of the picture.

        Zhai et al. 2023 (arXiv 2303.15343), algorithm 1, with every text that is true of a picture in the place of its own.
        """
        logits = self.model.logit_scale.exp() * texts @ images.T + self.model.logit_bias  # (n, n)
        return -logsigmoid(torch.where(true, logits, -logits)).sum() / len(true)

    def evaluate(self) -> dict[str, float]:
        """Return the search figures of the evaluation set, and the mean probability of its true and its other pairs."""
        reference = SiglipReference(self.model, self.inputs.tokenizer)
        evaluation_set = self.inputs.evaluation_set
        figures = search_figures(evaluation_set, reference.embed_texts, reference.embed_images)
        scale, bias = self.model.logit_scale.exp().item(), self.model.logit_bias.item()
        return {name: round(value, 4) for name, value in (figures | {"scale": scale, "bias": bias}).items()}

    def learning_rate_share(self, parameter: str) -> float:
        """Return less than 1 for the vision tower, as in CLIP's stage; more for the scale and bias of the logits.

        AdamW moves a parameter by about its rate a step, which is little beside 3 and -10.
        """
        return LOGIT_SHARE if ".logit_" in parameter else super().learning_rate_share(parameter)

    def save(self, folder: Path) -> None:
        """Write an ordinary checkpoint folder; the tokenizer as it was trained, before the exporter adds to it."""
        self.model.save_pretrained(folder)
        siglip_image_processor().save_pretrained(folder)
        for file in self._tokenizer_files.iterdir():
            shutil.copy(file, folder)


class SiglipReference(ClipReference):
    """`EmbedTexts` and `EmbedImages` by torch, for SigLIP."""

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts -> (n, d) float32 of L2 norm 1."""
        tokens = self._tokenizer(list(texts), padding=TO_CONTEXT, truncation=True, return_tensors="pt")["input_ids"]
        rows = [normalize(self._model.get_text_features(input_ids=part), dim=-1) for part in tokens.split(500)]
        return np.asarray(torch.cat(rows).numpy())

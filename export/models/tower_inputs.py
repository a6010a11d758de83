"""Inputs and outputs of text and image towers as optimum wants them: names, axes that may change, inputs to trace with.

Owns the configurations that CLIP and SigLIP share. optimum's own for a tower with its projection expect other outputs.
"""

from typing import ClassVar

from optimum.exporters.onnx.config import TextEncoderOnnxConfig, VisionOnnxConfig
from optimum.utils import NormalizedTextConfig, NormalizedVisionConfig
from torch import Tensor


class TextTowerOnnxConfig(TextEncoderOnnxConfig):
    """A text graph that takes texts of any length."""

    NORMALIZED_CONFIG_CLASS = NormalizedTextConfig
    inputs: ClassVar = {"input_ids": {0: "texts", 1: "tokens"}}
    outputs: ClassVar = {"embedding": {0: "texts"}}


class FixedLengthTextTowerOnnxConfig(TextTowerOnnxConfig):
    """A text graph that takes texts of the context length alone."""

    inputs: ClassVar = {"input_ids": {0: "texts"}}

    def generate_dummy_inputs(self, framework: str = "pt", **shapes: int) -> dict[str, Tensor]:
        """Return token ids of that length."""
        length = {"sequence_length": self._config.max_position_embeddings}
        inputs: dict[str, Tensor] = super().generate_dummy_inputs(framework, **shapes | length)
        return inputs


class ImageTowerOnnxConfig(VisionOnnxConfig):
    """An image graph."""

    NORMALIZED_CONFIG_CLASS = NormalizedVisionConfig
    inputs: ClassVar = {"pixel_values": {0: "images"}}
    outputs: ClassVar = {"embedding": {0: "images"}, "patch_contributions": {0: "images"}}

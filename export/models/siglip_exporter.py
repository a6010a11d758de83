"""Exports SigLIP and SigLIP 2 of fixed resolution: an `EncoderExporter` and a `FamilyExporter`, as CLIP's is.

Owns what differs from CLIP: every text has the context length, each pair has a log-odds, and cosines lie lower. Torch is
imported when it is used. Constructing the exporter runs no model.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from export.models.checkpoints import Checkpoint
from export.models.encoder_exporter import EncoderExporter, EncoderFacts
from export.models.mapped_bpe_file import maps
from export.models.parity import Outputs
from runtime.artefacts.model_records import CosineLevels
from runtime.models.mapped_bpe import SUFFIX as MAPPED_SUFFIX

if TYPE_CHECKING:
    from transformers import SiglipModel


class SiglipExporter(EncoderExporter):
    """Exports SigLIP: texts and images to vectors."""

    graphs: tuple[str, ...] = ("siglip/text.onnx", "siglip/image.onnx")

    def __init__(self, checkpoint: Checkpoint, model: "SiglipModel") -> None:
        text, vision = model.config.text_config, model.config.vision_config
        scale, bias = model.logit_scale.exp().item(), model.logit_bias.item()
        is_mapped = maps(checkpoint.tokenizer.backend_tokenizer)
        self.tokenizer = f"siglip/tokenizer{MAPPED_SUFFIX if is_mapped else '.json'}"
        facts = EncoderFacts(
            dimension=text.projection_size,
            context_length=text.max_position_embeddings,
            pad_token_id=checkpoint.tokenizer.pad_token_id,
            padded_to=text.max_position_embeddings,
            logit_scale=scale,
            logit_bias=bias,
            patch_grid=vision.image_size // vision.patch_size,
            cosine_levels=levels_by_log_odds(scale, bias),
        )
        super().__init__(checkpoint, facts)

    def write_graphs(self, model: "SiglipModel", folder: Path) -> None:
        """Trace both towers."""
        from export.models.siglip import write_siglip_graphs

        write_siglip_graphs(model, folder)

    def run_model(self, model: "SiglipModel") -> Outputs:
        """Embed the probe texts and images, with their patches."""
        from export.models.siglip import embed_with_torch

        return embed_with_torch(model, self._texts, self._pixels)


def levels_by_log_odds(logit_scale: float, logit_bias: float) -> CosineLevels:
    """Return what cosines mean by the log-odds of a pair, `logit_scale` x cosine + `logit_bias`.

    At even odds, the cosine is about .11 in SigLIP and .14 in SigLIP 2, where CLIP's pairs have .3. A model whose bias makes
    that no level at all, as an untrained one's may, keeps the defaults.
    """
    even = -logit_bias / logit_scale
    return CosineLevels(low_score=even, text_cosine=even) if 0 < even < 1 else CosineLevels()

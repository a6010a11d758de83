"""Exports SigLIP and SigLIP 2 of fixed resolution: a `FamilyExporter` (`exporters.py`), as CLIP's is.

Owns what differs from CLIP: every text has the context length, each pair has a log-odds, and cosines lie lower. Torch is
imported when it is used. Constructing the exporter runs no model.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.models.checkpoints import Checkpoint
from export.models.mapped_bpe_file import maps
from export.models.parity import PROBE_TEXTS, Outputs, make_probe_pixels, run_clip_graphs
from export.precision.calibration_set import CalibrationSet
from export.precision.gate_measures import ClipGateMeasure
from runtime.artefacts.file_record import record_file, record_graph
from runtime.artefacts.model_records import CosineLevels, EncoderRecord
from runtime.models.mapped_bpe import SUFFIX as MAPPED_SUFFIX

if TYPE_CHECKING:
    from transformers import PreTrainedModel, SiglipModel


class SiglipExporter:
    """Exports SigLIP: texts and images to vectors."""

    graphs: tuple[str, ...] = ("siglip/text.onnx", "siglip/image.onnx")
    row_graphs: frozenset[str] = frozenset()
    causal_graphs: tuple[str, ...] = ()  # every token attends to every other, to padding, too

    def __init__(self, checkpoint: Checkpoint, model: "SiglipModel") -> None:
        self._checkpoint, self._config = checkpoint, model.config
        self._logit_scale, self._logit_bias = model.logit_scale.exp().item(), model.logit_bias.item()
        is_mapped = maps(checkpoint.tokenizer.backend_tokenizer)
        self.tokenizer = f"siglip/tokenizer{MAPPED_SUFFIX if is_mapped else '.json'}"
        self._length = model.config.text_config.max_position_embeddings
        self._texts = [self._encode(text) for text in PROBE_TEXTS]
        self._pixels = make_probe_pixels(checkpoint.preprocessing.size)

    def write_graphs(self, model: "SiglipModel", folder: Path) -> None:
        """Trace both towers."""
        from export.models.siglip import write_siglip_graphs

        write_siglip_graphs(model, folder)

    def run_model(self, model: "PreTrainedModel") -> Outputs:
        """Embed the probe texts and images, with their patches."""
        from export.models.siglip import embed_with_torch

        return embed_with_torch(model, self._texts, self._pixels)

    def run_graphs(self, folder: Path) -> Outputs:
        """Embed the probe texts and images, with their patches."""
        return run_clip_graphs(folder, self.record(folder), texts=self._texts, pixels=self._pixels)

    def gate_measure(self, exact: Path, calibration: CalibrationSet, threads: int) -> ClipGateMeasure:
        """Measure vectors and rankings."""
        return ClipGateMeasure(exact, self.record(exact), calibration, threads)

    def record(self, folder: Path) -> EncoderRecord:
        """Return its entry."""
        checkpoint, text, vision = self._checkpoint, self._config.text_config, self._config.vision_config
        return EncoderRecord(
            name=checkpoint.name,
            revision=checkpoint.revision,
            text=record_graph(folder, self.graphs[0]),
            image=record_graph(folder, self.graphs[1]),
            tokenizer=record_file(folder, self.tokenizer),
            dimension=text.projection_size,
            context_length=self._length,
            pad_token_id=checkpoint.tokenizer.pad_token_id,
            padded_to=self._length,
            logit_scale=self._logit_scale,
            logit_bias=self._logit_bias,
            patch_grid=vision.image_size // vision.patch_size,
            preprocessing=checkpoint.preprocessing,
            cosine_levels=levels_by_log_odds(self._logit_scale, self._logit_bias),
        )

    def _encode(self, text: str) -> NDArray[np.int64]:
        """Return (1, t) token ids, padded at the end, whatever side the tokenizer's class pads by itself."""
        token_ids = self._checkpoint.tokenizer(text, truncation=True, max_length=self._length)["input_ids"]
        padding = [self._checkpoint.tokenizer.pad_token_id] * (self._length - len(token_ids))
        return np.array([[*token_ids, *padding]], dtype=np.int64)


def levels_by_log_odds(logit_scale: float, logit_bias: float) -> CosineLevels:
    """Return what cosines mean by the log-odds of a pair, `logit_scale` x cosine + `logit_bias`.

    At even odds, the cosine is about .11 in SigLIP and .14 in SigLIP 2, where CLIP's pairs have .3. A model whose bias makes
    that no level at all, as an untrained one's may, keeps the defaults.
    """
    even = -logit_bias / logit_scale
    return CosineLevels(low_score=even, text_cosine=even) if 0 < even < 1 else CosineLevels()

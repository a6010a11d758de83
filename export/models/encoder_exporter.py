"""Exports an encoder, texts and images to vectors by one graph each: what CLIP and SigLIP share as `FamilyExporter`s.

Owns the probes, the gate measure and the manifest's entry. What differs between families comes in as facts; each has a class
that knows them, and how its towers are traced (`exporters.py`, `siglip_exporter.py`).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.models.checkpoints import Checkpoint
from export.models.parity import PROBE_TEXTS, Outputs, make_probe_pixels, run_clip_graphs
from export.precision.calibration_set import CalibrationSet
from export.precision.gate_measures import ClipGateMeasure
from runtime.artefacts.file_record import record_file, record_graph
from runtime.artefacts.model_records import CLIP_LEVELS, CosineLevels, EncoderRecord


@dataclass(frozen=True)
class EncoderFacts:
    """What the manifest says of an encoder beside its files, as `EncoderRecord` has it."""

    dimension: int
    context_length: int
    pad_token_id: int
    logit_scale: float
    patch_grid: int
    padded_to: int | None = None
    logit_bias: float | None = None
    cosine_levels: CosineLevels = CLIP_LEVELS


class EncoderExporter:
    """The steps that are the same for every encoder; a family adds `write_graphs` and `run_model`.

    `graphs` are the text tower's and the image tower's. In `causal_graphs`, a token attends to those before it alone.
    """

    graphs: tuple[str, ...]
    row_graphs: frozenset[str] = frozenset()
    causal_graphs: tuple[str, ...] = ()
    tokenizer: str

    def __init__(self, checkpoint: Checkpoint, facts: EncoderFacts) -> None:
        self._checkpoint, self._facts = checkpoint, facts
        self._texts = [self._encode(text) for text in PROBE_TEXTS]
        self._pixels = make_probe_pixels(checkpoint.preprocessing.size)

    def run_graphs(self, folder: Path) -> Outputs:
        """Embed the probe texts and images, with their patches."""
        return run_clip_graphs(folder, self.record(folder), texts=self._texts, pixels=self._pixels)

    def gate_measure(self, exact: Path, calibration: CalibrationSet, threads: int) -> ClipGateMeasure:
        """Measure vectors and rankings."""
        return ClipGateMeasure(exact, self.record(exact), calibration, threads)

    def record(self, folder: Path) -> EncoderRecord:
        """Return the manifest's entry for the files below `folder`."""
        checkpoint, facts = self._checkpoint, self._facts
        return EncoderRecord(
            name=checkpoint.name,
            revision=checkpoint.revision,
            text=record_graph(folder, self.graphs[0]),
            image=record_graph(folder, self.graphs[1]),
            tokenizer=record_file(folder, self.tokenizer),
            dimension=facts.dimension,
            context_length=facts.context_length,
            pad_token_id=facts.pad_token_id,
            padded_to=facts.padded_to,
            logit_scale=facts.logit_scale,
            logit_bias=facts.logit_bias,
            patch_grid=facts.patch_grid,
            preprocessing=checkpoint.preprocessing,
            cosine_levels=facts.cosine_levels,
        )

    def _encode(self, text: str) -> NDArray[np.int64]:
        """Return (1, t) token ids, padded at the end where texts are, whatever side the tokenizer's class pads by itself."""
        facts = self._facts
        token_ids = self._checkpoint.tokenizer(text, truncation=True, max_length=facts.context_length)["input_ids"]
        padding = [facts.pad_token_id] * ((facts.padded_to or 0) - len(token_ids))
        return np.array([[*token_ids, *padding]], dtype=np.int64)

"""Exports a text tower over the pictures of a CLIP that was exported before: a `FamilyExporter` (`exporters.py`).

Owns what the manifest's entry of the encoder says then: pictures as before, texts by another checkpoint. Torch is imported
when it is used. Constructing the exporter runs no model.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.models.parity import PROBE_TEXTS, Outputs, open_graph
from export.models.text_checkpoint import TextCheckpoint, read_projection
from export.precision.calibration_set import CalibrationSet
from export.precision.text_gate_measure import TextGateMeasure
from runtime.artefacts.file_record import record_file, record_graph
from runtime.artefacts.model_records import EncoderRecord

if TYPE_CHECKING:
    from transformers import DistilBertModel

# Beside the texts that every tower is compared on: other scripts, which have other tokens.
OTHER_SCRIPTS = (
    "夕暮れの赤い船",
    "红色的船",
    "красная лодка на закате",
    "قارب أحمر",
    "लाल नाव",
    "เรือสีแดง",
    "ένα κόκκινο καράβι",
)


class TextTowerExporter:
    """Exports a text tower that gives a CLIP's vectors."""

    graphs: tuple[str, ...] = ("text/text.onnx",)
    row_graphs: frozenset[str] = frozenset()
    causal_graphs: tuple[str, ...] = ()  # every token attends to every other
    tokenizer = "text/tokenizer.json"

    def __init__(self, checkpoint: TextCheckpoint, encoder: EncoderRecord, pictures: Path) -> None:
        """Keep what the graph is made of; `encoder` is the exported CLIP's record, whose files lie below `pictures`."""
        self._checkpoint, self._encoder, self._pictures = checkpoint, encoder, pictures
        self._dense = read_projection(checkpoint)
        self._texts = [self._encode(text) for text in (*PROBE_TEXTS, *OTHER_SCRIPTS)]

    def write_graphs(self, model: "DistilBertModel", folder: Path) -> None:
        """Trace the tower."""
        from export.models.mean_pooled_text import write_text_graph

        write_text_graph(model, self._dense, self._checkpoint.tokenizer.pad_token_id, folder)

    def run_model(self, model: "DistilBertModel") -> Outputs:
        """Embed the probe texts, each alone."""
        from export.models.mean_pooled_text import embed_with_torch

        vectors = embed_with_torch(model, self._dense, self._texts, self._checkpoint.tokenizer.pad_token_id)
        return {f"{self.graphs[0]} embedding": vectors}

    def run_graphs(self, folder: Path) -> Outputs:
        """Embed the probe texts: the even ones alone, the odd ones padded, as they are beside longer ones."""
        session = open_graph(folder, self.graphs[0])
        texts = [self._padded(text) if at % 2 else text for at, text in enumerate(self._texts)]
        rows = [session.run(["embedding"], {"input_ids": text})[0] for text in texts]
        return {f"{self.graphs[0]} embedding": np.concatenate(rows)}

    def gate_measure(self, exact: Path, calibration: CalibrationSet, threads: int) -> TextGateMeasure:
        """Measure vectors, and which pictures they find."""
        return TextGateMeasure(exact, self.record(exact), self._pictures, calibration, threads)

    def record(self, folder: Path) -> EncoderRecord:
        """Return the encoder's entry, with its texts' part from the files below `folder`."""
        checkpoint = self._checkpoint
        return self._encoder.model_copy(
            update={
                "text_name": checkpoint.name,
                "text_revision": checkpoint.revision,
                "text": record_graph(folder, self.graphs[0]),
                "tokenizer": record_file(folder, self.tokenizer),
                "context_length": checkpoint.context_length,
                "pad_token_id": checkpoint.tokenizer.pad_token_id,
            }
        )

    def _encode(self, text: str) -> NDArray[np.int64]:
        """Return (1, t) token ids."""
        limit = self._checkpoint.context_length
        return np.array([self._checkpoint.tokenizer(text, truncation=True, max_length=limit)["input_ids"]], dtype=np.int64)

    def _padded(self, token_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        width = (0, self._checkpoint.context_length - token_ids.shape[1])
        return np.pad(token_ids, ((0, 0), width), constant_values=self._checkpoint.tokenizer.pad_token_id)

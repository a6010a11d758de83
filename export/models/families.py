"""The two families behind one face: what is asked of the model and of its graphs, and what the manifest says of them.

Imports torch only when a model is at hand. Runs no step of its own; `export.py` does.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from export.errors import CheckpointUnusable
from export.models.checkpoints import Checkpoint
from export.models.parity import PROBE_TEXTS, Answers, ask_blip_graphs, ask_clip_graphs, fill_captions, make_probe_pixels
from export.precision.calibration_set import Calibration
from export.precision.gate_measures import BlipExam, ClipExam, Exam
from runtime.artefacts.file_record import record_file, record_graph
from runtime.artefacts.manifest import BlipRecord, ClipRecord

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration, CLIPModel, PreTrainedModel

MAX_CAPTION_TOKENS = 30  # BLIP's authors decode 20 on COCO; a caption that needs more than 30 has lost its way
NUM_BEAMS = 3  # as BLIP's authors and the seed project search
PREFIX = PROBE_TEXTS[2]


class Conversion(Protocol):
    """A checkpoint on its way to graphs. `model` is always the torch model that `checkpoints.read_model` gave."""

    graphs: tuple[str, ...]

    def write_graphs(self, model: "PreTrainedModel", folder: Path) -> None:
        """Write the fp32 graphs below `folder`."""

    def write_tokenizer(self, folder: Path) -> None:
        """Write `tokenizer.json` below `folder`."""

    def ask_model(self, model: "PreTrainedModel") -> Answers:
        """Return what transformers' own code answers to the probes."""

    def ask_graphs(self, folder: Path) -> Answers:
        """Return what the graphs below `folder` answer to the same, and more."""

    def examine(self, exact: Path, calibration: Calibration, threads: int) -> Exam:
        """Return the questions for rounded graphs, answered by the exact ones below `exact`."""

    def record(self, folder: Path) -> ClipRecord | BlipRecord:
        """Return the manifest's entry for the files below `folder`."""


class ClipConversion:
    """CLIP: texts and images to vectors."""

    graphs: tuple[str, ...] = ("clip/text.onnx", "clip/image.onnx")

    def __init__(self, checkpoint: Checkpoint, model: "CLIPModel") -> None:
        self._checkpoint, self._config = checkpoint, model.config
        self._logit_scale = model.logit_scale.exp().item()
        limit = model.config.text_config.max_position_embeddings
        encoded = [checkpoint.tokenizer(text, truncation=True, max_length=limit)["input_ids"] for text in PROBE_TEXTS]
        self._texts = [np.array([token_ids], dtype=np.int64) for token_ids in encoded]
        self._pixels = make_probe_pixels(checkpoint.preprocessing.size)

    def write_graphs(self, model: "CLIPModel", folder: Path) -> None:
        """Trace both towers."""
        from export.models.clip import write_clip_graphs

        write_clip_graphs(model, folder)

    def write_tokenizer(self, folder: Path) -> None:
        """Write the byte-pair encoding."""
        _write_tokenizer(self._checkpoint, folder / "clip/tokenizer.json")

    def ask_model(self, model: "CLIPModel") -> Answers:
        """Embed the probes, patches too."""
        from export.models.clip import embed_with_torch

        return embed_with_torch(model, self._texts, self._pixels)

    def ask_graphs(self, folder: Path) -> Answers:
        """Embed the probes, patches too."""
        return ask_clip_graphs(folder, self.record(folder), texts=self._texts, pixels=self._pixels)

    def examine(self, exact: Path, calibration: Calibration, threads: int) -> ClipExam:
        """Embed the calibration set."""
        return ClipExam(exact, self.record(exact), calibration, threads)

    def record(self, folder: Path) -> ClipRecord:
        """Return CLIP's entry."""
        checkpoint, vision = self._checkpoint, self._config.vision_config
        return ClipRecord(
            name=checkpoint.name,
            revision=checkpoint.revision,
            text=record_graph(folder, self.graphs[0]),
            image=record_graph(folder, self.graphs[1]),
            tokenizer=record_file(folder, "clip/tokenizer.json"),
            dimension=self._config.projection_dim,
            context_length=self._config.text_config.max_position_embeddings,
            end_token_id=checkpoint.tokenizer.eos_token_id,
            logit_scale=self._logit_scale,
            patch_grid=vision.image_size // vision.patch_size,
            preprocessing=checkpoint.preprocessing,
        )


class BlipConversion:
    """BLIP: an image to its caption."""

    graphs: tuple[str, ...] = ("blip/vision.onnx", "blip/decoder.onnx")

    def __init__(self, checkpoint: Checkpoint, model: "BlipForConditionalGeneration", num_beams: int = NUM_BEAMS) -> None:
        self._checkpoint, self._config, self._num_beams = checkpoint, model.config, num_beams
        text = model.config.text_config
        _name_start_token(checkpoint, text.bos_token_id)
        words = checkpoint.tokenizer(PREFIX, add_special_tokens=False)["input_ids"]
        self._prefix = np.array([[text.bos_token_id, *words]], dtype=np.int64)[:, : text.max_position_embeddings]
        self._max_tokens = min(MAX_CAPTION_TOKENS, text.max_position_embeddings)
        self._pixels = make_probe_pixels(checkpoint.preprocessing.size)

    def write_graphs(self, model: "BlipForConditionalGeneration", folder: Path) -> None:
        """Trace the vision tower and the decoder."""
        from export.models.blip import write_blip_graphs

        write_blip_graphs(model, folder)

    def write_tokenizer(self, folder: Path) -> None:
        """Write the word pieces, [DEC] among them."""
        _write_tokenizer(self._checkpoint, folder / "blip/tokenizer.json")

    def ask_model(self, model: "BlipForConditionalGeneration") -> Answers:
        """Caption the probe images by `generate()`."""
        from export.models.blip import caption_with_torch

        captions = caption_with_torch(model, self._pixels, max_tokens=self._max_tokens, num_beams=self._num_beams)
        filled = fill_captions(captions, self._max_tokens, pad_token_id=self._config.text_config.pad_token_id)
        return {f"{self.graphs[1]} captions": filled}

    def ask_graphs(self, folder: Path) -> Answers:
        """Caption the probe images by the runtime's loop, and give the logits after a prefix."""
        return ask_blip_graphs(folder, self.record(folder), prefix=self._prefix, pixels=self._pixels)

    def examine(self, exact: Path, calibration: Calibration, threads: int) -> BlipExam:
        """Caption pictures of the calibration set."""
        return BlipExam(exact, self.record(exact), calibration, threads)

    def record(self, folder: Path) -> BlipRecord:
        """Return BLIP's entry."""
        checkpoint, text, vision = self._checkpoint, self._config.text_config, self._config.vision_config
        return BlipRecord(
            name=checkpoint.name,
            revision=checkpoint.revision,
            vision=record_graph(folder, self.graphs[0]),
            decoder=record_graph(folder, self.graphs[1]),
            tokenizer=record_file(folder, "blip/tokenizer.json"),
            layers=text.num_hidden_layers,
            heads=text.num_attention_heads,
            head_width=text.hidden_size // text.num_attention_heads,
            image_tokens=(vision.image_size // vision.patch_size) ** 2 + 1,
            start_token_id=text.bos_token_id,
            end_token_id=text.sep_token_id,  # what BLIP's generate() stops at; its own end token is never spoken
            pad_token_id=text.pad_token_id,
            max_tokens=self._max_tokens,
            num_beams=self._num_beams,
            preprocessing=checkpoint.preprocessing,
        )


def _write_tokenizer(checkpoint: Checkpoint, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(checkpoint.tokenizer.backend_tokenizer.to_str(), "utf-8")


def _name_start_token(checkpoint: Checkpoint, start_token_id: int) -> None:
    """Give BLIP's start token, which upstream's tokenizer lacks although its model has it, its name [DEC].

    Raises:
        CheckpointUnusable: the vocabulary has not the size at which the name gets the model's id.
    """
    tokenizer = checkpoint.tokenizer
    if start_token_id >= len(tokenizer):
        tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    if start_token_id >= len(tokenizer):
        reason = f"its start token has the id {start_token_id}, its tokenizer only {len(tokenizer)} entries"
        raise CheckpointUnusable(checkpoint.name, reason, "Give the tokenizer that the model was trained with.")

"""What differs between exporting CLIP and exporting BLIP: graphs, probes, gate measure and manifest entry of each family.

Owns a class for each of these; SigLIP's is in `siglip_exporter.py`, and what both encoders share in `encoder_exporter.py`.
`export.py` runs the steps, which are the same for all. Torch is imported when it is used. Constructing an exporter runs no
model.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from export.errors import CheckpointUnusable
from export.models.checkpoints import Checkpoint
from export.models.encoder_exporter import EncoderExporter, EncoderFacts
from export.models.mapped_bpe_file import write_mapped_bpe
from export.models.mapped_words_file import maps_words, write_mapped_words
from export.models.parity import PROBE_TEXTS, Outputs, fill_captions, make_probe_pixels, run_blip_graphs
from export.precision.calibration_set import CalibrationSet
from export.precision.gate_measures import BlipGateMeasure, GateMeasure
from runtime.artefacts.file_record import record_file, record_graph
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from runtime.models.mapped_bpe import SUFFIX as MAPPED_SUFFIX

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration, CLIPModel, PreTrainedModel

MAX_CAPTION_TOKENS = 30  # BLIP's authors decode 20 on COCO; longer than 30, captions only repeat themselves
NUM_BEAMS = 3  # as BLIP's authors and the seed project search
PREFIX = PROBE_TEXTS[2]


class FamilyExporter(Protocol):
    """One checkpoint to export. `model` is always the torch model that `checkpoints.read_model` returned.

    `graphs` and `tokenizer` are the paths of its files, relative to the folder that is written. `row_graphs` are the graphs
    that run several pictures at once, of which none may depend on the others; `causal_graphs` embed texts, each token of
    which depends on those before it alone.
    """

    graphs: tuple[str, ...]
    row_graphs: frozenset[str]
    causal_graphs: tuple[str, ...]
    tokenizer: str

    def write_graphs(self, model: "PreTrainedModel", folder: Path) -> None:
        """Write the fp32 graphs below `folder`."""

    def run_model(self, model: "PreTrainedModel") -> Outputs:
        """Return the outputs of transformers' own code for the probes."""

    def run_graphs(self, folder: Path) -> Outputs:
        """Return the outputs of the graphs below `folder` for the same probes; there may be more of them."""

    def gate_measure(self, exact: Path, calibration: CalibrationSet, threads: int) -> GateMeasure:
        """Return the measure that compares quantized graphs with the exact ones below `exact`."""

    def record(self, folder: Path) -> EncoderRecord | BlipRecord:
        """Return the manifest's entry for the files below `folder`."""


class ClipExporter(EncoderExporter):
    """Exports CLIP: texts and images to vectors."""

    graphs: tuple[str, ...] = ("clip/text.onnx", "clip/image.onnx")
    causal_graphs: tuple[str, ...] = ("clip/text.onnx",)

    def __init__(self, checkpoint: Checkpoint, model: "CLIPModel") -> None:
        vision = model.config.vision_config
        self.tokenizer = f"clip/tokenizer{MAPPED_SUFFIX if maps_words(checkpoint.tokenizer.backend_tokenizer) else '.json'}"
        facts = EncoderFacts(
            dimension=model.config.projection_dim,
            context_length=model.config.text_config.max_position_embeddings,
            pad_token_id=checkpoint.tokenizer.eos_token_id,  # causal towers never see what follows the end
            logit_scale=model.logit_scale.exp().item(),
            patch_grid=vision.image_size // vision.patch_size,
        )
        super().__init__(checkpoint, facts)

    def write_graphs(self, model: "CLIPModel", folder: Path) -> None:
        """Trace both towers."""
        from export.models.clip import write_clip_graphs

        write_clip_graphs(model, folder)

    def run_model(self, model: "CLIPModel") -> Outputs:
        """Embed the probe texts and images, with their patches."""
        from export.models.clip import embed_with_torch

        return embed_with_torch(model, self._texts, self._pixels)


class BlipExporter:
    """Exports BLIP: images to captions."""

    graphs: tuple[str, ...] = ("blip/vision.onnx", "blip/decoder.onnx")
    row_graphs: frozenset[str] = frozenset({"blip/decoder.onnx"})  # the vision graph runs one picture at a time
    causal_graphs: tuple[str, ...] = ()
    tokenizer = "blip/tokenizer.json"

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

        write_blip_graphs(model, folder, num_beams=self._num_beams)

    def run_model(self, model: "BlipForConditionalGeneration") -> Outputs:
        """Caption the probe images by `generate()`."""
        from export.models.blip import caption_with_torch

        captions = caption_with_torch(model, self._pixels, max_tokens=self._max_tokens, num_beams=self._num_beams)
        filled = fill_captions(captions, self._max_tokens, pad_token_id=self._config.text_config.pad_token_id)
        return {f"{self.graphs[1]} captions": filled}

    def run_graphs(self, folder: Path) -> Outputs:
        """Caption the probe images by the runtime's own loop, and return the logits after a prefix, too."""
        return run_blip_graphs(folder, self.record(folder), prefix=self._prefix, pixels=self._pixels)

    def gate_measure(self, exact: Path, calibration: CalibrationSet, threads: int) -> BlipGateMeasure:
        """Measure the tokens of captions."""
        return BlipGateMeasure(exact, self.record(exact), calibration, threads)

    def record(self, folder: Path) -> BlipRecord:
        """Return BLIP's entry."""
        checkpoint, text, vision = self._checkpoint, self._config.text_config, self._config.vision_config
        return BlipRecord(
            name=checkpoint.name,
            revision=checkpoint.revision,
            vision=record_graph(folder, self.graphs[0]),
            decoder=record_graph(folder, self.graphs[1]),
            tokenizer=record_file(folder, self.tokenizer),
            layers=text.num_hidden_layers,
            heads=text.num_attention_heads,
            head_width=text.hidden_size // text.num_attention_heads,
            image_tokens=(vision.image_size // vision.patch_size) ** 2 + 1,
            start_token_id=text.bos_token_id,
            end_token_id=text.sep_token_id,  # where BLIP's generate() stops; its configured end token is never generated
            pad_token_id=text.pad_token_id,
            max_tokens=self._max_tokens,
            num_beams=self._num_beams,
            preprocessing=checkpoint.preprocessing,
        )


def write_tokenizer(checkpoint: Checkpoint, path: Path) -> None:
    """Write the `tokenizer.json` that the runtime reads, or mapped arrays if `path` is named so; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = checkpoint.tokenizer.backend_tokenizer
    if path.suffix != MAPPED_SUFFIX:
        path.write_text(tokenizer.to_str(), "utf-8")
    elif maps_words(tokenizer):
        write_mapped_words(tokenizer, path)
    else:
        write_mapped_bpe(tokenizer, checkpoint.tokenizer.eos_token_id, path)


def _name_start_token(checkpoint: Checkpoint, start_token_id: int) -> None:
    """Add BLIP's start token, [DEC], to its tokenizer: the published tokenizer lacks it, although the model uses its id.

    Raises:
        CheckpointUnusable: the vocabulary is too small for [DEC] to get the id that the model uses.
    """
    tokenizer = checkpoint.tokenizer
    if start_token_id >= len(tokenizer):
        tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    if start_token_id >= len(tokenizer):
        reason = f"its start token has the id {start_token_id}, its tokenizer only {len(tokenizer)} entries"
        raise CheckpointUnusable(checkpoint.name, reason, "Give the tokenizer that the model was trained with.")

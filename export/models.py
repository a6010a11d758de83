"""The step `models`: checkpoints in, a folder of checked graphs out, switched into place whole.

Owns the order of things. How a graph is made is said in `clip.py` and `blip.py`, how it is judged in `parity.py`.
"""

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from export.checkpoints import Checkpoint, Family, open_checkpoint, read_model
from export.conversions import BlipConversion, ClipConversion, Conversion
from export.graphs import quiet
from export.parity import Answers, Measures, measure_loss, require_parity
from export.quantize import Precision, quantize_graph
from export.report import write_report
from export.staging import staged_folder
from runtime.manifest import MANIFEST_NAME, BlipRecord, ClipRecord, ModelsManifest

CONVERSIONS: dict[Family, type[ClipConversion] | type[BlipConversion]] = {"clip": ClipConversion, "blip": BlipConversion}
WEIGHT_BITS = {"int8-7bit": 7, "int8": 8}
PACKAGES = ("torch", "transformers", "optimum-onnx", "onnx", "onnxruntime")
Say = Callable[[str], None]


def export_models(
    clip: str, blip: str | None, out: Path, *, precision: Precision = "int8-7bit", say: Say = lambda _: None
) -> ModelsManifest:
    """Export CLIP, and BLIP unless it is None, into the folder `out`, and return its manifest.

    Args:
        clip: a local folder or a hub id, `owner/name` or `owner/name@revision`.
        blip: the same; None leaves captions out.
        out: the folder to write; what is there is replaced once everything is made and checked.
        precision: of the weights; "int8-7bit" answers alike on CPUs with and without VNNI.
        say: told each step, in a few words.

    Raises:
        CheckpointUnusable: a checkpoint cannot be had, or not be converted.
        ParityFailed: a graph does not say what its model says.
        OutputUnwritable: the disk is full, or the folder cannot be written.
    """
    checkpoints = [open_checkpoint(clip, "clip")]
    if blip is not None:
        checkpoints.append(open_checkpoint(blip, "blip"))
    with staged_folder(out) as folder:
        workshop = _Workshop(folder, precision, say)
        records = {checkpoint.family: workshop.convert(checkpoint) for checkpoint in checkpoints}
        made_by = {"command": "python -m export models", **{package: version(package) for package in PACKAGES}}
        manifest = ModelsManifest.model_validate({"made_by": made_by, "precision": precision, **records})
        write_report(folder, manifest, workshop.measures, workshop.fp32_bytes)
        (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
        say(f"writing {out}")
    return manifest


class _Workshop:
    """Where one checkpoint after the other becomes graphs in `folder`; keeps what the report will tell."""

    def __init__(self, folder: Path, precision: Precision, say: Say) -> None:
        self.measures: Measures = {}
        self.fp32_bytes: dict[str, int] = {}
        self._folder, self._precision, self._say = folder, precision, say

    def convert(self, checkpoint: Checkpoint) -> ClipRecord | BlipRecord:
        """Write the graphs of one checkpoint, compare them with it, and return their record."""
        fp32 = self._folder / "fp32"
        conversion, expected = self._trace(checkpoint, fp32)
        self._say(f"{checkpoint.family}: comparing the graphs with torch")
        exact = conversion.ask_graphs(fp32)
        self._note(require_parity(expected, exact))
        self.fp32_bytes |= {graph: (fp32 / graph).stat().st_size for graph in conversion.graphs}
        if self._precision == "fp32":
            for graph in conversion.graphs:
                (fp32 / graph).rename(self._folder / graph)
        else:
            self._quantize(conversion, fp32)
            self._say(f"{checkpoint.family}: comparing int8 with fp32")
            self._note(measure_loss(exact, conversion.ask_graphs(self._folder)))
        shutil.rmtree(fp32)
        return conversion.record(self._folder)

    def _trace(self, checkpoint: Checkpoint, fp32: Path) -> tuple[Conversion, Answers]:
        """Write the fp32 graphs and return what the model itself answers; the model is let go on return."""
        self._say(f"{checkpoint.family}: reading {checkpoint.name}")
        model = read_model(checkpoint)
        conversion: Conversion = CONVERSIONS[checkpoint.family](checkpoint, model)
        for folder in (fp32, self._folder):
            conversion.write_tokenizer(folder)
        self._say(f"{checkpoint.family}: asking torch")
        with quiet():
            expected = conversion.ask_model(model)
        self._say(f"{checkpoint.family}: tracing the graphs")
        conversion.write_graphs(model, fp32)
        return conversion, expected

    def _quantize(self, conversion: Conversion, fp32: Path) -> None:
        for graph in conversion.graphs:
            self._say(f"{graph}: quantizing")
            quantize_graph(fp32 / graph, self._folder / graph, weight_bits=WEIGHT_BITS[self._precision])

    def _note(self, measures: Measures) -> None:
        for output, values in measures.items():
            self.measures[output] = self.measures.get(output, {}) | values

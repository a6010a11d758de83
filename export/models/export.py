"""The command `models`: exports checkpoints into a folder of checked graphs, which replaces the old one as a whole.

Owns the order of the steps. `clip.py` and `blip.py` write the graphs, `parity.py` compares, `precision/budget.py` quantizes.
"""

import shutil
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from export.atomic import staged_folder
from export.console import ProgressDisplay, SilentDisplay
from export.models.batch_invariance import is_batch_invariant, plans_rows
from export.models.checkpoints import Checkpoint, open_checkpoint, read_model
from export.models.exporters import NUM_BEAMS, BlipExporter, ClipExporter, FamilyExporter, write_tokenizer
from export.models.families import CAPTIONERS, ENCODERS
from export.models.latency import median_latencies_ms
from export.models.onnx_graph import graph_bytes, join_graph, quiet
from export.models.optimize import optimize_graph
from export.models.parity import Outputs, require_parity
from export.models.report import write_report
from export.models.report_figures import ReportFigures
from export.models.shared_prefixes import share_prefixes
from export.models.shared_space import require_shared_space
from export.models.siglip_exporter import SiglipExporter
from export.models.text_checkpoint import TextCheckpoint, open_text_checkpoint, refuse_other_pictures
from export.models.text_tower_exporter import TextTowerExporter
from export.precision.budget import BudgetSearch, RoundingOptions
from export.precision.calibration_set import CalibrationSet, draw_calibration_set
from export.precision.cross_states import read_scales, round_states
from export.precision.gates import GateMiss, GateMissed, Gates
from export.precision.plan import PrecisionPlan
from export.precision.rounding import Target
from runtime.artefacts.manifest import MANIFEST_NAME, ModelsManifest
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from runtime.models.cpu_cores import usable_cores

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration, CLIPModel, PreTrainedModel, SiglipModel

PrecisionMode = Literal["planned", "int8", "fp32"]
PACKAGES = ("torch", "transformers", "optimum-onnx", "onnx", "onnxruntime")
PLAN_NAME = "plan.json"


@dataclass(frozen=True)
class ExportOptions:
    """What graphs to make.

    Attributes:
        precision: "planned" chooses a precision for each layer; "int8" gives all layers int8; "fp32" quantizes nothing.
        target: the CPU that will run them: "avx2" is what AWS Lambda guarantees, "vnni" newer x86, "arm64" Graviton and
            Apple.
        gates: what quantized graphs must keep of the exact ones.
        calibration: what that is measured on; None draws scenes.
        num_beams: how many beams captions are searched with; 1 is greedy.
        caption_size_px: the input size of BLIP's pictures; None is the checkpoint's.
        threads: of onnxruntime, where quantized graphs are measured; the default is one for each CPU.
    """

    precision: PrecisionMode = "planned"
    target: Target = "avx2"
    gates: Gates = field(default_factory=Gates)
    calibration: CalibrationSet | None = None
    num_beams: int = NUM_BEAMS
    caption_size_px: int | None = None
    threads: int = field(default_factory=usable_cores)

    @property
    def precision_name(self) -> str:
        """Return the precision as the manifest names it."""
        return "fp32" if self.precision == "fp32" else f"{self.precision} for {self.target}"


def export_models(
    clip: str,
    blip: str | None,
    out: Path,
    *,
    text: str | None = None,
    options: ExportOptions | None = None,
    display: ProgressDisplay | None = None,
) -> ModelsManifest:
    """Export CLIP or SigLIP, and BLIP unless it is None, into the folder `out`, and return its manifest.

    Args:
        clip: a local folder or a hub id, `owner/name` or `owner/name@revision`, of a CLIP or a SigLIP.
        blip: the same; None leaves captions out.
        text: the same, of a text tower that takes the place of CLIP's own; None keeps that.
        out: the folder to write; its contents are replaced once everything is made and checked.
        options: what graphs to make; None is the defaults.
        display: shows each step; None shows nothing.

    Raises:
        CheckpointUnusable: a checkpoint cannot be fetched, or cannot be converted.
        ParityFailed: a graph's outputs differ from its torch model's.
        GateMissed: quantized graphs keep too little of the exact ones; names every gate that either missed.
        OutputUnwritable: the disk is full, or the folder cannot be written.
    """
    options, display = options or ExportOptions(), display or SilentDisplay()
    if text is not None:
        refuse_other_pictures(text, clip)
    checkpoints = {"clip": open_checkpoint(clip, *ENCODERS)}  # by their names in the manifest
    tower = None if text is None else open_text_checkpoint(text, checkpoints["clip"])
    if tower:
        display.say(f"text: comparing {tower.name} with {checkpoints['clip'].name}")
        require_shared_space(tower, checkpoints["clip"])
    if blip is not None:
        checkpoints["blip"] = open_checkpoint(blip, *CAPTIONERS)
    with staged_folder(out) as folder:
        run = _ExportRun(folder, options, display)
        for checkpoint in list(checkpoints.values())[1:]:
            run.check(checkpoint)
        records = {name: run.export(checkpoint) for name, checkpoint in checkpoints.items()}
        if tower:
            records["clip"] = run.export_text(tower, records["clip"])
        if run.misses:  # only now, so that the error names what every family missed
            raise GateMissed(run.misses)
        sources = {"clip": clip} | ({"text": text} if text else {}) | ({"blip": blip} if blip else {})
        packages = {package: version(package) for package in PACKAGES}
        made_by = {"command": "python -m export models", **sources, **run.figures.tried_in_words, **packages}
        manifest = ModelsManifest.model_validate({"made_by": made_by, "precision": options.precision_name, **records})
        write_report(folder, manifest, run.figures)
        (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
        display.say(f"writing {out}")
    return manifest


class _ExportRun:
    """Exports one checkpoint after the other into `folder`; collects the report's figures and the missed gates."""

    def __init__(self, folder: Path, options: ExportOptions, display: ProgressDisplay) -> None:
        self._folder, self._options, self._display = folder, options, display
        self.figures = ReportFigures()
        self.misses: list[GateMiss] = []

    def check(self, checkpoint: Checkpoint) -> None:
        """Read a checkpoint that is exported later: what refuses it costs seconds now, and minutes behind the first one."""
        self._display.say(f"{checkpoint.family}: checking {checkpoint.name}")
        self._open_exporter(checkpoint, read_model(checkpoint))

    def export_text(self, checkpoint: TextCheckpoint, encoder: EncoderRecord | BlipRecord) -> EncoderRecord | BlipRecord:
        """Write a text tower in the place of an exported encoder's own, and return the encoder's record.

        The pictures' graph was made without it, so that it is the one that an index may already be made with.
        """
        if not isinstance(encoder, EncoderRecord):
            raise TypeError(type(encoder))
        for file in (*encoder.text.files(), encoder.tokenizer):
            (self._folder / file.path).unlink()
        self.figures.leave_out(encoder.text.path)
        self.misses = [miss for miss in self.misses if miss.graph != encoder.text.path]
        return self.export(checkpoint, encoder)

    def export(self, checkpoint: Checkpoint, encoder: EncoderRecord | None = None) -> EncoderRecord | BlipRecord:
        """Write the graphs of one checkpoint, compare them with it, and return their record.

        `encoder` has the pictures that a text tower is made for.
        """
        exact = self._folder / "exact"
        exporter, expected = self._trace(checkpoint, exact, encoder)
        self._display.say(f"{checkpoint.family}: comparing the graphs with torch")
        self.figures.parity |= require_parity(expected, exporter.run_graphs(exact))
        self.figures.exact_bytes |= {graph: graph_bytes(exact / graph) for graph in exporter.graphs}
        if self._options.precision == "fp32":
            for graph in exporter.graphs:
                join_graph(exact / graph, self._folder / graph)
        else:
            self._quantize(exporter, exact)
        shutil.rmtree(exact)
        self._display.say(f"{checkpoint.family}: optimizing the graphs")
        for graph in exporter.causal_graphs:
            share_prefixes(self._folder / graph)
        for graph in exporter.graphs:
            optimize_graph(self._folder / graph)
        return self._record(exporter)

    def _trace(self, checkpoint: Checkpoint, exact: Path, encoder: EncoderRecord | None) -> tuple[FamilyExporter, Outputs]:
        """Write the fp32 graphs and return the torch model's own outputs; the model's memory is free on return."""
        self._display.say(f"{checkpoint.family}: reading {checkpoint.name}")
        model = read_model(checkpoint)
        if encoder is not None and isinstance(checkpoint, TextCheckpoint):
            exporter: FamilyExporter = TextTowerExporter(checkpoint, encoder, self._folder)
        else:
            exporter = self._open_exporter(checkpoint, model)
        for folder in (exact, self._folder):
            write_tokenizer(checkpoint, folder / exporter.tokenizer)
        self._display.say(f"{checkpoint.family}: running torch")
        with quiet():
            expected = exporter.run_model(model)
        self._display.say(f"{checkpoint.family}: tracing the graphs")
        exporter.write_graphs(model, exact)
        return exporter, expected

    def _record(self, exporter: FamilyExporter) -> EncoderRecord | BlipRecord:
        """Return the entry of the family, and in it whether captions depend on their batch."""
        record = exporter.record(self._folder)
        if isinstance(record, BlipRecord) and (plan := self.figures.plans.get(record.decoder.path)) and plans_rows(plan):
            invariant = is_batch_invariant(self._folder, record, self._calibration.images, self._options.threads)
            return record.model_copy(update={"batch_invariant": invariant})
        return record

    def _open_exporter(self, checkpoint: Checkpoint, model: "PreTrainedModel") -> FamilyExporter:
        if checkpoint.family == "clip":
            return ClipExporter(checkpoint, cast("CLIPModel", model))
        if checkpoint.family == "siglip":
            return SiglipExporter(checkpoint, cast("SiglipModel", model))
        blip = cast("BlipForConditionalGeneration", model)
        if self._options.caption_size_px is not None:
            from export.models.blip_positions import resize_positions

            resize_positions(blip, self._options.caption_size_px, checkpoint.name)
            checkpoint = checkpoint.with_image_size(self._options.caption_size_px)
        return BlipExporter(checkpoint, blip, self._options.num_beams)

    def _quantize(self, exporter: FamilyExporter, exact: Path) -> None:
        """Quantize the graphs below `exact`, and keep what the plan and the report show of it."""
        options, calibration = self._options, self._calibration
        naive = options.precision == "int8"
        rounding = RoundingOptions(options.target, options.gates, naive, options.threads, exporter.row_graphs)
        gate_measure = exporter.gate_measure(exact, calibration, options.threads)
        rounded = BudgetSearch(exporter.graphs, exact, self._folder, rounding, self._display).run(gate_measure)
        self.misses += rounded.misses
        self.figures.plans |= rounded.plans
        self.figures.tried += rounded.tried
        self.figures.states = rounded.states or self.figures.states
        self.figures.gate_results.append(rounded.result)
        self.figures.measured_on = calibration.source
        for graph in exporter.graphs:
            feed, here = gate_measure.calibration_inputs(graph).feeds[0], self._folder / graph
            exact_ms, here_ms = median_latencies_ms({exact / graph: feed, here: round_states(feed, read_scales(here))})
            self.figures.latencies_ms[graph] = exact_ms, here_ms
        plan = PrecisionPlan(
            target=options.target,
            gates=options.gates,
            calibration=calibration.source,
            graphs=self.figures.plans,
            cross_states=self.figures.states,
            tried=self.figures.tried,
        )
        (self._folder / PLAN_NAME).write_text(plan.model_dump_json(indent=2) + "\n", "utf-8")

    @cached_property
    def _calibration(self) -> CalibrationSet:
        if self._options.calibration is not None:
            return self._options.calibration
        self._display.say("drawing the calibration set")
        return draw_calibration_set()

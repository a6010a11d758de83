"""The step `models`: checkpoints in, a folder of checked graphs out, switched into place whole.

Owns the order of things. How a graph is made is said in `clip.py` and `blip.py`, how exact it must be in `parity.py`, how
its layers are rounded in `budget.py`.
"""

import os
import shutil
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

from export.atomic import staged_folder
from export.console import Display, Silence
from export.models.checkpoints import Checkpoint, open_checkpoint, read_model
from export.models.families import NUM_BEAMS, BlipConversion, ClipConversion, Conversion
from export.models.findings import Findings
from export.models.latency import median_latencies_ms
from export.models.onnx_graph import graph_bytes, join_graph, quiet
from export.models.optimize import optimize_graph
from export.models.parity import Answers, require_parity
from export.models.report import write_report
from export.precision.budget import FamilyPlanner, Wanted
from export.precision.calibration_set import Calibration, draw_calibration
from export.precision.gates import Gates
from export.precision.plan import Plan
from export.precision.rounding import Target
from runtime.artefacts.manifest import MANIFEST_NAME, BlipRecord, ClipRecord, ModelsManifest

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration, CLIPModel, PreTrainedModel

Form = Literal["planned", "int8", "fp32"]
FORMS: tuple[Form, ...] = get_args(Form)
PACKAGES = ("torch", "transformers", "optimum-onnx", "onnx", "onnxruntime")
PLAN_NAME = "plan.json"


@dataclass(frozen=True)
class Order:
    """What the graphs are to be.

    Attributes:
        form: "planned" chooses a precision for each layer; "int8" gives it to all, gates or not; "fp32" rounds nothing.
        target: the CPU that will run them: "avx2" is what AWS Lambda promises, "vnni" newer x86, "arm64" Graviton and Apple.
        gates: what rounded graphs must keep of the exact ones.
        calibration: what that is measured on; None draws scenes.
        num_beams: how many beams captions are searched with; 1 is greedy.
        caption_size_px: the size at which BLIP sees pictures; None is the checkpoint's.
    """

    form: Form = "planned"
    target: Target = "avx2"
    gates: Gates = field(default_factory=Gates)
    calibration: Calibration | None = None
    num_beams: int = NUM_BEAMS
    caption_size_px: int | None = None

    @property
    def precision(self) -> str:
        """What the manifest says of the graphs."""
        return "fp32" if self.form == "fp32" else f"{self.form} for {self.target}"


def export_models(
    clip: str, blip: str | None, out: Path, *, order: Order | None = None, display: Display | None = None
) -> ModelsManifest:
    """Export CLIP, and BLIP unless it is None, into the folder `out`, and return its manifest.

    Args:
        clip: a local folder or a hub id, `owner/name` or `owner/name@revision`.
        blip: the same; None leaves captions out.
        out: the folder to write; what is there is replaced once everything is made and checked.
        order: what the graphs are to be; None is the default order.
        display: told each step; None tells nobody.

    Raises:
        CheckpointUnusable: a checkpoint cannot be had, or not be converted.
        ParityFailed: a graph does not say what its model says.
        GateMissed: rounded graphs keep less than was asked.
        OutputUnwritable: the disk is full, or the folder cannot be written.
    """
    order, display = order or Order(), display or Silence()
    checkpoints = [open_checkpoint(clip, "clip")]
    if blip is not None:
        checkpoints.append(open_checkpoint(blip, "blip"))
    with staged_folder(out) as folder:
        workshop = _Workshop(folder, order, display)
        records = {checkpoint.family: workshop.convert(checkpoint) for checkpoint in checkpoints}
        sources = {"clip": clip} | ({"blip": blip} if blip else {})
        made_by = {"command": "python -m export models", **sources, **{package: version(package) for package in PACKAGES}}
        manifest = ModelsManifest.model_validate({"made_by": made_by, "precision": order.precision, **records})
        write_report(folder, manifest, workshop.findings)
        (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
        display.say(f"writing {out}")
    return manifest


class _Workshop:
    """Where one checkpoint after the other becomes graphs in `folder`; keeps what the report will tell."""

    def __init__(self, folder: Path, order: Order, display: Display) -> None:
        self._folder, self._order, self._display = folder, order, display
        self._threads = os.cpu_count() or 1
        self._calibration = order.calibration
        self.findings = Findings()

    def convert(self, checkpoint: Checkpoint) -> ClipRecord | BlipRecord:
        """Write the graphs of one checkpoint, compare them with it, and return their record."""
        exact = self._folder / "exact"
        conversion, expected = self._trace(checkpoint, exact)
        self._display.say(f"{checkpoint.family}: comparing the graphs with torch")
        self.findings.parity |= require_parity(expected, conversion.ask_graphs(exact))
        self.findings.exact_bytes |= {graph: graph_bytes(exact / graph) for graph in conversion.graphs}
        if self._order.form == "fp32":
            for graph in conversion.graphs:
                join_graph(exact / graph, self._folder / graph)
        else:
            self._round(conversion, exact)
        shutil.rmtree(exact)
        self._display.say(f"{checkpoint.family}: optimizing the graphs")
        for graph in conversion.graphs:
            optimize_graph(self._folder / graph)
        return conversion.record(self._folder)

    def _trace(self, checkpoint: Checkpoint, exact: Path) -> tuple[Conversion, Answers]:
        """Write the fp32 graphs and return what the model itself answers; the model is let go on return."""
        self._display.say(f"{checkpoint.family}: reading {checkpoint.name}")
        model = read_model(checkpoint)
        conversion = self._open_conversion(checkpoint, model)
        for folder in (exact, self._folder):
            conversion.write_tokenizer(folder)
        self._display.say(f"{checkpoint.family}: asking torch")
        with quiet():
            expected = conversion.ask_model(model)
        self._display.say(f"{checkpoint.family}: tracing the graphs")
        conversion.write_graphs(model, exact)
        return conversion, expected

    def _open_conversion(self, checkpoint: Checkpoint, model: "PreTrainedModel") -> Conversion:
        if checkpoint.family == "clip":
            return ClipConversion(checkpoint, cast("CLIPModel", model))
        blip = cast("BlipForConditionalGeneration", model)
        if self._order.caption_size_px is not None:
            from export.models.blip_positions import resize_positions

            resize_positions(blip, self._order.caption_size_px, checkpoint.name)
            checkpoint = checkpoint.seeing(self._order.caption_size_px)
        return BlipConversion(checkpoint, blip, self._order.num_beams)

    def _round(self, conversion: Conversion, exact: Path) -> None:
        if self._calibration is None:
            self._display.say("drawing the calibration set")
            self._calibration = draw_calibration()
        wanted = Wanted(self._order.target, self._order.gates, self._order.form == "int8", self._threads)
        exam = conversion.examine(exact, self._calibration, self._threads)
        outcome = FamilyPlanner(conversion.graphs, exact, self._folder, wanted, self._display).run(exam)
        self.findings.plans |= outcome.plans
        self.findings.judgements.append(outcome.judgement)
        self.findings.judged_on = self._calibration.source
        for graph in conversion.graphs:
            feed = exam.questions(graph)[0][0]
            exact_ms, here_ms = median_latencies_ms([exact / graph, self._folder / graph], feed)
            self.findings.latencies_ms[graph] = exact_ms, here_ms
        plan = Plan(
            target=wanted.target, gates=wanted.gates, calibration=self._calibration.source, graphs=self.findings.plans
        )
        (self._folder / PLAN_NAME).write_text(plan.model_dump_json(indent=2) + "\n", "utf-8")

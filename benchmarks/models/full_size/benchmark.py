"""The full-size benchmark: which checkpoints and exports there are, where they are stored, and the rows of the table.

What each step does is in `steps.py`. A checkpoint or export that exists is not made again.
"""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from rich.console import Console

from benchmarks.measure.own_process import run_in_own_process
from benchmarks.models.full_size.steps import (
    ExportCost,
    WeightKind,
    export_form,
    measure_forms,
    save_checkpoint,
    time_opening,
)
from benchmarks.models.full_size.table import GRAPHS, Row
from export.models.onnx_graph import graph_bytes

if TYPE_CHECKING:
    from benchmarks.models.checkpoints.random_checkpoints import ShapeName
    from export.models.export import PrecisionMode
    from export.precision.gates import Measures

KINDS: tuple[WeightKind, ...] = get_args(WeightKind)
FORMS: "tuple[PrecisionMode, ...]" = ("fp32", "planned", "int8")
SHAPES: "dict[bool, tuple[ShapeName, ShapeName]]" = {False: ("clip-b32", "blip-base"), True: ("clip-tiny", "blip-tiny")}
NEEDS = {False: (16.0, "about an hour on two cores"), True: (0.3, "a minute or two")}  # GB of disk, and time
OPENING_ROUNDS = 5


class FullSizeBenchmark:
    """One folder of checkpoints, exports and the costs of the exports."""

    def __init__(
        self,
        out: Path,
        shapes: "tuple[ShapeName, ShapeName]",
        console: Console,
        *,
        kinds: Sequence[WeightKind] = KINDS,
        run: Callable[..., Any] = run_in_own_process,
    ) -> None:
        """Work in the folder `out`, on a CLIP and a BLIP of these shapes with these kinds of weights; `run` calls a step."""
        self._out, self._shapes, self._console, self._kinds, self._run = out, shapes, console, kinds, run
        self._costs_file = out / "costs.json"
        stored = json.loads(self._costs_file.read_text("utf-8")) if self._costs_file.exists() else {}
        self.costs = {name: ExportCost(**cost) for name, cost in stored.items()}

    def make(self) -> None:
        """Make the checkpoints and exports that are absent."""
        for kind in self._kinds:
            for shape in self._shapes:
                if not (self._checkpoint(kind, shape) / "model.safetensors").exists():
                    self._console.print(f"{kind}: making {shape}")
                    self._run(save_checkpoint, shape, self._checkpoint(kind, shape), kind)
            for form in FORMS:
                if self._name(kind, form) not in self.costs:
                    self._export(kind, form)

    def measure(self, photos: Path | None, rounds: int) -> list[Row]:
        """Return the rows of the table."""
        from benchmarks.models.full_size.latency import measure_latency

        there = {
            (kind, form): self._folder(kind, form) for kind in self._kinds for form in FORMS if self._is_there(kind, form)
        }
        latencies: dict[str, dict[str, float]] = {}
        for family, shape in zip(("clip", "blip"), self._shapes, strict=True):
            self._console.print(f"{family}: timing each graph beside torch")
            folders = {self._name(*key): folder for key, folder in there.items()}
            latencies |= self._run(measure_latency, family, self._checkpoint("plain", shape), folders, rounds)
        rows = []
        for kind in self._kinds:
            forms = [form for form in FORMS if (kind, form) in there]
            self._console.print(f"{kind}: opening {len(forms)} exports, comparing them with fp32")
            kept = self._run(measure_forms, there[kind, "fp32"], [there[kind, form] for form in forms], photos)
            for form, measures in zip(forms, kept, strict=True):
                rows += self._rows(kind, form, measures, latencies)
        return rows

    def _rows(
        self, kind: WeightKind, form: "PrecisionMode", measures: "Measures", latencies: dict[str, dict[str, float]]
    ) -> list[Row]:
        folder, name = self._folder(kind, form), self._name(kind, form)
        openings = [self._run(time_opening, folder, list(GRAPHS)) for _ in range(OPENING_ROUNDS)]
        return [
            Row(
                graph=graph,
                weights=kind,
                precision=form,
                size_mb=graph_bytes(folder / graph) / 1e6,
                load_ms=statistics.median(times[graph] for times in openings),
                latency_ms=latencies[graph][name],
                torch_ms=latencies[graph]["torch"],
                measures=measures,
            )
            for graph in GRAPHS
        ]

    def _export(self, kind: WeightKind, form: "PrecisionMode") -> None:
        name = self._name(kind, form)
        self._console.rule(f"{kind}, {form}")
        checkpoints = (self._checkpoint(kind, shape) for shape in self._shapes)
        self.costs[name] = self._run(export_form, *checkpoints, self._folder(kind, form), form)
        costs = {name: asdict(cost) for name, cost in self.costs.items()}
        self._costs_file.write_text(json.dumps(costs, indent=2) + "\n", "utf-8")

    def _is_there(self, kind: WeightKind, form: "PrecisionMode") -> bool:
        return not self.costs[self._name(kind, form)].missed

    def _checkpoint(self, kind: WeightKind, shape: str) -> Path:
        return self._out / "checkpoints" / kind.replace(" ", "-") / shape

    def _folder(self, kind: WeightKind, form: str) -> Path:
        return self._out / "exported" / f"{kind.replace(' ', '-')}-{form}"

    def _name(self, kind: WeightKind, form: str) -> str:
        return f"{kind}, {form}"

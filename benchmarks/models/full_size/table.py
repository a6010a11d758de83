"""The table of the full-size benchmark, in Markdown. Owns its columns; measures nothing."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.models.full_size.steps import ExportCost
from export.precision.gates import PICTURE_RANKING

if TYPE_CHECKING:
    from export.precision.gates import Measures

# By graph: its name in the table, the output whose cosine is shown, and the measure of its family.
GRAPHS = {
    "clip/text.onnx": ("CLIP text, 10 tokens", "embedding", (PICTURE_RANKING, "overlap_at_10")),
    "clip/image.onnx": ("CLIP image", "embedding", (PICTURE_RANKING, "overlap_at_10")),
    "blip/vision.onnx": ("BLIP vision", "cross_states", ("blip captions", "token_agreement")),
    "blip/decoder.onnx": ("BLIP decoder, 1 token behind 10", "logits", ("blip captions", "token_agreement")),
}
HEAD = (
    "| graph | weights | precision | MB | load, ms | run, ms | of torch's time | cosine | worst | top 10, tokens kept |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One graph in one form; `measures` are those of its whole folder."""

    graph: str
    weights: str
    precision: str
    size_mb: float
    load_ms: float
    latency_ms: float
    torch_ms: float
    measures: "Measures"

    def to_markdown(self) -> str:
        """Return the line; the cells of a comparison with fp32 are empty for fp32 itself."""
        label, output, (subject, measure) = GRAPHS[self.graph]
        cosines = self.measures[f"{self.graph} {output}"]
        kept = [f"{cosines[part]:.5f}" for part in ("cosine_mean", "cosine_worst")] + [
            f"{self.measures[subject][measure]:.3f}"
        ]
        cells = [
            label,
            self.weights,
            self.precision,
            f"{self.size_mb:.1f}",
            f"{self.load_ms:.0f}",
            f"{self.latency_ms:.1f}",
            f"{self.latency_ms / self.torch_ms:.2f}",
            *(kept if self.precision != "fp32" else "---"),
        ]
        return f"| {' | '.join(cells)} |"


def to_markdown(rows: Sequence[Row], costs: Mapping[str, ExportCost], pictures: str) -> str:
    """Return the table, and below it the cost of each export."""
    ordered = sorted(rows, key=lambda row: list(GRAPHS).index(row.graph))  # keeps the order within a graph
    lines = [*HEAD, *(row.to_markdown() for row in ordered), ""]
    lines.append(f"{platform.machine()}, Python {platform.python_version()}; one thread; compared with fp32 on {pictures}.")
    lines.append("")
    for name, cost in costs.items():
        missed = f" {cost.missed}" if cost.missed else ""
        lines.append(f"- Export of both, {name}: {cost.seconds:.0f} s, {cost.peak_mb / 1e3:.2f} GB at the peak.{missed}")
    return "\n".join(lines) + "\n"

"""Draws report.png: size by precision, latency, and what quantizing lost. The only file that uses matplotlib."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from export.models.report_figures import ReportFigures

COLOURS = {"int8": "#2f7f79", "row8": "#7fb3a8", "block8": "#e0a43b", "fp32": "#b6483f", "rest": "#b9b4aa"}
LINES = ("#2f7f79", "#e0a43b", "#b6483f", "#4a5f8c", "#8a5a83", "#7a8f3c")
BYTES = {"int8": 1, "row8": 1, "block8": 1, "fp32": 4}
SMALLEST_LOSS = 1e-7  # below it, a cosine in float32 is noise


def draw_plots(figures: ReportFigures, sizes: Mapping[str, int], path: Path) -> None:
    """Write the report's picture.

    Args:
        figures: what the export measured.
        sizes: the bytes of each graph as it was written.
        path: the PNG file to write.
    """
    graphs = list(figures.plans)
    figure = Figure(figsize=(12, 8.5 + 1.1 * len(graphs)), layout="constrained", facecolor="#fffdf8")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 1, height_ratios=[7, 1.6 * len(graphs)])
    upper, lower = (figure.add_subfigure(grid[row]) for row in range(2))
    (size, latency), (loss, overlap) = upper.subplots(2, 2)
    _draw_sizes(size, figures, sizes)
    _draw_latencies(latency, figures)
    _draw_losses(loss, figures)
    _draw_overlap(overlap, figures)
    for panel, graph in zip(np.atleast_1d(lower.subplots(len(graphs), 1)), graphs, strict=True):
        _draw_layers(panel, graph, figures)
    used = [precision for precision in COLOURS if precision != "rest"]
    lower.legend(handles=[Patch(color=COLOURS[name], label=name) for name in used], loc="outside lower center", ncols=4)
    figure.savefig(path, dpi=110)


def _draw_sizes(panel: Axes, figures: ReportFigures, sizes: Mapping[str, int]) -> None:
    for row, (graph, plan) in enumerate(figures.plans.items()):
        exact, left = figures.exact_bytes[graph] / 1e6, 0.0
        panel.barh(row - 0.2, exact, 0.36, color="#e6e1d6")
        for precision, colour in COLOURS.items():
            held = sum(layer.weights * BYTES[layer.precision] for layer in plan.layers if layer.precision == precision) / 1e6
            width = held if precision != "rest" else sizes[graph] / 1e6 - left
            panel.barh(row + 0.2, width, 0.36, left=left, color=colour)
            left += width
        panel.text(exact, row - 0.2, f" {exact:.1f}", va="center", fontsize=8)
        panel.text(left, row + 0.2, f" {left:.1f}", va="center", fontsize=8)
    _name_rows(panel, figures, "Size, MB: fp32 (pale) and here, by precision (grey: the rest)")


def _draw_latencies(panel: Axes, figures: ReportFigures) -> None:
    for row, (exact, here) in enumerate(figures.latencies_ms.values()):
        panel.barh(row - 0.2, exact, 0.36, color="#e6e1d6")
        panel.barh(row + 0.2, here, 0.36, color=LINES[0])
        panel.text(exact, row - 0.2, f" {exact:.1f}", va="center", fontsize=8)
        panel.text(here, row + 0.2, f" {here:.1f}  ({exact / here:.1f} times as fast)", va="center", fontsize=8)
    _name_rows(panel, figures, "One run on one thread, ms: fp32 (pale) and here")


def _name_rows(panel: Axes, figures: ReportFigures, title: str) -> None:
    panel.set_yticks(range(len(figures.plans)), [graph.removesuffix(".onnx") for graph in figures.plans])
    panel.invert_yaxis()
    panel.margins(x=0.22)
    _tidy(panel, title)


def _draw_losses(panel: Axes, figures: ReportFigures) -> None:
    series = {output: 1 - values for result in figures.gate_results for output, values in result.cosines.items()}
    losses = {output: np.maximum(values, SMALLEST_LOSS) for output, values in series.items()}
    every = np.concatenate(list(losses.values()))
    bins = np.geomspace(every.min() * 0.8, every.max() * 1.25, 40).tolist()
    for (output, values), colour in zip(losses.items(), LINES, strict=False):
        weights = np.full(len(values), 1 / len(values))
        panel.hist(
            values, bins, weights=weights, histtype="stepfilled", alpha=0.55, color=colour, label=output.replace(".onnx", "")
        )
    panel.set_xscale("log")
    panel.legend(fontsize=8, frameon=False)
    _tidy(panel, "1 - cosine with the exact graphs: fraction of samples")


def _draw_overlap(panel: Axes, figures: ReportFigures) -> None:
    for result in figures.gate_results:
        if result.overlap:
            panel.plot(list(result.overlap), list(result.overlap.values()), marker="o", color=LINES[0])
            panel.set_xticks(list(result.overlap))
            panel.set_ylim(min(0.9, *result.overlap.values()) - 0.02, 1.005)
    _tidy(panel, "overlap@k: fraction of the exact first k that are among the first k here")


def _draw_layers(panel: Axes, graph: str, figures: ReportFigures) -> None:
    layers = figures.plans[graph].layers
    heights = [layer.weights * BYTES[layer.precision] / 1e6 for layer in layers]
    panel.bar(range(len(layers)), heights, 0.86, color=[COLOURS[layer.precision] for layer in layers])
    moved = [column for column, layer in enumerate(layers) if layer.equalized]
    panel.plot(moved, [heights[column] for column in moved], "v", color="#222", markersize=4)
    panel.set_xticks([])
    panel.margins(x=0.005)
    about = (
        f"{graph.removesuffix('.onnx')}: MB of each of {len(layers)} layers; dots, right: its loss if it alone had 8 bits"
    )
    _tidy(panel, about + ("; v: outliers moved into the weights" if moved else ""))
    measured = {column: layer.errors.get("int8", layer.errors.get("row8", 0.0)) for column, layer in enumerate(layers)}
    measured = {column: error for column, error in measured.items() if error > 0}
    if measured:
        losses = panel.twinx()
        losses.plot(list(measured), list(measured.values()), "o", color="#222", markersize=2.5)
        losses.set_yscale("log")
        losses.tick_params(labelsize=7)
        losses.spines[["top"]].set_visible(False)


def _tidy(panel: Axes, title: str) -> None:
    panel.set_title(title, fontsize=10, loc="left")
    panel.tick_params(labelsize=8)
    panel.set_facecolor("#fffdf8")
    panel.spines[["top", "right"]].set_visible(False)

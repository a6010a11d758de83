"""The race in one figure: how many times better than the seed, on a logarithmic axis. Knows matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from benchmarks.race.aims import COMPARISONS, Comparison, Spread, ratios
from benchmarks.race.table import show_ratio

PAPER, INK, PLAIN, PALE = "#fffdf8", "#222", "#e0a43b", "#e6e1d6"
LOOKWHY = ("#2f7f79", "#4a5f8c", "#8a5a83")  # by number of threads
BAR = 0.8
LABEL = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}  # a label may overlap the mark of an aim
Figures = Mapping[str, Sequence[float]]


def draw_ratios(by_threads: Mapping[int, Figures], path: Path) -> None:
    """Write the figure.

    Args:
        by_threads: all figures, as `schedule.gather` returns them, by the number of threads.
        path: the PNG file to write.
    """
    shown = [comparison for comparison in COMPARISONS if comparison.compares_seed]
    shown = [comparison for comparison in shown if all(ratios(comparison, series) for series in by_threads.values())]
    figure = Figure(figsize=(11, 1.6 + 0.62 * len(shown)), layout="constrained", facecolor=PAPER)
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    for row, comparison in enumerate(shown):
        for place, series in enumerate(by_threads.values()):
            _draw_bar(panel, comparison, series, (row, place, len(by_threads)))
        if comparison.aim:
            panel.plot([comparison.aim.bound] * 2, [row - 0.46, row + 0.46], color=INK, linewidth=2)
    panel.set_yticks(range(len(shown)), [comparison.label for comparison in shown])
    panel.invert_yaxis()
    _finish(panel, list(by_threads))
    figure.savefig(path, dpi=110)


def _draw_bar(panel: Axes, comparison: Comparison, series: Figures, place: tuple[int, int, int]) -> None:
    row, number, of = place
    height = BAR / of
    y = row + (number + 0.5) * height - BAR / 2
    spread = Spread.of(ratios(comparison, series))
    panel.barh(y, spread.median - 1, height * 0.9, left=1, color=LOOKWHY[number % len(LOOKWHY)])
    panel.plot([spread.least, spread.most], [y, y], color=INK, linewidth=0.8)
    panel.text(spread.most * 1.04, y, f"{show_ratio(spread.median)} x", va="center", fontsize=8, bbox=LABEL, zorder=4)
    if plain := _plain_ratio(comparison, series):
        panel.plot(plain, y, "D", color=PLAIN, markersize=5, markeredgecolor=INK, markeredgewidth=0.5)


def _plain_ratio(comparison: Comparison, series: Figures) -> float | None:
    """Return how much better plain ONNX is than the seed, in the medians."""
    if comparison.plain not in series:
        return None
    seed = next(name for name in (comparison.over, comparison.under) if name.startswith("seed"))
    theirs, plain = (Spread.of(series[name]).median for name in (seed, comparison.plain))
    return plain / theirs if comparison.unit == "/s" else theirs / plain


def _finish(panel: Axes, threads: Sequence[int]) -> None:
    panel.set_xscale("log")
    panel.axvline(1, color=INK, linewidth=0.8)
    panel.grid(axis="x", color=PALE, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.margins(x=0.12)
    panel.set_title("Times better than the seed (1), measured in the same run; longer is better", fontsize=11, loc="left")
    panel.tick_params(labelsize=9)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:g} x")
    panel.set_facecolor(PAPER)
    panel.spines[["top", "right", "left"]].set_visible(False)
    bars = [
        Patch(color=LOOKWHY[place % len(LOOKWHY)], label=f"Lookwhy, {count} thread{'s' if count > 1 else ''}")
        for place, count in enumerate(threads)
    ]
    marks = [
        Line2D([], [], color=PLAIN, marker="D", linestyle="", markeredgecolor=INK, label="plain ONNX, as anyone exports it"),
        Line2D([], [], color=INK, linewidth=2, label="aim"),
    ]
    panel.legend(handles=[*bars, *marks], fontsize=8, frameon=False, loc="lower right")

"""The tables of the race, in Markdown. Measures nothing; `aims.py` says which aims are met."""

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.race.aims import COMPARISONS, INSTALLED, Comparison, Spread, Unit, ratios
from benchmarks.race.implementation import NAMES, TITLES, Name

HEAD = (
    f"| what | {' | '.join(TITLES.values())} | ratio (range) | aim | met? |",
    "|---|---|---|---|---|---|---|",
)
START_HEAD = ("| start to first answer, search alone | import, ms | open, ms | first search, ms |", "|---|---|---|---|")
Figures = Mapping[str, Sequence[float]]


def to_markdown(by_threads: Mapping[int, Figures], sizes: Figures, notes: Sequence[str]) -> str:
    """Return one table for each number of threads, the installed sizes, and below them the notes.

    Args:
        by_threads: all figures, as `schedule.gather` returns them, by the number of threads.
        sizes: the installed sizes, named likewise.
        notes: what a reader must know, one note for each line.
    """
    lines = []
    for threads, series in by_threads.items():
        lines += [f"{threads} thread{'s' if threads > 1 else ''}:", "", *HEAD]
        lines += [_row(comparison, series) for comparison in COMPARISONS if ratios(comparison, series)]
        lines += ["", *START_HEAD, *(_start_row(name, series) for name in NAMES), ""]
    lines += [*HEAD, *(_row(comparison, sizes) for comparison in INSTALLED), "", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def show(value: float, unit: Unit) -> str:
    """Return a figure with its unit, to three digits or so."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{'' if unit == '/s' else ' '}{unit}"


def show_ratio(ratio: float) -> str:
    """Return a ratio to three digits or so."""
    return f"{ratio:,.{0 if ratio >= 100 else 1 if ratio >= 10 else 2}f}"


def _row(comparison: Comparison, series: Figures) -> str:
    spread = Spread.of(ratios(comparison, series))
    span = f" ({show_ratio(spread.least)}-{show_ratio(spread.most)})" if spread.least < spread.most else ""
    cells = [comparison.label, *_figures(comparison, series), f"{show_ratio(spread.median)} x{span}"]
    aim = comparison.aim
    lookwhy = median(series[next(name for name in (comparison.over, comparison.under) if name.startswith("lookwhy"))])
    cells += [str(aim), "yes" if aim.is_met(spread.median, lookwhy) else "**no**"] if aim else ["", ""]
    return f"| {' | '.join(cells)} |"


def _figures(comparison: Comparison, series: Figures) -> list[str]:
    """Return the cells of seed, plain ONNX and Lookwhy; Lookwhy compared with itself has both figures in its cell."""
    over, under = (show(median(series[name]), comparison.unit) for name in (comparison.over, comparison.under))
    if not comparison.compares_seed:
        return ["", "", f"{over} / {under}"]
    plain = show(median(series[comparison.plain]), comparison.unit) if comparison.plain in series else ""
    return [over, plain, under] if comparison.over.startswith("seed") else [under, plain, over]


def _start_row(name: Name, series: Figures) -> str:
    parts = (median(series[f"{name} search {part}_ms"]) for part in ("import", "open", "first"))
    return f"| {TITLES[name]} | {' | '.join(f'{part:,.0f}' for part in parts)} |"

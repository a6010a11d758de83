"""The table of the large-index benchmark, in Markdown. Measures nothing."""

from collections.abc import Iterable
from typing import Any

from benchmarks.library.large_index.steps import QUERY_KINDS, SEED
from benchmarks.library.large_index.synthetic_vectors import DIMENSION
from runtime.artefacts.manifest import IndexManifest


def to_markdown(count: int, figures: dict[str, dict[str, Any]]) -> str:
    """Return the table, with a column for each index, the first in clusters."""
    all_figures = list(figures.values())
    index: IndexManifest = all_figures[0]["manifest"]
    probing = index.probing
    lines = [
        f"{count:,} pictures and as many captions, {DIMENSION} dimensions, seed {SEED}; one thread.",
        "",
        f"The manifest says: {probing.model_dump() if probing else None}.",
        "",
        f"| | {' | '.join(figures)} |",
        f"|---|{'---|' * len(figures)}",
    ]

    def add(name: str, cells: Iterable[str]) -> None:
        lines.append(f"| {name} | {' | '.join(cells)} |")

    for kind in QUERY_KINDS:
        add(f"recall@10, {kind} queries", (f"{one['results'][kind]['recall']:.3f}" for one in all_figures))
        add("p50 / p99 ms; p50 of CPU, ms", (_times(one["results"][kind]) for one in all_figures))
    add("open, ms", (f"{one['open_s'] * 1e3:.0f}" for one in all_figures))
    for moments in zip(*(one["memory"] for one in all_figures), strict=True):
        cells = (str(one["memory"][moment]) for one, moment in zip(all_figures, moments, strict=True))
        add(f"memory {moments[0]}", cells)
    add("build, s", (f"{one['build_s']:.0f}" for one in all_figures))
    add("memory before building", (str(one["before"]) for one in all_figures))
    add("most memory while building", (str(one["peak"]) for one in all_figures))
    add("files", (_files(one["sizes"]) for one in all_figures))
    return "\n".join(lines)


def _times(result: dict[str, float]) -> str:
    return f"{result['p50']:.2f} / {result['p99']:.2f}; {result['cpu']:.2f}"


def _files(sizes: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.items())

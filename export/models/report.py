"""Writes report.json, report.md and report.png: what was exported, how large and fast it is, and what precision it lost.

Owns the words and the tables; `plots.py` draws. Measures nothing itself.
"""

import json
import platform
from collections import Counter
from pathlib import Path
from typing import Any

from export.models.parity import MAX_DIFFERENCE, PROBE_IMAGES, PROBE_TEXTS
from export.models.report_figures import ReportFigures
from export.precision.plan import GraphPlan
from runtime.artefacts.manifest import ModelsManifest

PROBED_ON = f"{PROBE_IMAGES} generated pictures and {len(PROBE_TEXTS)} texts"
PLOTS_NAME = "report.png"


def write_report(folder: Path, manifest: ModelsManifest, figures: ReportFigures) -> None:
    """Write the report into `folder` in all its forms; the plots only where graphs were quantized."""
    sizes = {
        graph.path: {
            "bytes_exact": figures.exact_bytes[graph.path],
            "bytes": sum(file.bytes for file in graph.files()),
        }
        for graph in manifest.graphs()
    }
    content = {
        "precision": manifest.precision,
        "made_by": manifest.made_by,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "sizes": sizes,
        "precisions": {graph: _shares_by_precision(plan) for graph, plan in figures.plans.items()},
        "latency_ms_1_thread": {
            graph: {"exact": exact, "here": here} for graph, (exact, here) in figures.latencies_ms.items()
        },
        "parity_to_torch": figures.parity,
        "measures": figures.measures,
        "overlap_at": {str(k): share for result in figures.gate_results for k, share in result.overlap.items()},
        "measured_on": {"parity": PROBED_ON, "measures": figures.measured_on},
    }
    (folder / "report.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    (folder / "report.md").write_text(_to_markdown(manifest, figures, content), "utf-8")
    if figures.gate_results:
        from export.models.plots import draw_plots

        draw_plots(figures, {graph: size["bytes"] for graph, size in sizes.items()}, folder / PLOTS_NAME)


def _shares_by_precision(plan: GraphPlan) -> dict[str, float]:
    """Return the fraction of a graph's layer weights that has each precision."""
    weights: Counter[str] = Counter()
    for layer in plan.layers:
        weights[layer.precision] += layer.weights
    return {precision: count / weights.total() for precision, count in weights.items()}


def _to_markdown(manifest: ModelsManifest, figures: ReportFigures, content: dict[str, Any]) -> str:
    clip, blip = manifest.clip, manifest.blip
    named = [
        (clip.name, clip.revision),
        (clip.text_name, clip.text_revision),
        *([(blip.name, blip.revision)] if blip else []),
    ]
    models = [f"{name}@{revision}" if revision else name for name, revision in named if name]
    lines = [f"# Exported models: {manifest.precision}", "", f"From {' and '.join(models)}.", "", *_size_table(content), ""]
    if figures.gate_results:
        lines += [f"![Size, speed and loss, drawn]({PLOTS_NAME})", "", *_measures_table(figures), ""]
        lines += ["`plan.json` names the precision of every layer, and the reason.", "", *_exceptions(figures)]
        lines += _tried(figures)
        lines += (
            [f"A picture's keys and values: {figures.states.precision}; {figures.states.why}.", ""] if figures.states else []
        )
    lines += ["## Exact graphs and torch", "", *_parity_table(figures), ""]
    return "\n".join(lines)


def _size_table(content: dict[str, Any]) -> list[str]:
    rows = []
    for graph, size in content["sizes"].items():
        latency, shares = content["latency_ms_1_thread"].get(graph), content["precisions"].get(graph, {"fp32": 1.0})
        speed = f"{latency['exact']:.1f} | {latency['here']:.1f}" if latency else "- | -"
        precisions = ", ".join(f"{precision} {share:.1%}" for precision, share in shares.items())
        rows.append(f"| {graph} | {size['bytes_exact'] / 1e6:.2f} | {size['bytes'] / 1e6:.2f} | {speed} | {precisions} |")
    head = "| graph | fp32, MB | here, MB | fp32, ms | here, ms | weights in |"
    note = f"Times: one run on one thread of {content['machine']}, the median of a few, fp32 and here in turns."
    return [head, "|---|---|---|---|---|---|", *rows, "", note]


def _measures_table(figures: ReportFigures) -> list[str]:
    rows = [
        f"| {subject} | {measure.replace('_', ' ')} | {value:.6f} |"
        for subject, measures in figures.measures.items()
        for measure, value in measures.items()
    ]
    head = [
        "## What the quantized graphs keep of the exact ones",
        "",
        "| graph and output | measure | value |",
        "|---|---|---|",
    ]
    note = f"Measured on {figures.measured_on}. It shows that both give the same answers, not how well the model searches."
    return [*head, *rows, "", note]


def _exceptions(figures: ReportFigures) -> list[str]:
    """Return the lines for layers that are not in plain 8 bits, with the reason; all layers are in plan.json."""
    rows = [
        f"- {graph}, {layer.layer}: {layer.precision}{', outliers moved' if layer.equalized else ''}; {layer.why}"
        for graph, plan in figures.plans.items()
        for layer in plan.layers
        if not (layer.precision == "int8" or (plan.rows and layer.precision == "row8")) or layer.equalized
    ]
    return ["## Layers that are not in plain 8 bits", "", *rows, ""] if rows else ["Every layer is in plain 8 bits.", ""]


def _tried(figures: ReportFigures) -> list[str]:
    """Return a line for each plan that missed gates before this one."""
    rows = [f"- {' '.join(plan.missed)}" for plan in figures.tried]
    return ["## Plans before, which missed gates", "", *rows, ""] if rows else []


def _parity_table(figures: ReportFigures) -> list[str]:
    rows = [
        f"| {output} | {measure.replace('_', ' ')} | {value:.3g} |"
        for output, measures in figures.parity.items()
        for measure, value in measures.items()
    ]
    note = f"Measured on {PROBED_ON}, the same for every model; more than {MAX_DIFFERENCE:g} would have stopped the export."
    return ["| graph and output | measure | value |", "|---|---|---|", *rows, "", note]

"""report.json, report.md and report.png: what was exported, how large and fast it is, and what it cost in exactness.

Owns the words and the tables; `plots.py` draws. Measures nothing itself.
"""

import json
import platform
from collections import Counter
from pathlib import Path
from typing import Any

from export.models.findings import Findings
from export.models.parity import MAX_DIFFERENCE, PROBE_IMAGES, PROBE_TEXTS
from export.precision.plan import GraphPlan
from runtime.artefacts.manifest import ModelsManifest

PROBED_ON = f"{PROBE_IMAGES} made-up pictures and {len(PROBE_TEXTS)} texts"
PLOTS_NAME = "report.png"


def write_report(folder: Path, manifest: ModelsManifest, findings: Findings) -> None:
    """Write all forms of the report into `folder`; the plots only where something was rounded."""
    sizes = {
        graph.path: {
            "bytes_exact": findings.exact_bytes[graph.path],
            "bytes": sum(file.bytes for file in graph.files()),
        }
        for graph in manifest.graphs()
    }
    content = {
        "precision": manifest.precision,
        "made_by": manifest.made_by,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "sizes": sizes,
        "precisions": {graph: _share_weights(plan) for graph, plan in findings.plans.items()},
        "latency_ms_1_thread": {
            graph: {"exact": exact, "here": here} for graph, (exact, here) in findings.latencies_ms.items()
        },
        "parity_to_torch": findings.parity,
        "measures": findings.kept,
        "overlap_at": {str(k): share for judgement in findings.judgements for k, share in judgement.overlap.items()},
        "measured_on": {"parity": PROBED_ON, "measures": findings.judged_on},
    }
    (folder / "report.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    (folder / "report.md").write_text(_to_markdown(manifest, findings, content), "utf-8")
    if findings.judgements:
        from export.models.plots import draw_plots

        draw_plots(findings, {graph: size["bytes"] for graph, size in sizes.items()}, folder / PLOTS_NAME)


def _share_weights(plan: GraphPlan) -> dict[str, float]:
    """Return which share of a graph's layers' weights has each precision."""
    weights: Counter[str] = Counter()
    for layer in plan.layers:
        weights[layer.precision] += layer.weights
    return {precision: count / weights.total() for precision, count in weights.items()}


def _to_markdown(manifest: ModelsManifest, findings: Findings, content: dict[str, Any]) -> str:
    parts = [part for part in (manifest.clip, manifest.blip) if part]
    models = [f"{part.name}@{part.revision}" if part.revision else part.name for part in parts]
    lines = [f"# Exported models: {manifest.precision}", "", f"From {' and '.join(models)}.", "", *_size_table(content), ""]
    if findings.judgements:
        lines += [f"![Size, speed and loss, drawn]({PLOTS_NAME})", "", *_kept_table(findings), ""]
        lines += ["`plan.json` says of every layer which precision it has, and why.", "", *_exceptions(findings)]
    lines += ["## Exact graphs and torch", "", *_parity_table(findings), ""]
    return "\n".join(lines)


def _size_table(content: dict[str, Any]) -> list[str]:
    rows = []
    for graph, size in content["sizes"].items():
        latency, shares = content["latency_ms_1_thread"].get(graph), content["precisions"].get(graph, {"fp32": 1.0})
        speed = f"{latency['exact']:.1f} | {latency['here']:.1f}" if latency else "- | -"
        told = ", ".join(f"{precision} {share:.1%}" for precision, share in shares.items())
        rows.append(f"| {graph} | {size['bytes_exact'] / 1e6:.2f} | {size['bytes'] / 1e6:.2f} | {speed} | {told} |")
    head = "| graph | fp32, MB | here, MB | fp32, ms | here, ms | weights in |"
    note = f"Times: one run on one thread of {content['machine']}, the median of a few, fp32 and here in turns."
    return [head, "|---|---|---|---|---|---|", *rows, "", note]


def _kept_table(findings: Findings) -> list[str]:
    rows = [
        f"| {subject} | {measure.replace('_', ' ')} | {value:.6f} |"
        for subject, figures in findings.kept.items()
        for measure, value in figures.items()
    ]
    head = [
        "## What the rounded graphs kept of the exact ones",
        "",
        "| graph and output | measure | value |",
        "|---|---|---|",
    ]
    note = f"Measured on {findings.judged_on}. It shows that they say the same, not how well the model searches."
    return [*head, *rows, "", note]


def _exceptions(findings: Findings) -> list[str]:
    """Return the layers that are not plain int8, with the reason; the long tail is in plan.json."""
    rows = [
        f"- {graph}, {layer.layer}: {layer.precision}{', outliers moved' if layer.equalized else ''}; {layer.why}"
        for graph, plan in findings.plans.items()
        for layer in plan.layers
        if layer.precision != "int8" or layer.equalized
    ]
    return ["## Layers that are not plain int8", "", *rows, ""] if rows else ["Every layer is plain int8.", ""]


def _parity_table(findings: Findings) -> list[str]:
    rows = [
        f"| {output} | {measure.replace('_', ' ')} | {value:.3g} |"
        for output, figures in findings.parity.items()
        for measure, value in figures.items()
    ]
    note = f"Measured on {PROBED_ON}, the same for every model; more than {MAX_DIFFERENCE:g} would have stopped the export."
    return ["| graph and output | measure | value |", "|---|---|---|", *rows, "", note]

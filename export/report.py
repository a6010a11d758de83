"""report.json and report.md: what was exported, how large it is, and what it cost in exactness. Measures nothing itself."""

import json
from collections.abc import Mapping
from pathlib import Path

from export.parity import PROBE_IMAGES, PROBE_TEXTS, Measures
from runtime.manifest import ModelsManifest

MEASURED_ON = (
    f"{PROBE_IMAGES} made-up pictures and {len(PROBE_TEXTS)} texts, the same for every model. "
    "They show whether a graph says what its model says, not how well the model searches."
)


def write_report(folder: Path, manifest: ModelsManifest, measures: Measures, fp32_bytes: Mapping[str, int]) -> None:
    """Write both forms of the report into `folder`.

    Args:
        folder: the folder of the artefacts.
        manifest: what was exported.
        measures: by graph and output, as `parity.py` names them.
        fp32_bytes: the length of each graph, by path, before quantizing.
    """
    sizes = {
        record.path: {"bytes_fp32": fp32_bytes[record.path], "bytes": record.bytes}
        for record in manifest.files()
        if record.path in fp32_bytes
    }
    content = {
        "precision": manifest.precision,
        "made_by": manifest.made_by,
        "measured_on": MEASURED_ON,
        "sizes": sizes,
        "measures": measures,
    }
    (folder / "report.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    (folder / "report.md").write_text(_to_markdown(manifest, sizes, measures), "utf-8")


def _to_markdown(manifest: ModelsManifest, sizes: dict[str, dict[str, int]], measures: Measures) -> str:
    size_rows = [f"| {path} | {size['bytes_fp32'] / 1e6:.2f} | {size['bytes'] / 1e6:.2f} |" for path, size in sizes.items()]
    measure_rows = [
        f"| {output} | {measure.replace('_', ' ')} | {value:.6g} |"
        for output, values in measures.items()
        for measure, value in values.items()
    ]
    parts = [part for part in (manifest.clip, manifest.blip) if part]
    models = [f"{part.name}@{part.revision}" if part.revision else part.name for part in parts]
    lines = [
        f"# Exported models ({manifest.precision})",
        "",
        f"From {' and '.join(models)}.",
        "",
        *("| graph | fp32, MB | here, MB |", "|---|---|---|", *size_rows),
        "",
        *("| graph and output | measure | value |", "|---|---|---|", *measure_rows),
        "",
        f"Measured on {MEASURED_ON}",
    ]
    return "\n".join(lines) + "\n"

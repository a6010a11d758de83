"""The table of the large-index benchmark, in Markdown. Measures nothing."""

from typing import Any

from benchmarks.large_index.steps import QUERY_KINDS, SEED
from benchmarks.large_index.synthetic_vectors import DIMENSION
from runtime.artefacts.manifest import IndexManifest


def to_markdown(count: int, large: dict[str, Any], flat: dict[str, Any]) -> str:
    """Return the tables."""
    index: IndexManifest = large["manifest"]
    probing = index.probing
    lines = [
        f"{count:,} pictures and as many captions, {DIMENSION} dimensions, seed {SEED}; one thread.",
        "",
        f"The manifest says: {probing.model_dump() if probing else None}.",
        "",
        "| | clusters | flat |",
        "|---|---|---|",
    ]
    for kind in QUERY_KINDS:
        one, other = large["results"][kind], flat["results"][kind]
        lines.append(f"| recall@10, {kind} queries | {one['recall']:.3f} | {other['recall']:.3f} |")
        lines.append(f"| p50 / p99 ms | {_times(one)} | {_times(other)} |")
    lines.append(f"| open, ms | {large['open_s'] * 1e3:.0f} | {flat['open_s'] * 1e3:.0f} |")
    for moment, other_moment in zip(large["memory"], flat["memory"], strict=True):
        lines.append(f"| memory {moment} | {large['memory'][moment]} | {flat['memory'][other_moment]} |")
    lines.append(f"| build, s | {large['build_s']:.0f} | {flat['build_s']:.0f} |")
    lines.append(f"| memory before building | {large['before']} | {flat['before']} |")
    lines.append(f"| most memory while building | {large['peak']} | {flat['peak']} |")
    lines.append(f"| files | {_files(large['sizes'])} | {_files(flat['sizes'])} |")
    return "\n".join(lines)


def _times(result: dict[str, float]) -> str:
    return f"{result['p50']:.2f} / {result['p99']:.2f}"


def _files(sizes: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.items())

"""SigLIP 2 in full size, planned: python -m benchmarks.models.planned_siglip [SHAPE] [--target vnni]

Random weights, plain and with the outliers of trained ones, through the whole export and its gates: how closely the graphs
follow fp32, the precision of the layers, size, CPU time and memory. On one thread; a row takes many minutes.
"""

import json
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.console import Console

from benchmarks.measure.own_process import run_in_own_process
from runtime.terminal import told_errors

if TYPE_CHECKING:
    from benchmarks.models.checkpoints.random_checkpoints import ShapeName
    from benchmarks.models.full_size.steps import WeightKind
    from export.precision.rounding import Target

KINDS: "tuple[WeightKind, ...]" = ("plain", "norm outliers", "all other outliers")
TEXT, IMAGE = "siglip/text.onnx", "siglip/image.onnx"
OUTPUTS = (f"{TEXT} embedding", f"{IMAGE} embedding", f"{IMAGE} patch_contributions")
HEAD = """\
| weights | text: cosine, worst | image: cosine, worst | patches: cosine, worst | overlap@10 | weights of text; image |\
 MB text, image | CPU, s | peak, GB |
|---|---|---|---|---|---|---|---|---|"""


def main(
    shape: Annotated[str, typer.Argument(help="A shape of `random_checkpoints.py`.")] = "siglip2-b32",
    target: Annotated[str, typer.Option(help="vnni or avx2.")] = "vnni",
    out: Annotated[Path, typer.Option(help="Where checkpoints and graphs are kept.")] = Path("artifacts/planned_siglip"),
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of weights; all if none is given.")] = None,
) -> None:
    """Print a Markdown table with a line for each kind of weights, as soon as it is there."""
    console = Console(highlight=False)
    console.print(f"{shape}, planned for {target}\n\n{HEAD}", soft_wrap=True, markup=False)
    with told_errors():
        for weights in KINDS if kind is None else cast("list[WeightKind]", kind):
            name = f"{shape}-{weights.replace(' ', '-')}"
            run_in_own_process(save_checkpoint, cast("ShapeName", shape), out / "checkpoints" / name, weights)
            cpu_s, peak_gb = run_in_own_process(
                export_planned, out / "checkpoints" / name, out / f"{name}-{target}", cast("Target", target)
            )
            row = f"| {weights} | {_row(out / f'{name}-{target}')} | {cpu_s:.0f} | {peak_gb:.2f} |"
            console.print(row, soft_wrap=True, markup=False)


def save_checkpoint(shape: "ShapeName", folder: Path, kind: "WeightKind") -> None:
    """Save a checkpoint of random weights, unless it is there."""
    from benchmarks.models.full_size import steps

    if not (folder / "config.json").exists():
        steps.save_checkpoint(shape, folder, kind)


def export_planned(checkpoint: Path, out: Path, target: "Target") -> tuple[float, float]:
    """Export a checkpoint as the command does, and return the seconds of CPU and the peak of memory in GB."""
    from export.console import TerminalDisplay
    from export.models.export import ExportOptions, export_models

    options = ExportOptions(target=target, threads=1)
    export_models(str(checkpoint), None, out, options=options, display=TerminalDisplay(Console(stderr=True)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e9


def _row(models: Path) -> str:
    """Return what the export's own report says, as the cells of a row."""
    from export.precision.gates import OLD_PICTURE_RANKING, PICTURE_RANKING

    report: dict[str, Any] = json.loads((models / "report.json").read_text("utf-8"))
    measures = report["measures"]
    cosines = (f"{measures[output]['cosine_mean']:.5f}, {measures[output]['cosine_worst']:.4f}" for output in OUTPUTS)
    shares = (
        ", ".join(f"{share:.1%} {precision}" for precision, share in report["precisions"][graph].items())
        for graph in (TEXT, IMAGE)
    )
    sizes = (f"{report['sizes'][graph]['bytes'] / 1e6:.0f}" for graph in (TEXT, IMAGE))
    ranking = measures.get(PICTURE_RANKING) or measures[OLD_PICTURE_RANKING]
    overlap = f"{ranking['overlap_at_10']:.3f}"
    return " | ".join([*cosines, overlap, "; ".join(shares), ", ".join(sizes)])


if __name__ == "__main__":
    typer.run(main)

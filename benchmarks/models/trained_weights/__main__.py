"""The precision plan on trained weights: python -m benchmarks.models.trained_weights MODEL [--captions CAPTIONS.jsonl]

MODEL is a checkpoint folder of all-MiniLM-L6-v2; `make trained-weights` installs it. A plan is made on the captions of one
half of the pictures and judged on those of the other half, which it never saw, for both x86 targets, on several splits; and
made on the export's own calibration texts, judged on all captions. Without --captions, captions of drawn scenes are taken,
which are much alike.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.models.avx2 import find_emulator
from benchmarks.models.trained_weights.benchmark import HEADING, X86, Judged, TrainedWeightsBenchmark
from benchmarks.models.trained_weights.texts import read_pictures, split_pictures
from export.precision.calibration_set import draw_calibration_set
from export.precision.gates import Gates
from runtime.terminal import told_errors

FIRST = "half 1"
NAIVE = "half 1, int8 everywhere"


def main(
    model: Annotated[Path, typer.Argument(help="A checkpoint folder of all-MiniLM-L6-v2.", exists=True, file_okay=False)],
    captions: Annotated[
        Path | None, typer.Option(help='Real captions: one JSON object a line, {"file", "captions"}, beside the pictures.')
    ] = None,
    splits: Annotated[int, typer.Option(min=1, help="How many halves to plan on.")] = 10,
    emulate: Annotated[bool, typer.Option(help="Run the first plans on an emulated Haswell, too (qemu-user).")] = True,
) -> None:
    """Print a Markdown table, and how many plans missed the gate on captions that they never saw."""
    console = Console(highlight=False)
    with told_errors(), TemporaryDirectory() as scratch:
        pictures = read_pictures(captions)
        every = [caption for picture in pictures for caption in picture]
        benchmark = TrainedWeightsBenchmark(model, Path(scratch))
        console.print(f"{len(pictures)} pictures, {len(every)} captions. ", end="")
        console.print(f"Largest difference of the fp32 graph to transformers: {benchmark.parity(every):.1e}.\n")
        console.print(HEADING, soft_wrap=True, markup=False)

        def show(judged: Judged) -> Judged:
            console.print(judged.to_markdown(), soft_wrap=True, markup=False)
            return judged

        halves = split_pictures(pictures, splits)
        for target in X86:
            show(benchmark.judge(NAIVE, target, *halves[0], gates=None))
        planned = []
        for number, half in enumerate(halves, start=1):
            planned += [show(one) for one in benchmark.judge_targets(f"half {number}", *half, Gates())]
        own = draw_calibration_set().texts
        planned += [show(one) for one in benchmark.judge_targets("all, planned on built-in texts", own, every, Gates())]
        gate = Gates().cosine_mean
        missed = sum(one.cosine_mean < gate for one in planned)
        console.print(f"\n{missed} of {len(planned)} plans missed the gate of {gate} on captions that they never saw.")
        if emulate and find_emulator():
            for target in X86:
                here, haswell = benchmark.emulate(FIRST, target, halves[0][1])
                console.print(f"Planned for {target}: mean cosine {here:.5f} here, {haswell:.5f} on an emulated Haswell.")


if __name__ == "__main__":
    typer.run(main)

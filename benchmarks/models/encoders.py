"""Time, size and memory of encoders one may choose, beside the default: python -m benchmarks.models.encoders [--rounds N]

Checkpoints of their real shapes with random weights, exported with every layer int8 (no gate), on one thread. What they find
cannot be measured with such weights; docs/encoders.md says where others did.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.measure.memory import Memory
from benchmarks.measure.own_process import run_in_own_process
from benchmarks.measure.timing import Call, median_ms
from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.model_records import EncoderRecord
from runtime.models.onnx_session import Session, import_onnxruntime
from runtime.terminal import told_errors

if TYPE_CHECKING:
    from benchmarks.models.checkpoints.random_checkpoints import ShapeName

SHAPES: "tuple[ShapeName, ...]" = ("clip-b32", "clip-b16", "clip-40m-32", "clip-8m-16", "siglip2-b32", "siglip2-b16")
TOKENS = 10
ROUNDS = 15
HEAD = """\
| shape | text, ms | to clip-b32 | image, ms | to clip-b32 | text, MB | image, MB | memory, MB |
|---|---|---|---|---|---|---|---|"""


def main(
    out: Annotated[Path, typer.Option(help="Where checkpoints and graphs are kept.")] = Path("artifacts/encoders"),
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each, in turns.")] = ROUNDS,
) -> None:
    """Print a Markdown table with a line for each shape."""
    with told_errors():
        lines = compare(out, SHAPES, rounds)
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def compare(out: Path, shapes: "tuple[ShapeName, ...]", rounds: int) -> list[str]:
    """Return the table; memory is what a text tower adds, opened and asked once. Exports that are there are kept."""
    for shape in shapes:
        if not (out / shape / "manifest.json").exists():
            run_in_own_process(export_shape, shape, out)
    times = run_in_own_process(time_towers, out, shapes, rounds)
    lines = [HEAD]
    for shape in shapes:
        record = read_models_manifest(out / shape).clip
        (text_ms, image_ms), (first_text, first_image) = times[shape], times[shapes[0]]
        text_mb, image_mb = (sum(file.bytes for file in graph.files()) / 1e6 for graph in (record.text, record.image))
        memory_mb = run_in_own_process(ask_text_tower, out / shape)
        lines.append(
            f"| {shape} | {text_ms:.1f} | {text_ms / first_text:.2f} | {image_ms:.0f} | {image_ms / first_image:.2f} "
            f"| {text_mb:.0f} | {image_mb:.0f} | {memory_mb:.0f} |"
        )
    return lines


def export_shape(shape: "ShapeName", out: Path) -> None:
    """Save a checkpoint of random weights, and export it."""
    from benchmarks.models.full_size.steps import save_checkpoint
    from export.console import TerminalDisplay
    from export.models.export import ExportOptions, export_models
    from export.precision.gates import Gates

    checkpoint = out / "checkpoints" / shape
    save_checkpoint(shape, checkpoint, "plain")
    gates = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)
    options = ExportOptions(precision="int8", gates=gates)
    export_models(str(checkpoint), None, out / shape, options=options, display=TerminalDisplay(Console(stderr=True)))


def time_towers(out: Path, shapes: "tuple[ShapeName, ...]", rounds: int) -> "dict[ShapeName, tuple[float, float]]":
    """Return the median time of one text and one picture in each, in ms, all alternating on one thread."""
    calls: dict[tuple[str, str], Call] = {}
    for shape in shapes:
        record, folder = read_models_manifest(out / shape).clip, out / shape
        side = record.preprocessing.size
        pixels = np.random.default_rng(0).standard_normal((1, 3, side, side)).astype(np.float32)
        text, image = Session(folder / record.text.path, 1), Session(folder / record.image.path, 1)
        calls[shape, "text"] = _running(text, "embedding", "input_ids", _tokens(record))
        calls[shape, "image"] = _running(image, "embedding", "pixel_values", pixels)
    times = median_ms(calls, rounds)
    return {shape: (times[shape, "text"], times[shape, "image"]) for shape in shapes}


def ask_text_tower(models: Path) -> float:
    """Return how many MB a text tower adds to a process that has opened it and asked it once."""
    import_onnxruntime()
    record, before = read_models_manifest(models).clip, Memory.now()
    session = Session(models / record.text.path, 1)
    session.run(["embedding"], {"input_ids": _tokens(record)})
    after = Memory.now()
    return (after.anonymous + after.files - before.anonymous - before.files) / 1e6


def _tokens(record: EncoderRecord) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Return a text of 10 tokens; where the tower takes texts of one length alone, padded to that."""
    token_ids = np.full((1, record.padded_to or TOKENS), record.pad_token_id, np.int64)
    token_ids[0, : TOKENS - 1] = 7
    return token_ids


def _running(session: Session, output: str, name: str, given: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> Call:
    return lambda: session.run([output], {name: given})


if __name__ == "__main__":
    typer.run(main)

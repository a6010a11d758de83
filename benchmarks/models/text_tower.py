"""A multilingual text tower in full size, random weights, plain and with outliers: python -m benchmarks.models.text_tower

The shape of sentence-transformers/clip-ViT-B-32-multilingual-v1: equality with torch, what int8 throughout and a plan keep,
size, and the time of a text of twelve tokens on one thread, all forms in turns. What it finds cannot be measured so.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.measure.own_process import run_in_own_process
from benchmarks.measure.timing import Call, median_ms
from benchmarks.models.trained_weights.text_gate_measure import TextGateMeasure, embed
from export.console import SilentDisplay
from export.models.onnx_graph import graph_bytes
from export.models.optimize import optimize_graph
from export.precision.budget import BudgetSearch, RoundingOptions
from export.precision.gates import GateResult, Gates
from export.precision.sensitivity import Feed
from runtime.models.onnx_session import Session
from runtime.terminal import told_errors

if TYPE_CHECKING:
    from benchmarks.models.checkpoints.outliers import Edit

TEXT = "text/text.onnx"
ENTRIES, DIMENSION, PAD = 119_547, 512, 0
KINDS = ("plain", "outliers")
FORMS = ("fp32", "int8", "planned")
TEXTS, SHORTEST, LONGEST, TIMED_TOKENS, ROUNDS = 64, 5, 24, 12, 15
OPEN_GATES = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)
HEAD = """\
| weights | form | fp32 to torch | cosine, mean | worst | ten nearest texts | layers not in int8 | text, ms | MB |
|---|---|---|---|---|---|---|---|---|"""


def main(
    out: Annotated[Path, typer.Option(help="Where graphs are written.")] = Path("artifacts/text_tower"),
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each form, in turns.")] = ROUNDS,
    layers: Annotated[int, typer.Option(min=2, help="Layers; the real one has six.")] = 6,
) -> None:
    """Print a Markdown table with a line for each kind of weights and form."""
    lines = [HEAD]
    with told_errors():
        for kind in KINDS:
            difference = run_in_own_process(write_exact, out / kind, kind, layers)
            lines += run_in_own_process(judge_forms, out / kind, kind, difference, rounds)
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def write_exact(folder: Path, kind: str, layers: int) -> float:
    """Write the fp32 graph below `folder`, and return by how much its vectors differ from torch's at most."""
    import torch
    from transformers import DistilBertConfig, DistilBertModel

    from benchmarks.models.checkpoints.outliers import add_residual_outliers, draw_heavy_tails
    from export.models.mean_pooled_text import embed_with_torch, write_text_graph

    edits: dict[str, tuple[Edit, ...]] = {"plain": (), "outliers": (draw_heavy_tails, add_residual_outliers)}
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=ENTRIES, n_layers=layers)
    model = DistilBertModel._from_config(config, attn_implementation="eager").eval()
    for edit in edits[kind]:
        edit(model)
    dense = torch.nn.Linear(config.dim, DIMENSION, bias=False)
    write_text_graph(model, dense, PAD, folder / "fp32")
    feeds = draw_texts()
    wanted = embed_with_torch(model, dense, [feed["input_ids"] for feed in feeds], PAD)
    return float(np.abs(embed(folder / "fp32" / TEXT, feeds) - wanted).max())


def judge_forms(folder: Path, kind: str, difference: float, rounds: int) -> list[str]:
    """Write the rounded forms, and return the rows of all."""
    feeds, judged = draw_texts(), draw_texts(seed=1)
    other_texts = TextGateMeasure(folder / "fp32", TEXT, judged)
    cells: dict[str, tuple[GateResult, int]] = {}
    for form in FORMS[1:]:
        gates = OPEN_GATES if form == "int8" else Gates()
        options = RoundingOptions("vnni", gates, naive=form == "int8", threads=1)
        search = BudgetSearch([TEXT], folder / "fp32", folder / form, options, SilentDisplay())
        rounded = search.run(TextGateMeasure(folder / "fp32", TEXT, feeds))
        optimize_graph(folder / form / TEXT)
        others = sum(layer.precision != "int8" for layer in rounded.plans[TEXT].layers)
        cells[form] = other_texts.evaluate(folder / form), others
    times = time_forms(folder, rounds)
    rows = []
    for form in FORMS:
        size_mb = graph_bytes(folder / form / TEXT) / 1e6
        kept = f"{difference:.1e} | | | |" if form == FORMS[0] else f"| {_kept(*cells[form])}"
        rows.append(f"| {kind} | {form} | {kept} | {times[form]:.1f} | {size_mb:.0f} |")
    return rows


def time_forms(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median time of a text of `TIMED_TOKENS` tokens in each form, in ms, in turns on one thread."""
    text: Feed = {"input_ids": np.arange(1, TIMED_TOKENS + 1, dtype=np.int64)[None]}
    sessions = {form: Session(folder / form / TEXT, 1) for form in FORMS}
    calls: dict[str, Call] = {form: _running(session, text) for form, session in sessions.items()}
    return median_ms(calls, rounds)


def draw_texts(seed: int = 0) -> Sequence[Feed]:
    """Return texts of random tokens, (1, t) each."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(SHORTEST, LONGEST, TEXTS)
    return [{"input_ids": rng.integers(1, ENTRIES, (1, int(length)), dtype=np.int64)} for length in lengths]


def _running(session: Session, text: Feed) -> Call:
    return lambda: session.run(["embedding"], text)


def _kept(result: GateResult, others: int) -> str:
    """Return what a rounded form keeps, and how many of its layers are not in int8."""
    [cosines], [ranking] = result.cosines.values(), result.family_measures.values()
    return f"{cosines.mean():.5f} | {cosines.min():.4f} | {ranking['overlap_at_10']:.3f} | {others}"


if __name__ == "__main__":
    typer.run(main)

"""What moving outliers costs in time: python -m benchmarks.models.moved_outliers

BLIP base's decoder with random weights, int8 throughout, for one token behind ten: with no outliers moved, and with those of
every group of products. Its norms come after the residuals, which read them, too, so that no norm can take a division: each
group costs one Mul. One thread, alternating; its CPU time, into which other processes hardly enter.
"""

import statistics
import time
from functools import reduce
from operator import or_
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.models.checkpoints.random_checkpoints import ShapeName, save_random_checkpoint
from export.models.blip import DECODER, Decoder, DecoderOnnxConfig
from export.models.onnx_graph import quiet, write_graph
from export.models.optimize import optimize_graph
from export.precision.edits import Edits
from export.precision.layers import ExactGraph
from export.precision.rewriting import rewrite, write_single_file
from export.precision.rounding import Choice
from export.precision.smoothquant import find_channel_groups, move_scales
from runtime.models.onnx_session import Array, Session

PAST_TOKENS, IMAGE_TOKENS = 10, 577
BATCHES = ((1, 1), (1, 3), (5, 3))  # pictures, beams


def write_decoder(shape: ShapeName, folder: Path) -> ExactGraph:
    """Write the decoder of a random checkpoint in fp32."""
    with quiet():
        decoder = Decoder(save_random_checkpoint(shape, folder / "checkpoint"), candidates=2)
    write_graph(decoder, DecoderOnnxConfig(decoder.config), folder / DECODER)
    return ExactGraph(folder / DECODER)


def move_everything(graph: ExactGraph) -> tuple[Edits, int, int]:
    """Return the edits that move every group's channels, how many groups there are, and how many of them a norm takes.

    The scales are drawn at random: their values do not change the time.
    """
    groups, rng = find_channel_groups(graph), np.random.default_rng(0)
    widths = [graph.layers[group.layers[0]].shape[0] for group in groups]
    scales = [np.exp(rng.normal(0, 0.5, width)).astype(np.float32) for width in widths]
    moves = (move_scales(graph, group, scale) for group, scale in zip(groups, scales, strict=True))
    return reduce(or_, moves, Edits()), len(groups), sum(bool(group.norms) for group in groups)


def make_feed(session: Session, pictures: int, beams: int) -> dict[str, Array]:
    """Return one token for each beam of each picture, and random caches."""
    rng, rows = np.random.default_rng(0), pictures * beams
    feed: dict[str, Array] = {}
    for name, shape in session.input_shapes.items():
        if name == "input_ids":
            feed[name] = np.full((rows, 1), 7)
        else:
            past = name.startswith("past_")
            size = (rows if past else pictures, shape[1], PAST_TOKENS if past else IMAGE_TOKENS, shape[3])
            feed[name] = rng.standard_normal(size, dtype=np.float32)
    return feed


def write_forms(graph: ExactGraph, edits: Edits) -> dict[str, Session]:
    """Return the graph in int8 throughout, opened: as it is, and with the edits."""
    int8: Choice = dict.fromkeys(graph.layers, "int8")
    sessions = {}
    for name, form in (("unmoved", Edits()), ("moved", edits)):
        path = graph.path.with_name(f"{name}.onnx")
        write_single_file(rewrite(graph, int8, "avx2", form), graph.path.parent, path)
        optimize_graph(path)
        sessions[name] = Session(path, 1)
    return sessions


def median_cpu_ms(sessions: dict[str, Session], feed: dict[str, Array], rounds: int) -> list[float]:
    """Return the median CPU time of a run of each session, of which each runs in the calling thread."""
    spent_ms: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(rounds):
        for name, session in sessions.items():
            started = time.thread_time()
            session.run(session.output_names, feed)
            spent_ms[name].append((time.thread_time() - started) * 1e3)
    return [statistics.median(spent) for spent in spent_ms.values()]


def main(
    small: Annotated[bool, typer.Option("--small", help="A small decoder, to try the benchmark itself.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="How often each graph is timed.")] = 201,
) -> None:
    """Print a Markdown table, in ms of CPU."""
    console = Console(highlight=False)
    with TemporaryDirectory() as scratch:
        graph = write_decoder("blip-tiny" if small else "blip-base", Path(scratch))
        edits, groups, in_norms = move_everything(graph)
        sessions = write_forms(graph, edits)
        console.print(f"{groups} groups, {in_norms} of them behind a norm that takes the division.\n")
        console.print("| pictures, beams | unmoved | moved | ratio |\n|---|---|---|---|", markup=False)
        for pictures, beams in BATCHES:
            feed = make_feed(sessions["unmoved"], pictures, beams)
            unmoved, moved = median_cpu_ms(sessions, feed, rounds)
            console.print(f"| {pictures}, {beams} | {unmoved:.2f} | {moved:.2f} | {moved / unmoved:.3f} |", markup=False)


if __name__ == "__main__":
    typer.run(main)

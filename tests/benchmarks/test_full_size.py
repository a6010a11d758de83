"""The full-size benchmark, tried on small shapes."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (find_spec("torch") and find_spec("optimum")), reason="needs the conversion side"),
]


@pytest.fixture(autouse=True)
def torch_threads() -> Iterator[None]:
    """The benchmark gives torch one thread; the tests after this one have theirs back."""
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_the_benchmark_makes_measures_and_does_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.models.full_size.benchmark import SHAPES, FullSizeBenchmark
    from benchmarks.models.full_size.table import to_markdown

    monkeypatch.setattr("export.models.plots.draw_plots", lambda *_: None)
    steps: list[str] = []

    def run_here(step: Callable[..., Any], *given: Any) -> Any:
        steps.append(step.__name__)
        return step(*given)

    bench = FullSizeBenchmark(tmp_path, SHAPES[True], Console(file=StringIO()), kinds=("plain",), run=run_here)
    bench.make()
    assert steps == ["save_checkpoint"] * 2 + ["export_form"] * 3
    rows = bench.measure(None, 1)
    assert {(row.graph, row.precision) for row in rows} == {
        (graph, form)
        for graph in ("clip/text.onnx", "clip/image.onnx", "blip/vision.onnx", "blip/decoder.onnx")
        for form in ("fp32", "planned", "int8")
    }
    sizes = {(row.graph, row.precision): row.size_mb for row in rows}
    assert all(sizes[graph, "int8"] < 0.4 * sizes[graph, "fp32"] for graph, _ in sizes)
    table = to_markdown(rows, bench.costs, "drawn scenes").splitlines()
    assert len([line for line in table if line.startswith("| CLIP text")]) == 3
    assert all(line.count("|") == table[0].count("|") for line in table if line.startswith("|"))
    assert [line.partition(":")[0] for line in table if line.startswith("- ")] == [
        "- Export of both, plain, fp32", "- Export of both, plain, planned", "- Export of both, plain, int8",
    ]  # fmt: skip

    steps.clear()
    FullSizeBenchmark(tmp_path, SHAPES[True], Console(file=StringIO()), kinds=("plain",), run=run_here).make()
    assert steps == []


def test_what_the_table_shows_of_a_graph() -> None:
    from benchmarks.models.full_size.table import Row

    measures = {
        "clip/text.onnx embedding": {"cosine_mean": 0.99951, "cosine_worst": 0.9912},
        "ranking of pictures": {"overlap_at_10": 0.97},
    }
    row = Row("clip/text.onnx", "plain", "planned", 63.94, 41.2, 4.44, 33.3, measures)
    assert (
        row.to_markdown()
        == "| CLIP text, 10 tokens | plain | planned | 63.9 | 41 | 4.4 | 0.13 | 0.99951 | 0.99120 | 0.970 |"
    )

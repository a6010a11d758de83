"""Whether captions depend on their batch is measured, bit for bit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from transformers import BlipForConditionalGeneration

from export.models.batch_invariance import is_batch_invariant, plans_rows
from export.models.blip import write_blip_graphs
from export.precision.layers import ExactGraph
from export.precision.plan import GraphPlan, LayerPlan
from export.precision.rewriting import rewrite, write_single_file
from export.precision.rounding import Precision
from runtime.artefacts.file_record import record_graph
from tests.export.small_checkpoints import Exported

pytestmark = pytest.mark.torch

VISION, DECODER = "blip/vision.onnx", "blip/decoder.onnx"


@pytest.mark.parametrize(("precision", "invariant"), [("int8", False), ("row8", True)])
def test_scales_of_rows_keep_captions_apart_and_one_of_a_tensor_does_not(
    blip_folder: Path, exported: Exported, tmp_path: Path, precision: Precision, *, invariant: bool
) -> None:
    write_blip_graphs(BlipForConditionalGeneration.from_pretrained(blip_folder), tmp_path / "exact", num_beams=3)
    folder, record = tmp_path / "rounded", exported["fp32"][1].blip
    assert record
    for path in (VISION, DECODER):
        graph = ExactGraph(tmp_path / "exact" / path)
        choice = {name: precision for name, layer in graph.layers.items() if layer.kind == "product"}
        write_single_file(rewrite(graph, choice, "avx2"), graph.path.parent, folder / path)
    tokenizer = folder / record.tokenizer.path
    tokenizer.write_bytes((exported["fp32"][0] / record.tokenizer.path).read_bytes())
    files = {"vision": record_graph(folder, VISION), "decoder": record_graph(folder, DECODER)}
    noise = np.random.default_rng(0).integers(0, 255, (3, 40, 40, 3), dtype=np.uint8)
    pictures = [Image.fromarray(one) for one in noise]
    assert is_batch_invariant(folder, record.model_copy(update=files), pictures, threads=1) is invariant


def layer(kind: str, precision: Precision) -> LayerPlan:
    return LayerPlan(layer="one", kind=kind, weights=1, precision=precision, errors={}, why="")


@pytest.mark.parametrize(
    ("layers", "rows"),
    [
        ([layer("product", "row8"), layer("table", "int8")], True),
        ([layer("product", "row8"), layer("product", "block8")], False),
        ([layer("product", "fp32")], False),
    ],
)
def test_a_plan_with_a_product_that_may_sum_in_another_order_is_not_of_rows(layers: list[LayerPlan], *, rows: bool) -> None:
    assert plans_rows(GraphPlan(budget=1, predicted=0, rows=True, layers=layers)) is rows

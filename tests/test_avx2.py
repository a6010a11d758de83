"""AVX2 truth: the quantized graphs answer alike on a CPU without VNNI, and would not if weights had all their bits."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.models.avx2 import EMULATOR, find_emulator, run_models, run_models_emulated
from export.precision.rounding import Target, round_columns
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not find_emulator(), reason="qemu-x86_64 (Debian's qemu-user) is not installed")

TARGETS: tuple[Target, ...] = ("avx2", "vnni")
# Runs the graphs below the folder on x; of Python's packages it imports those two alone, as the emulator takes seconds each.
RUN = """
import json, sys
import numpy as np, onnxruntime
x = np.full((3, 64), 255, np.uint8)
print(json.dumps([onnxruntime.InferenceSession(path).run(None, {"x": x})[0].tolist() for path in sys.argv[1:]]))
"""
Products = dict[Target, tuple[NDArray[np.int64], NDArray[np.int64]]]


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Products:
    """By target, the largest activations times weights that differ by column and are rounded for it: emulated, and exact."""
    weight = np.abs(np.random.default_rng(0).standard_normal((64, 24))).astype(np.float32) + 1
    rounded = {target: round_columns(weight, target)[0] for target in TARGETS}
    paths = {target: tmp_path_factory.mktemp("products") / f"{target}.onnx" for target in TARGETS}
    for target, path in paths.items():
        write_product(path, rounded[target])
    command = [*EMULATOR, sys.executable, "-c", RUN, *map(str, paths.values())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    exact = {target: np.full((3, 64), 255) @ rounded[target].astype(np.int64) for target in TARGETS}
    return {target: (np.array(given), exact[target]) for target, given in zip(TARGETS, json.loads(done.stdout), strict=True)}


def write_product(path: Path, weight: NDArray[np.generic]) -> None:
    """Write a graph that multiplies x, (3, 64) uint8, by a weight in 8 bits."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    node = helper.make_node("MatMulInteger", ["x", "weight"], ["y"])
    given = helper.make_tensor_value_info("x", TensorProto.UINT8, [3, 64])
    taken = helper.make_empty_tensor_value_info("y")
    graph = helper.make_graph([node], "g", [given], [taken], [numpy_helper.from_array(weight, "weight")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)


def test_products_of_weights_rounded_for_avx2_are_exact_without_vnni(products: Products) -> None:
    given, exact = products["avx2"]
    assert np.array_equal(given, exact)


def test_products_of_weights_rounded_for_vnni_saturate_without_it(products: Products) -> None:
    given, exact = products["vnni"]
    assert (given < exact).all()


def test_the_sample_models_answer_alike_without_vnni() -> None:
    models = Path(ROOT / "sample/models")
    native, emulated = run_models(models, 1, captions=True), run_models_emulated(models, 1, captions=True)
    for name in ("texts", "images"):
        # Not closer: the last bit of a float may move an activation by a whole level.
        assert np.multiply(native[name], emulated[name]).sum(axis=1).min() > 0.9999
    assert native["captions"].tolist() == emulated["captions"].tolist()
    assert all(caption for caption in native["captions"])

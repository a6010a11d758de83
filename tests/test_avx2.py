"""AVX2 truth: the quantized graphs answer alike on a CPU without VNNI, and would not if weights had all their bits."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.avx2 import EMULATOR, find_emulator, run_models, run_models_emulated
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not find_emulator(), reason="qemu-x86_64 (Debian's qemu-user) is not installed")

# One product of the largest activations with weights that differ by column: as rounded for `target`, and exactly.
PRODUCT = """
import json, sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from export.precision.rounding import round_columns
weight = np.abs(np.random.default_rng(0).standard_normal((64, 24))).astype(np.float32) + 1
rounded, _ = round_columns(weight, sys.argv[1])
node = helper.make_node("MatMulInteger", ["x", "weight"], ["y"])
given = helper.make_tensor_value_info("x", TensorProto.UINT8, [3, 64])
graph = helper.make_graph([node], "g", [given], [helper.make_empty_tensor_value_info("y")],
                          [numpy_helper.from_array(rounded, "weight")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
x = np.full((3, 64), 255, np.uint8)
(y,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
print(json.dumps([y.tolist(), (x.astype(int) @ rounded.astype(int)).tolist()]))
"""


def multiply_emulated(target: str) -> tuple[np.ndarray, np.ndarray]:
    command = [*EMULATOR, sys.executable, "-c", PRODUCT, target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    given, exact = json.loads(done.stdout)
    return np.array(given), np.array(exact)


def test_products_of_weights_rounded_for_avx2_are_exact_without_vnni() -> None:
    given, exact = multiply_emulated("avx2")
    assert np.array_equal(given, exact)


def test_products_of_weights_rounded_for_vnni_saturate_without_it() -> None:
    given, exact = multiply_emulated("vnni")
    assert (given < exact).all()


def test_the_sample_models_answer_alike_without_vnni() -> None:
    models = Path(ROOT / "sample/models")
    native, emulated = run_models(models, 2, captions=True), run_models_emulated(models, 2, captions=True)
    for name in ("texts", "images"):
        # Not closer: the last bit of a float may move an activation by a whole level.
        assert (native[name] * emulated[name]).sum(axis=1).min() > 0.9999
    assert native["captions"].tolist() == emulated["captions"].tolist()
    assert all(caption for caption in native["captions"])

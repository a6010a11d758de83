"""Where outputs go, and on which device graphs are opened: what onnxruntime offers is played, as is what it then uses."""

import numpy as np
import pytest

from runtime.artefacts.manifest import read_models_manifest
from runtime.errors import SessionFailed
from runtime.models.clip import ClipEncoder
from runtime.models.onnx_session import Session, check_in_use, choose_providers
from tests.sample_library import MODELS

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def test_on_the_cpu_nothing_else_is_tried_whatever_there_is() -> None:
    assert choose_providers("cpu", ["TensorrtExecutionProvider", CUDA, CPU], "clip/image.onnx") == [CPU]


def test_on_a_gpu_cuda_comes_first_and_computes_in_full_precision() -> None:
    (first, options), *others = choose_providers("cuda", ["TensorrtExecutionProvider", CUDA, CPU], "clip/image.onnx")
    assert (first, options["use_tf32"], others) == (CUDA, "0", [CPU])


def test_an_onnxruntime_without_cuda_is_refused_with_the_package_that_has_it() -> None:
    with pytest.raises(SessionFailed, match=r"clip/image\.onnx .*no CUDA.*pip install onnxruntime-gpu"):
        choose_providers("cuda", ["AzureExecutionProvider", CPU], "clip/image.onnx")


def test_a_silent_fall_back_to_the_cpu_is_refused() -> None:
    with pytest.raises(SessionFailed, match="could not start CUDA"):
        check_in_use("cuda", [CPU], "clip/image.onnx")
    check_in_use("cuda", [CUDA, CPU], "clip/image.onnx")
    check_in_use("cpu", [CPU], "clip/image.onnx")


def test_the_encoder_passes_the_device_on_to_its_graphs() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(SessionFailed, match="onnxruntime-gpu"):
        ClipEncoder(MODELS, read_models_manifest(MODELS).clip, device="cuda")


def test_outputs_are_written_into_given_arrays() -> None:
    blip = read_models_manifest(MODELS).blip
    assert blip is not None
    session = Session(MODELS / blip.vision.path, 1)
    size = blip.preprocessing.size
    pixels = np.random.default_rng(5).standard_normal((2, 3, size, size)).astype(np.float32)
    [name, *_] = session.output_names
    states = np.zeros((2, blip.heads, blip.image_tokens, blip.head_width), np.float32)
    for at in range(2):
        session.run_into({name: states[at : at + 1]}, {"pixel_values": pixels[at : at + 1]})
        [expected] = session.run([name], {"pixel_values": pixels[at : at + 1]})
        assert np.array_equal(states[at], expected[0])


def test_an_array_of_the_wrong_shape_is_refused() -> None:
    blip = read_models_manifest(MODELS).blip
    assert blip is not None
    session = Session(MODELS / blip.vision.path, 1)
    size = blip.preprocessing.size
    [name, *_] = session.output_names
    with pytest.raises(SessionFailed, match=r"vision\.onnx"):
        session.run_into(
            {name: np.zeros((1, 1, 1, 1), np.float32)}, {"pixel_values": np.zeros((1, 3, size, size), np.float32)}
        )

"""Optimizes a finished graph for the runtime, and puts its weights into a file beside it that can be memory-mapped.

Owns the level of optimization. What the graph computes stays the same; `runtime/models/onnx_session.py` opens it without
optimizing it again.
"""

from pathlib import Path

from runtime.artefacts.file_record import WEIGHTS_SUFFIX
from runtime.models.onnx_session import import_onnxruntime

MAPPED_FROM_BYTES = 4096  # smaller tensors stay in the graph


def optimize_graph(path: Path) -> None:
    """Replace the graph at `path` by two files: the optimized graph, and its weights.

    The level is "extended": onnxruntime's fusions that every CPU can run. "all" would arrange weights for this machine's
    CPU.
    """
    onnxruntime = import_onnxruntime()
    optimized, weights = path.with_name(f"{path.name}.part"), path.with_suffix(WEIGHTS_SUFFIX)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(optimized)
    options.log_severity_level = 3
    for key, value in {
        "session.optimized_model_external_initializers_file_name": weights.name,
        "session.optimized_model_external_initializers_min_size_in_bytes": str(MAPPED_FROM_BYTES),
        "session.disable_prepacking": "1",
    }.items():
        options.add_session_config_entry(key, value)
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    optimized.replace(path)

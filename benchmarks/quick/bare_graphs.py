"""The least that the sample models can do the work with: python -m benchmarks.quick.bare_graphs search IDS | index PICTURES

Sessions on the shipped graphs, one product with the pictures' vectors, and nothing of `runtime/`: what Lookwhy takes beyond
that is its own code. IDS is JSON, the token ids of each query: none is cut into tokens here. Prints its figures as JSON.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from benchmarks import ROOT
from benchmarks.quick.figures import PICTURES, QUERIES, median_cpu_ms, peak_mb

MODELS = ROOT / "sample" / "models"
TOP_K = 5


def open_graph(name: str) -> Any:  # noqa: ANN401 (onnxruntime's session has no types)
    """Return a session of one thread on a graph of the sample models."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(MODELS / name, options, providers=["CPUExecutionProvider"])


def search(token_ids: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Return the figures of a start and of searches: the text tower, and the nearest of some random vectors."""
    tower = open_graph("clip/text.onnx")
    vectors = np.random.default_rng(0).standard_normal((PICTURES, tower.get_outputs()[0].shape[1])).astype(np.float32)

    def find(query: str) -> list[int]:
        (embedding,) = tower.run(None, {"input_ids": np.array([token_ids[query]])})
        nearest: list[int] = np.argsort(vectors @ embedding[0])[-TOP_K:].tolist()
        return nearest

    find(QUERIES[0])
    start_ms = time.process_time() * 1e3
    search_ms = median_cpu_ms(find)
    return {"start_ms": start_ms, "search_ms": search_ms, "explained_ms": search_ms, "peak_mb": peak_mb()}


def index(folder: Path) -> dict[str, float]:
    """Return the time for a folder: each picture decoded and seen by both vision towers, one by one, and not captioned."""
    towers = [open_graph("clip/image.onnx"), open_graph("blip/vision.onnx")]
    for path in sorted(folder.glob("*.jpg")):
        for tower in towers:
            size = tower.get_inputs()[0].shape[-1]
            with Image.open(path) as picture:
                pixels = np.asarray(picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC), np.float32)
            tower.run(None, {"pixel_values": pixels.transpose(2, 0, 1)[None] / 255})
    return {"index_ms": time.process_time() * 1e3}


if __name__ == "__main__":
    print(json.dumps(search(json.loads(sys.argv[2])) if sys.argv[1] == "search" else index(Path(sys.argv[2]))))

"""Compares the outputs of exact (fp32) graphs with those of the torch models that they were made from.

Owns the probe inputs and the tolerance. What quantized graphs must keep of the exact ones is in `precision/gates.py`.
Imports no torch: the models' outputs come in as arrays.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.precision.gates import GateMiss, Measures, ParityFailed
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from runtime.models.blip import BlipCaptioner
from runtime.models.cpu_cores import usable_cores
from runtime.models.onnx_session import Array, Session

Outputs = dict[str, Array]  # by graph and output, as in "clip/text.onnx embedding": float32 vectors, or token ids

MAX_DIFFERENCE = 1e-4  # of a unit vector's components; rclip's converter has the same limit
PROBE_IMAGES = 8
PROBE_GRID = 7  # blocks of colour along an edge of a probe image
PROBE_TEXTS = (
    "",
    "a boat",
    "a red boat at sunset",
    "two birds above a house in the forest",
    "a photo of a dog running on a beach with a ball in its mouth",
    "ein Schloß am See, 1887",
    "an old map of the city with handwritten notes in the margin, a coffee stain and a torn corner " * 4,
)


def make_probe_pixels(size: int) -> NDArray[np.float32]:
    """Return (`PROBE_IMAGES`, 3, size, size) float32: blocks of colour under noise, the same on every machine.

    Areas and edges, with the variance of normalized pixels: on pure noise, a model's outputs are all alike.
    """
    rng = np.random.default_rng(0)
    blocks = rng.standard_normal((PROBE_IMAGES, 3, PROBE_GRID, PROBE_GRID))
    cells = np.arange(size) * PROBE_GRID // size  # (size,) the block of each pixel
    noise = 0.1 * rng.standard_normal((PROBE_IMAGES, 3, size, size))
    return (blocks[:, :, cells][..., cells] + noise).astype(np.float32)


def run_clip_graphs(
    folder: Path, record: EncoderRecord, *, texts: Sequence[NDArray[np.int64]], pixels: NDArray[np.float32]
) -> Outputs:
    """Return the vectors of texts, (1, t) token ids each, and of (n, 3, s, s) pixels, each in a run of its own."""
    text, image = (open_graph(folder, graph.path) for graph in (record.text, record.image))
    embeddings = [text.run(["embedding"], {"input_ids": token_ids})[0] for token_ids in texts]
    outputs = ("embedding", "patch_contributions")
    images = [image.run(outputs, {"pixel_values": one[None]}) for one in pixels]
    arrays = {f"{record.text.path} embedding": np.concatenate(embeddings)}
    for output, *vectors in zip(outputs, *images, strict=True):
        arrays[f"{record.image.path} {output}"] = np.concatenate(vectors)
    return arrays


def run_blip_graphs(folder: Path, record: BlipRecord, *, prefix: NDArray[np.int64], pixels: NDArray[np.float32]) -> Outputs:
    """Return captions of (n, 3, s, s) pixels, each image alone, and the logits after a (1, t) prefix, all t at once."""
    captioner = BlipCaptioner(folder, record, _threads())
    # It runs only a few times; prepacking would make a third copy of its weights.
    decoder = Session(folder / record.decoder.path, _threads(), prepack=False)
    no_past = np.empty((1, record.heads, 0, record.head_width), np.float32)
    past = {name: no_past for name in decoder.input_shapes if name.startswith("past_")}
    captions, logits = [], []
    for one in pixels:
        cross = captioner.see(one[None])
        captions.append(fill_captions(captioner.decode(cross, 1), record.max_tokens, pad_token_id=record.pad_token_id))
        logits += decoder.run(["logits"], {"input_ids": prefix, **past, **cross})
    path = record.decoder.path
    return {f"{path} captions": np.concatenate(captions), f"{path} logits": np.concatenate(logits)}


def fill_captions(captions: NDArray[np.int64], width: int, *, pad_token_id: int) -> NDArray[np.int64]:
    """Return (n, t) captions as (n, width), padded with pad tokens."""
    return np.pad(captions, ((0, 0), (0, width - captions.shape[1])), constant_values=pad_token_id)


def require_parity(expected: Outputs, given: Outputs) -> Measures:
    """Return how far fp32 graphs are from their torch models.

    Args:
        expected: torch's outputs.
        given: the graphs' outputs; those that are not in `expected` are ignored.

    Raises:
        ParityFailed: vectors differ by more than `MAX_DIFFERENCE`, or a caption by one token; names every such output.
    """
    measures: Measures = {}
    misses = []
    for name, wanted in expected.items():
        if np.issubdtype(wanted.dtype, np.integer):
            differing = int((wanted != given[name]).any(axis=-1).sum())
            measures[name] = {"differing_from_torch": differing, "compared": len(wanted)}
            miss = GateMiss(name, "the number of captions unlike torch's", differing, 0)
        else:
            difference = float(np.abs(wanted - given[name]).max())
            measures[name] = {"max_difference_to_torch": difference}
            miss = GateMiss(name, "the largest difference from torch", difference, MAX_DIFFERENCE)
        if not miss.given <= miss.allowed:  # true of NaN, too
            misses.append(miss)
    if misses:
        raise ParityFailed(misses)
    return measures


def open_graph(folder: Path, path: str) -> Session:
    """Return a graph below a folder, to be run on all cores."""
    return Session(folder / path, _threads())


def _threads() -> int:
    return usable_cores()

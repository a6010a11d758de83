"""How a layer's weights and activations are rounded, and for which CPU.

Owns the arithmetic. `rewriting.py` writes the nodes that do it in a graph, `plan.py` chooses the precision of each layer,
`sensitivity.py` measures what the choice costs.

- "int8": dynamic. One scale for each column of the weight, one for the whole tensor of activations (DynamicQuantizeLinear,
  MatMulInteger).
- "row8": weights as in "int8", activations row by row: one scale and one centre for each row. An outlier of one token
  coarsens that token alone, and no row depends on others. Takes 5 to 10 % longer.
- "block8": weights in blocks of up to `BLOCK` inputs, activations rounded per row and block inside the kernel
  (com.microsoft::MatMulNBits), so that an outlier coarsens its own block alone. Takes about 2.6 times as long as int8
  from ten rows on, as long for one row. The operator's other mode, float activations, takes longer than fp32, for one row
  forty times as long, and is not offered.
- "fp32": not rounded.

Tables and kernels are stored as int8 but computed in fp32: a table's rows are converted when they are looked up, a kernel
when the graph is opened. "row8" and "block8" are not offered for them.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Precision = Literal["int8", "row8", "block8", "fp32"]
Target = Literal["avx2", "vnni", "arm64"]
Choice = Mapping[str, Precision]  # by the layer's name; a layer that is not in it stays fp32
Weights = NDArray[np.float32]

BLOCK = 32  # 6 % more bytes than int8; 256 would be a third faster, but an outlier would coarsen eight times as many weights
BLOCK_MIN = 16  # the shortest block that MatMulNBits takes
BLOCK_ZERO = 128  # what stands for zero in a block
ROW_MAX = 127
ROW_CENTRE = 128  # the level of a row's centre, half way between its least and its largest value
PAIR_MAX = 127  # rounding may add one: 255 * 128 stays below 2 ** 15


def round_columns(weight: Weights, target: Target) -> tuple[NDArray[np.int8], Weights]:
    """Return a (k, n) weight as int8, and one scale a column, so that weight is about int8 * scale.

    CPUs with AVX2 but without VNNI add the products of unsigned 8-bit activations and signed 8-bit weights in pairs of
    neighbouring inputs (vpmaddubsw), saturating at 16 bits. Seven bits for every weight avoid that, as onnxruntime's
    `reduce_range` does; it is enough, and rounds a quarter finer, that no pair of one sign exceeds `PAIR_MAX` together.
    """
    largest = np.abs(weight).max(axis=0) / np.float32(ROW_MAX)  # (n,)
    if target == "avx2":
        pairs = np.pad(weight, ((0, weight.shape[0] % 2), (0, 0))).reshape(-1, 2, weight.shape[1])
        for sign in (1, -1):
            sums = np.maximum(sign * pairs, 0).sum(axis=1)  # (k / 2, n)
            largest = np.maximum(largest, sums.max(axis=0) / np.float32(PAIR_MAX))
    scales = _storable(largest)
    return np.rint(weight / scales).astype(np.int8), scales


def round_blocks(weight: Weights) -> tuple[NDArray[np.uint8], Weights]:
    """Return a (k, n) weight in blocks along k, as MatMulNBits reads it.

    Returns:
        (n, blocks, block) uint8 with `BLOCK_ZERO` for zero, and (n, blocks) float32 scales; k is filled up with zeros.
    """
    inputs, outputs = weight.shape
    block = block_length(inputs)
    filled = np.pad(weight.T, ((0, 0), (0, -inputs % block))).reshape(outputs, -1, block)
    scales = _storable(np.abs(filled).max(axis=2) / np.float32(ROW_MAX))
    return (np.rint(filled / scales[..., None]) + BLOCK_ZERO).astype(np.uint8), scales


def round_rows(table: Weights, axis: int) -> tuple[NDArray[np.int8], Weights]:
    """Return a table as int8, and one scale for each index along the lookup axis (the scales' other axis has length 1)."""
    scales = _storable(np.abs(table).max(axis=1 - axis, keepdims=True) / np.float32(ROW_MAX))
    return np.rint(table / scales).astype(np.int8), scales


def round_kernel(kernel: Weights) -> tuple[NDArray[np.int8], Weights]:
    """Return a convolution's kernel as int8, and one scale for each output, its first axis (the others have length 1)."""
    scales = _storable(np.abs(kernel).max(axis=tuple(range(1, kernel.ndim)), keepdims=True) / np.float32(ROW_MAX))
    return np.rint(kernel / scales).astype(np.int8), scales


def round_activations(rows: Weights, low: float, high: float) -> Weights:
    """Return (r, k) activations as DynamicQuantizeLinear rounds them in a tensor with values from `low` to `high`."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero = np.rint(-low / scale)
    levels = np.clip(np.rint(rows / scale) + zero, 0, 255)
    rounded: Weights = ((levels - zero) * scale).astype(np.float32)
    return rounded


def block_length(inputs: int) -> int:
    """Return the block length: the largest power of two that divides `inputs`, from `BLOCK_MIN` to `BLOCK`."""
    return max(BLOCK_MIN, min(BLOCK, inputs & -inputs))


def _storable(scales: Weights) -> Weights:
    """Return scales rounded up to the next bfloat16, at most 0.8 % larger: half the bytes hold them exactly.

    A scale of zero becomes one; zeros, such as a padding token's row, are zero at any scale.
    """
    bits = np.where(scales > 0, scales, np.float32(1)).astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0xFFFF)) & np.uint32(0xFFFF0000)).view(np.float32)

"""How a layer's numbers are rounded, and for which CPU.

Owns the arithmetic. The nodes that stand for it are written in `rewriting.py`; which layer gets which precision is chosen in
`ids.py`; what it costs is measured in `sensitivity.py`.

- "int8": dynamic. Weights per column, activations by one scale over the whole tensor (DynamicQuantizeLinear, MatMulInteger).
- "block8": weights in blocks of up to `BLOCK` inputs, activations rounded per row and block inside the kernel
  (com.microsoft::MatMulNBits), so that an outlier spoils its own block alone. About 2.6 times the time of int8 from ten rows
  on, the same for one row. The operator's other mode, float activations, takes longer than fp32, at one row forty times
  as long, and is not offered.
- "fp32": as it was.

Tables and kernels know int8 and fp32 alone, and int8 is only how they are stored: a table's rows are widened when they are
looked up, a kernel when the graph is opened.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Precision = Literal["int8", "block8", "fp32"]
Target = Literal["avx2", "vnni", "arm64"]
Choice = Mapping[str, Precision]  # by the layer's name; a layer that is absent stays fp32
Weights = NDArray[np.float32]

BLOCK = 32  # 6 % more bytes than int8; blocks of 256 would be a third faster, but an outlier would spoil eight times as much
BLOCK_MIN = 16  # the shortest
BLOCK_ZERO = 128  # what stands for zero in a block
ROW_MAX = 127
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
    block = block_of(inputs)
    filled = np.pad(weight.T, ((0, 0), (0, -inputs % block))).reshape(outputs, -1, block)
    scales = _storable(np.abs(filled).max(axis=2) / np.float32(ROW_MAX))
    return (np.rint(filled / scales[..., None]) + BLOCK_ZERO).astype(np.uint8), scales


def round_rows(table: Weights, axis: int) -> tuple[NDArray[np.int8], Weights]:
    """Return a table as int8, and one scale for each index of the axis looked up along (the other axis has length 1)."""
    scales = _storable(np.abs(table).max(axis=1 - axis, keepdims=True) / np.float32(ROW_MAX))
    return np.rint(table / scales).astype(np.int8), scales


def round_kernel(kernel: Weights) -> tuple[NDArray[np.int8], Weights]:
    """Return a convolution's kernel as int8, and one scale for each output, its first axis (the others have length 1)."""
    scales = _storable(np.abs(kernel).max(axis=tuple(range(1, kernel.ndim)), keepdims=True) / np.float32(ROW_MAX))
    return np.rint(kernel / scales).astype(np.int8), scales


def round_activations(rows: Weights, low: float, high: float) -> Weights:
    """Return what is left of (r, k) activations after DynamicQuantizeLinear over a tensor that spans `low` to `high`."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero = np.rint(-low / scale)
    levels = np.clip(np.rint(rows / scale) + zero, 0, 255)
    rounded: Weights = ((levels - zero) * scale).astype(np.float32)
    return rounded


def block_of(inputs: int) -> int:
    """Return the length of a block for so many inputs: the power of two that divides them, within what is allowed."""
    return max(BLOCK_MIN, min(BLOCK, inputs & -inputs))


def _storable(scales: Weights) -> Weights:
    """Return scales made up to 0.8 % larger, to the next number that bfloat16 holds: stored in half the bytes, exactly.

    A scale of zero becomes one: a column of zeros, as a padding token's row is, is zero at any scale.
    """
    bits = np.where(scales > 0, scales, np.float32(1)).astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0xFFFF)) & np.uint32(0xFFFF0000)).view(np.float32)

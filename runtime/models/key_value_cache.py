"""The decoder's self-attention keys and values of all rows, in memory that is taken once for the longest captions.

Knows the names and the shape that BLIP's decoder graph gives them, and no search: only where a step reads what was decoded
before, and where it writes the same with one token more. The two places change roles after each step, so that nothing is
copied unless rows change places.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.model_records import BlipRecord
from runtime.models.decoding import Indices

Numbers = NDArray[np.float32]


class KeyValueCache:
    """The keys and values of each layer, (rows, heads, tokens, head width) each, as the decoder graph takes and gives them.

    onnxruntime's own memory grew with each token instead, beside a copy for numpy: with five pictures of BLIP base, three
    beams each, a process's peak was 87 MB higher, and decoding took 3 to 4 % longer.
    """

    def __init__(self, record: BlipRecord, pictures: int) -> None:
        """Begin without tokens, with a row for each picture; there may be `num_beams` for each later."""
        self._names = [f"{part}_{layer}" for layer in range(record.layers) for part in ("key", "value")]
        self._heads, self._head_width = record.heads, record.head_width
        self._rows, self._tokens = pictures, 0
        size = pictures * record.num_beams * record.heads * record.max_tokens * record.head_width
        self._read, self._written = ([np.empty(size, np.float32) for _ in self._names] for _ in range(2))

    def past(self) -> dict[str, Numbers]:
        """Return the graph's inputs, by name: what was decoded before."""
        return {f"past_{name}": cache for name, cache in zip(self._names, self._arrays(self._read), strict=True)}

    def present(self) -> dict[str, Numbers]:
        """Return where the graph is to write its outputs, by name: what was decoded before, then the step's own token."""
        written = self._arrays(self._written, more_tokens=1)
        return {f"present_{name}": cache for name, cache in zip(self._names, written, strict=True)}

    def keep(self, rows: Indices) -> None:
        """Go on with the chosen rows of what the step wrote, in this order; one may be chosen several times."""
        written = self._arrays(self._written, more_tokens=1)
        unchanged = np.array_equal(rows, np.arange(self._rows))  # as greedy rows mostly are
        self._rows, self._tokens = len(rows), self._tokens + 1
        if unchanged:
            self._read, self._written = self._written, self._read
            return
        for source, target in zip(written, self._arrays(self._read), strict=True):
            np.take(source, rows, axis=0, out=target, mode="clip")  # "raise", the default, would make a copy first

    def _arrays(self, places: Sequence[Numbers], more_tokens: int = 0) -> list[Numbers]:
        """Return the beginning of each place, which is flat, in the shape of now."""
        shape = (self._rows, self._heads, self._tokens + more_tokens, self._head_width)
        return [place[: math.prod(shape)].reshape(shape) for place in places]

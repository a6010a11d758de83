"""Facts of characters, read from mapped arrays as they are met: what replaces each, and of which kind it is.

Tables for `str.translate`. The library whose tokenizer was exported made them, so that no other Unicode version decides.
"""

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

# Those of alphabets are remembered, some thousand at most. Others are looked up each time, in a microsecond: all that there
# are would take 100 MB, and a query may have any of them.
REMEMBERED = 0x800


class Replacements(dict[int, str]):
    """What a character becomes, by its code; itself, if nothing replaces it."""

    def __init__(self, codes: NDArray[np.uint32], into: NDArray[np.uint32]) -> None:
        """Keep both arrays: `codes` (m,), sorted, and `into` (m, k), by which each is replaced, filled up with 0."""
        super().__init__()
        self._codes, self._into = codes.data, into

    def __missing__(self, code: int) -> str:
        """Look a character up."""
        row = bisect_left(self._codes, code)
        is_replaced = row < len(self._codes) and self._codes[row] == code
        into = "".join(map(chr, filter(None, self._into[row].tolist()))) if is_replaced else chr(code)
        if code < REMEMBERED:
            self[code] = into
        return into


class Kinds(dict[int, str]):
    """Of which kind a character is, by its code: one sign for each kind."""

    def __init__(self, starts: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> None:
        """Keep both arrays, (n,) each: from `starts[i]` to the next start, characters are of the kind `chr(kinds[i])`."""
        super().__init__()
        self._starts, self._kinds = starts.data, kinds

    def __missing__(self, code: int) -> str:
        """Look a character up."""
        kind = chr(self._kinds[bisect_right(self._starts, code) - 1])
        if code < REMEMBERED:
            self[code] = kind
        return kind

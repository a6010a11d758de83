"""What the mapped arrays of a tokenizer say: what replaces a character, of which kind it is, and which tokens become one.

Read as they are met. The library whose tokenizer was exported made them, so that no other Unicode version decides. Knows no
text: what spells one as tokens is in `mapped_bpe.py` and `mapped_words.py`.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Those of alphabets are remembered, some thousand at most. Others are looked up each time, in a microsecond: all that there
# are would take 100 MB, and a query may have any of them.
REMEMBERED = 0x800
NOTHING = -1  # stands for a neighbour, a byte or a merge that does not exist


class Replacements(dict[int, str]):
    """What a character becomes, by its code; itself, if nothing replaces it. A table for `str.translate`, as is the next."""

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


class Token(NamedTuple):
    """An id, and where the text that it stands for ends, in characters."""

    id: int
    end: int


class MappedMerges:
    """The merges of one file. Any thread may ask."""

    def __init__(self, pairs: NDArray[np.uint64], merges: NDArray[np.int32]) -> None:
        """Keep both arrays as they are mapped.

        Args:
            pairs: (n,), sorted, two ids in one number, the left one in the upper half.
            merges: (n, 2), the rank of each, the lowest going first, and the id of both as one.
        """
        # A search through a view in plain Python reads its twenty entries in a microsecond; a call of numpy takes five.
        self._pairs, self._merges = pairs.data, merges.data

    def merge(self, tokens: Sequence[Token]) -> list[Token]:
        """Return the tokens with pairs made one, those of the lowest rank first, of equal rank the leftmost."""
        ids, ends = [token.id for token in tokens], [token.end for token in tokens]
        following, before = [*range(1, len(ids)), NOTHING], list(range(-1, len(ids) - 1))
        found = (self._look_up(at, ids[at], ids[at + 1]) for at in range(len(ids) - 1))
        waiting = [candidate for candidate in found if candidate]
        heapq.heapify(waiting)
        while waiting:
            _, at, left, right, merged = heapq.heappop(waiting)
            second = following[at]
            if second == NOTHING or ids[at] != left or ids[second] != right:
                continue  # another merge came first
            ids[at], ends[at], ids[second] = merged, ends[second], NOTHING
            third = following[at] = following[second]
            following[second] = NOTHING
            if third != NOTHING:
                before[third] = at
                if candidate := self._look_up(at, merged, ids[third]):
                    heapq.heappush(waiting, candidate)
            first = before[at]
            if first != NOTHING and (candidate := self._look_up(first, ids[first], merged)):
                heapq.heappush(waiting, candidate)
        return [Token(token_id, end) for token_id, end in zip(ids, ends, strict=True) if token_id != NOTHING]

    def _look_up(self, at: int, left: int, right: int) -> tuple[int, int, int, int, int] | None:
        """Return (rank, place, left, right, merged) of a pair at a place; None where it stays two."""
        pair = left << 32 | right
        row = bisect_left(self._pairs, pair)
        if row == len(self._pairs) or self._pairs[row] != pair:
            return None
        return self._merges[row, 0], at, left, right, self._merges[row, 1]

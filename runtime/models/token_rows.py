"""Token ids of several texts as one array. Knows no tokenizer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def token_rows(rows: Sequence[Sequence[int]], pad_token_id: int, padded_to: int | None = None) -> NDArray[np.int64]:
    """Return (n, t) token ids, t being the longest text's or `padded_to`; shorter ones are padded at their end."""
    token_ids = np.full((len(rows), max(padded_to or 0, *map(len, rows), 0)), pad_token_id, dtype=np.int64)
    for token_row, row in zip(token_ids, rows, strict=True):
        token_row[: len(row)] = row
    return token_ids

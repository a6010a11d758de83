"""A text and shortened forms of it as one row of tokens, for one run of a causal text tower. Knows no graph and no words.

A token of a causal tower depends on those before it alone. So what a shortened form begins with as the text does is not
repeated: behind the text stand, of each form, only the tokens from the first that differs on. Three more inputs of the graph
say where they belong. `export/models/shared_prefixes.py` gives a graph these inputs, with defaults.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.int64]

POSITION_SHIFTS = "position_shifts"  # (t,) int64: what is added to each token's place in the row
HIDDEN = "hidden"  # (1, 1, t, t) float32: what is added to attention's products; HIDES where one token must not see another
READ_AT = "read_at"  # (r,) int64: where embeddings are read beside the first end token
PACKING_INPUTS = frozenset((POSITION_SHIFTS, HIDDEN, READ_AT))
HIDES = np.finfo(np.float32).min


def pack_texts(text: TokenIds, forms: Sequence[TokenIds]) -> dict[str, NDArray[Any]]:
    """Return the inputs by which one run embeds a text and its shortened forms.

    Args:
        text: (t,) token ids that end with the end token.
        forms: the same of each of its forms, of any lengths, and none of them padded.

    Returns:
        `input_ids`, (1, t + the tokens that differ), and the three inputs of `PACKING_INPUTS`. The embeddings of such a run
        are those of the text and of each form, in order.
    """
    shared = [_shared_length(text, form) for form in forms]
    rests = [form[length:] for form, length in zip(forms, shared, strict=True)]
    row = np.concatenate([text, *rests])
    ends = len(text) + np.cumsum([len(rest) for rest in rests], dtype=np.int64)
    shifts = np.zeros(len(row), np.int64)
    hidden = np.zeros((len(row), len(row)), np.float32)
    for length, rest, end in zip(shared, rests, ends, strict=True):
        start = end - len(rest)
        shifts[start:end] = length - start
        hidden[start:end, length:start] = HIDES
    return {
        "input_ids": row[None],
        POSITION_SHIFTS: shifts,
        HIDDEN: hidden[None, None],
        READ_AT: ends - 1,
    }


def without_padding(token_ids: TokenIds, pad_token_id: int) -> TokenIds:
    """Return (t,) token ids up to the first end token, with which a causal tower's texts are padded, too."""
    ends = np.flatnonzero(token_ids == pad_token_id)
    return token_ids[: ends[0] + 1] if len(ends) else token_ids


def _shared_length(text: TokenIds, form: TokenIds) -> int:
    """Return how many tokens both begin with; never all of the form, whose own end token is read."""
    length = min(len(text), len(form) - 1)
    differing = np.flatnonzero(text[:length] != form[:length])
    return int(differing[0]) if len(differing) else length

"""What every tokenizer does alike: a text cut between words, tokens that stand in it as they are written, and rows of ids.

Knows no tokenizer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def whole_words(text: str, end: int) -> str:
    """Return the whole words of a text that end by `end`, in characters; of a single longer word, its first letters."""
    part, cut_word = text[:end], text[end : end + 1].strip()
    return (part.rpartition(" ")[0].rstrip() if cut_word else "") or part.rstrip()


def split_at_added(text: str, added: Mapping[str, int]) -> Iterator[tuple[str, int, int | None]]:
    """Yield the parts of a text: each added token, such as <|endoftext|>, with its id, and what lies between.

    Each comes with where it begins. Of two added tokens that begin at one place, the longer is taken, as the library
    tokenizers does.
    """
    found = sorted((token for token in added if token in text), key=len, reverse=True)
    pattern = "|".join(map(re.escape, found))
    start = 0
    for match in re.finditer(pattern, text) if found else ():
        if match.start() > start:
            yield text[start : match.start()], start, None
        yield match.group(), match.start(), added[match.group()]
        start = match.end()
    if start < len(text):
        yield text[start:], start, None


def token_rows(rows: Sequence[Sequence[int]], pad_token_id: int, padded_to: int | None = None) -> NDArray[np.int64]:
    """Return (n, t) token ids, t being the longest text's or `padded_to`; shorter ones are padded at their end."""
    token_ids = np.full((len(rows), max(padded_to or 0, *map(len, rows), 0)), pad_token_id, dtype=np.int64)
    for token_row, row in zip(token_ids, rows, strict=True):
        token_row[: len(row)] = row
    return token_ids

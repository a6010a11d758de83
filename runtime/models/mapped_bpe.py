"""Byte-pair encoding of a large vocabulary, read from mapped arrays: opens in milliseconds, whatever its size.

Does what the library tokenizers does with a `tokenizer.json` of the same vocabulary, token for token, for encodings that
look at a text as a whole (sentencepiece's: no words are cut out first). The library takes a second and 170 MB to open
256,000 entries; here, only those that a text touches are read. `export/models/mapped_bpe_file.py` writes the file.
"""

import heapq
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.errors import ArtefactCorrupt
from runtime.models.text_part import whole_words

SUFFIX = ".safetensors"
FORMAT = "lookwhy-bpe/1"
REMEDY = "Export the models again: lookwhy models."
NOTHING = -1  # stands for a neighbour, a byte or a merge that does not exist


class Token(NamedTuple):
    """An id, and where the text that it stands for ends, in characters."""

    id: int
    end: int


class MappedBpe:
    """One file of arrays.

    `normalized_from` (m,) are the characters that are replaced, `normalized_to` (m, k) by which, filled up with 0.
    `characters` (c,) have the ids `character_ids` (c,); others are spelt in bytes, whose ids are `byte_ids` (256,).
    `pairs` (n,) are two ids in one number, the left one in the upper half; `merges` (n, 2) have the rank of each, the lowest
    going first, and the id of both as one. `pairs`, `characters` and `normalized_from` are sorted.
    Of the texts, `added_tokens` has ids by what stands for them literally in a text, and `end_token_id` closes every text.
    """

    def __init__(self, path: Path, context_length: int, pad_token_id: int, *, padded_to: int | None = None) -> None:
        """Map the file; texts are cut at `context_length` tokens, the end included, and padded as `Tokenizer` does.

        Raises:
            ArtefactCorrupt: the file is none of this form.
        """
        arrays = MappedArrays(path, REMEDY)
        if arrays.texts.get("format") != FORMAT:
            raise ArtefactCorrupt(path, f"it is no {FORMAT} file", REMEDY)
        self._context_length, self._pad_token_id, self._padded_to = context_length, pad_token_id, padded_to or 0
        self._characters, self._character_ids = arrays["characters"], arrays["character_ids"]
        self._byte_ids, self._pairs, self._merges = arrays["byte_ids"], arrays["pairs"], arrays["merges"]
        self._replaced = {
            int(code): "".join(map(chr, into[into > 0]))
            for code, into in zip(arrays["normalized_from"], arrays["normalized_to"], strict=True)
        }
        try:
            self._end_token_id = int(arrays.texts["end_token_id"])
            self._added: dict[str, int] = json.loads(arrays.texts["added_tokens"])
        except (KeyError, ValueError) as cause:
            raise ArtefactCorrupt(path, "it names no added tokens or no end token", REMEDY) from cause

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids, t being the longest text's or `padded_to`; shorter ones are padded at their end."""
        rows = [[*(token.id for token in self._kept(text)), self._end_token_id] for text in texts]
        token_ids = np.full((len(rows), max(self._padded_to, *map(len, rows))), self._pad_token_id, dtype=np.int64)
        for token_row, row in zip(token_ids, rows, strict=True):
            token_row[: len(row)] = row
        return token_ids

    def read_part(self, text: str) -> str:
        """Return the part of a text that `encode` keeps: all of it, or whole words from its beginning."""
        tokens = self._tokens(text)
        kept = tokens[: self._context_length - 1]
        return text if len(kept) == len(tokens) else whole_words(text, max((token.end for token in kept), default=0))

    def _kept(self, text: str) -> list[Token]:
        return self._tokens(text)[: self._context_length - 1]

    def _tokens(self, text: str) -> list[Token]:
        """Return all tokens of a text, without the end token."""
        tokens: list[Token] = []
        for part, start, token_id in self._split_at_added(text):
            if token_id is None:
                tokens += [Token(token.id, start + token.end) for token in self._merge(self._spell(part))]
            else:
                tokens.append(Token(token_id, start + len(part)))
        return tokens

    def _split_at_added(self, text: str) -> Iterator[tuple[str, int, int | None]]:
        """Return the parts of a text: each added token with its id, and what lies between; with where each part begins.

        Of two added tokens that begin at one place, the longer is taken, as the library does.
        """
        found = sorted((token for token in self._added if token in text), key=len, reverse=True)
        pattern = "|".join(map(re.escape, found))
        start = 0
        for match in re.finditer(pattern, text) if found else ():
            if match.start() > start:
                yield text[start : match.start()], start, None
            yield match.group(), match.start(), self._added[match.group()]
            start = match.end()
        if start < len(text):
            yield text[start:], start, None

    def _spell(self, text: str) -> list[Token]:
        """Return a token for each character of the normalized text, or for each of its bytes."""
        spelt = [(sign, end) for end, letter in enumerate(text, 1) for sign in self._replaced.get(ord(letter), letter)]
        codes = np.array([ord(sign) for sign, _ in spelt], dtype=self._characters.dtype)
        places = np.minimum(np.searchsorted(self._characters, codes), len(self._characters) - 1)
        ids = np.where(self._characters[places] == codes, self._character_ids[places], NOTHING).tolist()
        tokens: list[Token] = []
        for (sign, end), token_id in zip(spelt, ids, strict=True):
            if token_id != NOTHING:
                tokens.append(Token(token_id, end))
            else:
                tokens += [Token(int(self._byte_ids[byte]), end) for byte in sign.encode("utf-8", "surrogatepass")]
        return tokens

    def _merge(self, tokens: list[Token]) -> list[Token]:
        """Return the tokens with pairs made one, those of the lowest rank first, of equal rank the leftmost."""
        ids, ends = [token.id for token in tokens], [token.end for token in tokens]
        following, before = [*range(1, len(ids)), NOTHING], list(range(-1, len(ids) - 1))
        waiting = self._look_up([(at, ids[at], ids[at + 1]) for at in range(len(ids) - 1)])
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
            around = [(at, merged, ids[third])] if third != NOTHING else []
            around += [(before[at], ids[before[at]], merged)] if before[at] != NOTHING else []
            for candidate in self._look_up(around):
                heapq.heappush(waiting, candidate)
        return [Token(token_id, end) for token_id, end in zip(ids, ends, strict=True) if token_id != NOTHING]

    def _look_up(self, places: list[tuple[int, int, int]]) -> list[tuple[int, int, int, int, int]]:
        """Return (rank, place, left, right, merged) of those pairs, (place, left, right), that can be made one."""
        keys = np.array([left << 32 | right for _, left, right in places], dtype=np.uint64)
        rows = np.minimum(np.searchsorted(self._pairs, keys), len(self._pairs) - 1)
        known = (self._pairs[rows] == keys).tolist()
        merges = self._merges[rows].tolist()
        return [
            (rank, *place, merged) for place, (rank, merged), is_known in zip(places, merges, known, strict=True) if is_known
        ]

"""Byte-pair encoding of a large vocabulary, read from mapped arrays: opens in milliseconds, whatever its size.

Does what the library tokenizers does with a `tokenizer.json` of the same vocabulary, token for token, for encodings that
look at a text as a whole (sentencepiece's: no words are cut out first). The library takes a second and 170 MB to open
256,000 entries; here, only those that a text touches are read. `export/models/mapped_bpe_file.py` writes the file.
"""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.models.mapped_tables import NOTHING, MappedMerges, Replacements, Token
from runtime.models.token_rows import split_at_added, token_rows, whole_words

SUFFIX = ".safetensors"
FORMAT = "lookwhy-bpe/1"


class MappedBpe:
    """One file of arrays.

    A text's characters are replaced (`normalized_from`, `normalized_to`: `mapped_tables.py`). `characters` (c,), sorted,
    have the ids `character_ids` (c,); others are spelt in bytes, whose ids are `byte_ids` (256,). `pairs` and `merges` make
    them fewer (`mapped_tables.py`).
    Of the texts, `added_tokens` has ids by what stands for them literally in a text, and `end_token_id` closes every text.
    """

    def __init__(
        self, arrays: MappedArrays, context_length: int, pad_token_id: int, *, padded_to: int | None = None
    ) -> None:
        """Keep the arrays; texts are cut at `context_length` tokens, the end included, and padded as `Tokenizer` does.

        Raises:
            ArtefactCorrupt: the file is none of this form.
        """
        arrays.check_format(FORMAT)
        self._context_length, self._pad_token_id, self._padded_to = context_length, pad_token_id, padded_to
        self._characters, self._character_ids = arrays["characters"], arrays["character_ids"]
        self._byte_ids, self._merges = arrays["byte_ids"], MappedMerges(arrays["pairs"], arrays["merges"])
        self._replaced = Replacements(arrays["normalized_from"], arrays["normalized_to"])
        try:
            self._end_token_id = int(arrays.texts["end_token_id"])
            self._added: dict[str, int] = json.loads(arrays.texts["added_tokens"])
        except (KeyError, ValueError) as cause:
            raise arrays.damage("it names no added tokens or no end token") from cause

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids, t being the longest text's or `padded_to`; shorter ones are padded at their end."""
        rows = [[*(token.id for token in self._kept(text)), self._end_token_id] for text in texts]
        return token_rows(rows, self._pad_token_id, self._padded_to)

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
        for part, start, token_id in split_at_added(text, self._added):
            if token_id is None:
                tokens += [Token(token.id, start + token.end) for token in self._merges.merge(self._spell(part))]
            else:
                tokens.append(Token(token_id, start + len(part)))
        return tokens

    def _spell(self, text: str) -> list[Token]:
        """Return a token for each character of the normalized text, or for each of its bytes."""
        spelt = [(sign, end) for end, letter in enumerate(text, 1) for sign in self._replaced[ord(letter)]]
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

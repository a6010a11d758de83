"""Text to token ids and back, by the tokenizer file that the export step wrote. Knows no model and no query rules."""

from collections.abc import Iterable, Sequence
from mmap import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt
from runtime.models.token_rows import token_rows, whole_words

# Where a file asks for clean-up, the tokenizers library does it token by token, transformers' decode() in the whole text and
# in this order. Only the latter turns "turkey ' s" into "turkey's".
TIDY = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)


class Tokenizer:
    """One `tokenizer.json`, such as CLIP's byte-pair encoding or BERT's word pieces, special tokens included."""

    def __init__(
        self,
        path: Path,
        context_length: int,
        pad_token_id: int,
        *,
        padded_to: int | None = None,
        content: mmap | None = None,
    ) -> None:
        """Open the file; texts are cut at `context_length` tokens (start and end included) and padded with the id given.

        Args:
            path: the file.
            context_length: of a text, in tokens.
            pad_token_id: what follows shorter texts.
            padded_to: the length of every text, in tokens; None is that of the longest one beside it.
            content: read in place of the file, if it is given.

        Raises:
            ArtefactCorrupt: the file is no tokenizer.
        """
        from tokenizers import Tokenizer as TokenizerFile

        try:
            self._tokenizer = (
                TokenizerFile.from_file(str(path)) if content is None else TokenizerFile.from_buffer(bytes(content))
            )
        except Exception as cause:  # the library raises bare Exception for every broken file
            remedy = "Export the models again: lookwhy models."
            raise ArtefactCorrupt(path, "it is no tokenizer file", remedy) from cause
        self._tokenizer.enable_truncation(context_length)
        self._tokenizer.no_padding()
        self._pad_token_id, self._context_length, self._padded_to = pad_token_id, context_length, padded_to
        # The decoder in CLIP's files leaves this in the text: "a</w>boat</w>".
        self._word_end: str | None = getattr(self._tokenizer.model, "end_of_word_suffix", None)
        self._tidy = TIDY if getattr(self._tokenizer.decoder, "cleanup", False) else ()

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids, t being the longest text's or `padded_to`; shorter ones are padded at their end."""
        # one text alone is not given to the library's pool of threads, which takes longer to wake than to cut it
        encodings = self._tokenizer.encode_batch(list(texts)) if len(texts) > 1 else map(self._tokenizer.encode, texts)
        rows = [encoding.ids for encoding in encodings]
        return token_rows(rows, self._pad_token_id, self._padded_to)

    def read_part(self, text: str) -> str:
        """Return the part of a text that `encode` keeps: all of it, or whole words from its beginning.

        Of a text that is a single word, its first letters.
        """
        if (
            text.isascii() and len(text) <= self._context_length - 2
        ):  # no token is shorter than a letter; start and end are two
            return text
        encoding = self._tokenizer.encode(text)
        if not encoding.overflowing:
            return text
        return whole_words(text, max(end for _, end in encoding.offsets))

    def decode(self, token_ids: Iterable[int]) -> str:
        """Return the text of some token ids as the reference tokenizers spell it, special tokens left out."""
        text: str = self._tokenizer.decode([int(token_id) for token_id in token_ids])
        if self._word_end:
            text = text.replace(self._word_end, " ")
        text = text.strip()
        for spaced, tidy in self._tidy:
            text = text.replace(spaced, tidy)
        return text

"""Byte-pair encoding word by word, as CLIP's, read from mapped arrays: opens in a millisecond, whatever the vocabulary.

Does what the library tokenizers does with a `tokenizer.json` of the same vocabulary, token for token. The library takes a
tenth of a second to open 49,000 entries, a third of a start. `export/models/mapped_words_file.py` writes the file.
"""

import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.models.mapped_tables import Kinds, MappedMerges, Replacements, Token
from runtime.models.token_rows import split_at_added, token_rows, whole_words

FORMAT = "lookwhy-words/1"
LETTER, NUMBER, SPACE, SIGN = "a0 !"  # kinds of characters
RUN = re.compile(f"{LETTER}+|{NUMBER}|{SIGN}+")  # of kinds: letters, one number, or signs
ENDING = re.compile("'(?:s|t|re|ve|m|ll|d)")  # a word of its own
NEVER = "(?!)"  # a pattern that is found nowhere
ENDS = 2  # the tokens that begin and close every text
WORDS_REMEMBERED = 4096


class MappedWords:
    """One file of arrays.

    A text is composed (NFC), its characters are replaced (`normalized_from`, `normalized_to`), and it is cut into words by
    their kinds (`kind_starts`, `kinds`). A word's bytes have the ids `byte_ids` (256,), its last one `last_byte_ids`
    (256,); `pairs` and `merges` make them fewer. `mapped_tables.py` says how each pair of arrays is read.
    Of the texts, `added_tokens` has ids by what stands for them literally in a normalized text, `added_as_written` by what
    does in a text as it is given. `cut_apart` lists what is a part of its own where it begins a word. `start_token_id`
    begins every text, and `end_token_id` closes it.
    """

    def __init__(
        self, arrays: MappedArrays, context_length: int, pad_token_id: int, *, padded_to: int | None = None
    ) -> None:
        """Keep the arrays; texts are cut at `context_length` tokens, both ends included, and padded as `Tokenizer` does.

        Raises:
            ArtefactCorrupt: the file is none of this form.
        """
        arrays.check_format(FORMAT)
        self._room, self._pad_token_id, self._padded_to = context_length - ENDS, pad_token_id, padded_to
        self._replaced = Replacements(arrays["normalized_from"], arrays["normalized_to"])
        self._kinds = Kinds(arrays["kind_starts"], arrays["kinds"])
        merges = MappedMerges(arrays["pairs"], arrays["merges"])
        # no method, which would be a circle: the file closes with the last request that uses it
        spell = partial(_tokens_of_word, arrays["byte_ids"].tolist(), arrays["last_byte_ids"].tolist(), merges)
        self._tokens_of_word = lru_cache(WORDS_REMEMBERED)(spell)
        try:
            self._start_token_id, self._end_token_id = (int(arrays.texts[f"{end}_token_id"]) for end in ("start", "end"))
            self._added: dict[str, int] = json.loads(arrays.texts["added_tokens"])
            self._as_written: dict[str, int] = json.loads(arrays.texts["added_as_written"])
            self._apart = re.compile("|".join(map(re.escape, json.loads(arrays.texts["cut_apart"]))) or NEVER)
        except (KeyError, ValueError) as cause:
            raise arrays.damage("it names no added tokens, or not the first and last token") from cause

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids, t being the longest text's or `padded_to`; shorter ones are padded at their end."""
        parts = [chain.from_iterable(tokens for _, _, tokens in self._parts(text)) for text in texts]
        kept = [[token.id for token in islice(tokens, self._room)] for tokens in parts]
        rows = [[self._start_token_id, *ids, self._end_token_id] for ids in kept]
        return token_rows(rows, self._pad_token_id, self._padded_to)

    def read_part(self, text: str) -> str:
        """Return the part of a text that `encode` keeps: all of it, or whole words from its beginning.

        Of a text that is a single word, its first letters.
        """
        if text.isascii() and len(text) <= self._room:  # no token is shorter than a letter
            return text
        room = self._room
        for part, start, tokens in self._parts(text):
            if len(tokens) > room:
                return whole_words(text, start + (self._given_end(part, tokens[room - 1].end) if room else 0))
            room -= len(tokens)
        return text

    def _parts(self, text: str) -> Iterator[tuple[str, int, list[Token]]]:
        """Yield parts of a text, where each begins, and its tokens, whose ends are those in the normalized part."""
        for part, start, token_id in split_at_added(text, self._as_written):
            known = None if token_id is None else [Token(token_id, len(part))]
            yield part, start, known or self._tokens(self._normalized(part))

    def _normalized(self, text: str) -> str:
        return (text if text.isascii() else unicodedata.normalize("NFC", text)).translate(self._replaced)

    def _given_end(self, text: str, end: int) -> int:
        """Return where in a text the first `end` characters of the normalized text end: it may have fewer, or more."""

        def length(some: int) -> int:
            return len(self._normalized(text[:some]))

        places = range(len(text) + 1)
        return bisect_right(places, length(bisect_left(places, end, key=length)), key=length) - 1

    def _tokens(self, text: str) -> list[Token]:
        """Return all tokens of a normalized text."""
        tokens: list[Token] = []
        for part, start, token_id in split_at_added(text, self._added):
            if token_id is not None:
                tokens.append(Token(token_id, start + len(part)))
                continue
            for word, begin in self._words(part):
                tokens += [Token(token.id, start + begin + token.end) for token in self._tokens_of_word(word)]
        return tokens

    def _words(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield the words of a normalized text, with where each begins."""
        kinds, at = text.translate(self._kinds), 0
        while at < len(text):
            if apart := self._apart.match(text, at):
                runs, at = list(RUN.finditer(kinds, at, apart.end())), apart.end()
            else:
                found = ENDING.match(text, at) or RUN.match(kinds, at)  # nothing at a space
                runs, at = ([found], found.end()) if found else ([], at + 1)
            for run in runs:
                yield text[run.start() : run.end()], run.start()


def _tokens_of_word(byte_ids: Sequence[int], last_byte_ids: Sequence[int], merges: MappedMerges, word: str) -> list[Token]:
    """Return the tokens of one word, merged."""
    spelt = [(byte, end) for end, sign in enumerate(word, 1) for byte in sign.encode("utf-8", "surrogatepass")]
    tokens = [Token(byte_ids[byte], end) for byte, end in spelt[:-1]]
    return merges.merge([*tokens, Token(last_byte_ids[spelt[-1][0]], len(word))])

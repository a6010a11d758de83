"""Which tokens a caption is made of: the rules, what every search can do, and greedy search (beam search: `beam_search.py`).

Knows no graph and no cache, only that each row of next tokens continues one sequence, and that the rows of one picture are
neighbours. A picture leaves the batch as soon as its caption is found, so that nothing more is computed for it.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Tokens = NDArray[np.int64]
Indices = NDArray[np.intp]
EarlyStopping = bool | Literal["never"]


@dataclass(frozen=True)
class DecodingRules:
    """How captions are searched for, in the terms of transformers' `GenerationConfig`.

    Attributes:
        start_token_id: every caption begins with it.
        end_token_id: a caption ends before it.
        pad_token_id: fills up shorter captions.
        max_tokens: the longest caption, the end token included, the start token not.
        num_beams: how many continuations of a picture are followed; 1 is greedy.
        length_penalty: the score of a finished caption is its sum of log probabilities, divided by its length to this power.
        early_stopping: when the search for a picture's caption ends. True: at `num_beams` finished captions. False: when no
            unfinished one would score better at its present length. "never": when none would at any length.
    """

    start_token_id: int
    end_token_id: int
    pad_token_id: int
    max_tokens: int
    num_beams: int = 1
    length_penalty: float = 1.0
    early_stopping: EarlyStopping = False


class NextTokens(NamedTuple):
    """The likeliest next tokens of each row, the likeliest first.

    `tokens` are (rows, k) int64, `log_probabilities` (rows, k) float32, of all tokens of the vocabulary.
    """

    tokens: Tokens
    log_probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class KeptRows:
    """What the next step decodes: the kept `rows` and `pictures`, as indices into those of the last step, in the new order.

    Kept pictures stay where they are; pictures from the end fill the gaps that others left. So `pictures[i]` is i, or at
    least `len(pictures)`.
    """

    rows: Indices
    pictures: Indices


class DecodingStrategy(Protocol):
    """A search for the captions of all pictures of a batch at once."""

    @property
    def last_tokens(self) -> Tokens:
        """The tokens to be decoded next, (rows,) int64; empty when every caption is found."""
        ...

    @property
    def tokens_wanted(self) -> int:
        """How many of each row's likeliest next tokens `advance` needs; it may be given more."""
        ...

    def advance(self, following: NextTokens) -> KeptRows:
        """Choose the next tokens, from those that are likeliest after the last ones."""
        ...

    def captions(self) -> Tokens:
        """Return the captions, (pictures, t) int64, without start and end tokens, filled up with pad tokens."""
        ...


class GreedySearch:
    """Takes the likeliest token in every step."""

    tokens_wanted = 1

    def __init__(self, rules: DecodingRules, pictures: int) -> None:
        self._rules, self._length = rules, 0
        self._captions = np.full((pictures, rules.max_tokens), rules.pad_token_id, np.int64)
        self._active = np.arange(pictures)  # (m,) the pictures still decoded, as rows of `_captions`
        self.last_tokens = np.full(pictures, rules.start_token_id, np.int64)

    def advance(self, following: NextTokens) -> KeptRows:
        """Append each row's best token; a picture whose caption ends leaves."""
        tokens = following.tokens[:, 0]  # (m,)
        goes_on = tokens != self._rules.end_token_id
        self._captions[self._active[goes_on], self._length] = tokens[goes_on]
        self._length += 1
        if self._length == self._rules.max_tokens:
            goes_on[:] = False
        pictures = fill_gaps(goes_on)
        self._active, self.last_tokens = self._active[pictures], tokens[pictures]
        return KeptRows(pictures, pictures)

    def captions(self) -> Tokens:
        """Return the captions, as wide as the longest."""
        return cut_padding(self._captions, self._rules.pad_token_id)


def likeliest_tokens(logits: Logits, count: int) -> NextTokens:
    """Return the `count` likeliest tokens of (rows, vocabulary) logits, for a graph that does not return them itself."""
    tokens = logits.argmax(axis=-1)[:, None] if count == 1 else np.argpartition(logits, -count, axis=-1)[:, -count:]
    chosen = np.take_along_axis(logits, tokens, axis=-1)
    order = np.argsort(-chosen, axis=-1, kind="stable")
    log_probabilities = np.take_along_axis(chosen, order, axis=-1) - _log_sum_exp(logits)
    return NextTokens(np.take_along_axis(tokens, order, axis=-1), log_probabilities)


def fill_gaps(goes_on: NDArray[np.bool_]) -> Indices:
    """Return the indices of what goes on; those from the end fill the gaps: 0, 3, 2 for (yes, no, yes, yes)."""
    left = int(goes_on.sum())
    kept = np.arange(left)
    kept[~goes_on[:left]] = left + np.flatnonzero(goes_on[left:])[::-1]
    return kept


def cut_padding(captions: Tokens, pad_token_id: int) -> Tokens:
    """Return (n, t) captions without the last columns that hold nothing but pad tokens."""
    written = np.flatnonzero((captions != pad_token_id).any(axis=0))
    return captions[:, : written[-1] + 1 if len(written) else 0]


def _log_sum_exp(logits: Logits) -> NDArray[np.float32]:
    """Return (..., 1) float32: a logit minus this is its log probability. The softmax itself is never stored."""
    top = logits.max(axis=-1, keepdims=True)
    total: NDArray[np.float32] = top + np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    return total

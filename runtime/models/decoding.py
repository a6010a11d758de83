"""Which tokens a caption is made of: the rules, the face of a search, and greedy search. Beam search is in `beam_search.py`.

Knows no graph and no cache, only that each row of logits goes on with one sequence, and that the rows of one picture lie
side by side. A picture leaves as soon as its caption is found, so that nothing is computed for it any more.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Tokens = NDArray[np.int64]
Places = NDArray[np.intp]
EarlyStopping = bool | Literal["never"]


@dataclass(frozen=True)
class Rules:
    """How captions are searched for, in the terms of transformers' `GenerationConfig`.

    Attributes:
        start_token_id: every caption begins with it.
        end_token_id: a caption ends before it.
        pad_token_id: fills up shorter captions.
        max_tokens: the longest caption, the end token included, the start token not.
        num_beams: how many continuations of a picture are followed; 1 is greedy.
        length_penalty: a finished caption counts its sum of log probabilities over its length to this power.
        early_stopping: True stops at `num_beams` finished captions; False when no running one can become better at its
            present length; "never" when none can at any length.
    """

    start_token_id: int
    end_token_id: int
    pad_token_id: int
    max_tokens: int
    num_beams: int = 1
    length_penalty: float = 1.0
    early_stopping: EarlyStopping = False


@dataclass(frozen=True)
class Kept:
    """What goes on after a step: `rows` of the last step's, in their new order, and the `pictures` that these belong to.

    `pictures` are places among the last step's pictures. A place that is kept is the first, or one that stood behind the
    last of the new batch and now fills a gap: `pictures[i] == i` or `pictures[i] >= len(pictures)`.
    """

    rows: Places
    pictures: Places


class Search(Protocol):
    """A search in all pictures of a batch at once."""

    @property
    def last_tokens(self) -> Tokens:
        """The tokens to be decoded next, (rows,) int64; empty when every caption is found."""
        ...

    def advance(self, logits: Logits) -> Kept:
        """Choose what follows the last tokens, by their (rows, vocabulary) logits."""
        ...

    def captions(self) -> Tokens:
        """Return the captions found, (pictures, t) int64, without start and end tokens, filled up with pad tokens."""
        ...


class GreedySearch:
    """The likeliest token each time."""

    def __init__(self, rules: Rules, pictures: int) -> None:
        self._rules, self._length = rules, 0
        self._found = np.full((pictures, rules.max_tokens), rules.pad_token_id, np.int64)
        self._open = np.arange(pictures)  # (m,) the pictures still decoded, as rows of `_found`
        self.last_tokens = np.full(pictures, rules.start_token_id, np.int64)

    def advance(self, logits: Logits) -> Kept:
        """Append each row's best token; a row that ends leaves."""
        tokens = logits.argmax(axis=-1)  # (m,) softmax would keep the order
        goes_on = tokens != self._rules.end_token_id
        self._found[self._open[goes_on], self._length] = tokens[goes_on]
        self._length += 1
        if self._length == self._rules.max_tokens:
            goes_on[:] = False
        pictures = fill_gaps(goes_on)
        self._open, self.last_tokens = self._open[pictures], tokens[pictures]
        return Kept(pictures, pictures)

    def captions(self) -> Tokens:
        """Return the captions, as wide as the longest."""
        return cut_padding(self._found, self._rules.pad_token_id)


def fill_gaps(goes_on: NDArray[np.bool_]) -> Places:
    """Return the places that go on, in an order in which none moves but into a gap: of (yes, no, yes, yes), 0, 3, 2."""
    left = int(goes_on.sum())
    places = np.arange(left)
    places[~goes_on[:left]] = left + np.flatnonzero(goes_on[left:])[::-1]
    return places


def cut_padding(captions: Tokens, pad_token_id: int) -> Tokens:
    """Return (n, t) captions without the columns at the end that hold nothing but pad tokens."""
    written = np.flatnonzero((captions != pad_token_id).any(axis=0))
    return captions[:, : written[-1] + 1 if len(written) else 0]

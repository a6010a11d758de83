"""Beam search: the likeliest sequences of several pictures at once, as transformers finds them, token for token.

Owns the order in which candidates are kept, finished and given up. Knows no graph and no cache.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.models.decoding import Kept, Logits, Places, Rules, Tokens, cut_padding, fill_gaps

IMPOSSIBLE = np.float32(-1e9)  # what transformers takes for minus infinity; sums with it must round as they do there


class BeamSearch:
    """The `num_beams` best sequences of each picture: transformers' beam search, token for token.

    Arrays are (m, b, ...) for m open pictures with b beams, which all begin as one. Candidates are the 2 b best
    continuations of all beams together: were the b best all at their end, b others would still run on.
    """

    def __init__(self, rules: Rules, pictures: int) -> None:
        self._rules, self._length = rules, 0
        self._found = np.full((pictures, rules.max_tokens), rules.pad_token_id, np.int64)
        self._open = np.arange(pictures)
        self._running = _Beams.begun(rules, pictures)
        self._finished = _Beams.unfound(rules, pictures)
        self.last_tokens = np.full(pictures, rules.start_token_id, np.int64)

    def advance(self, logits: Logits) -> Kept:
        """Extend the beams, set finished ones aside, and let pictures go whose best caption cannot change any more."""
        beams, running = self._rules.num_beams, self._running.scores.shape  # (m, 1) at first, then (m, b)
        parents, candidates = self._extend(logits.reshape(*running, -1))
        self._length += 1
        at_end = candidates.tokens[..., self._length - 1] == self._rules.end_token_id  # (m, 2b)
        if self._length == self._rules.max_tokens:
            at_end[:] = True
        self._set_aside(candidates, at_end)
        chosen = _best(np.where(at_end, candidates.scores + IMPOSSIBLE, candidates.scores), beams)
        self._running, parents = candidates.take(chosen), np.take_along_axis(parents, chosen, axis=1)
        return self._let_go(parents, running[1])

    def captions(self) -> Tokens:
        """Return each picture's best finished sequence, as wide as the longest."""
        return cut_padding(self._found, self._rules.pad_token_id)

    def _extend(self, logits: Logits) -> tuple[Places, "_Beams"]:
        """Return the 2 b best continuations of each picture's beams, and from which beam each comes, (m, 2b)."""
        wanted = 2 * self._rules.num_beams
        tokens = _top(logits, wanted)  # (m, b, 2b) no beam can give more of the best 2b than its own best 2b
        scores = np.take_along_axis(logits, tokens, axis=-1) - _log_sum_exp(logits) + self._running.scores[..., None]
        best = _best(scores.reshape(len(scores), -1), wanted)  # (m, 2b) among b x 2b
        parents = best // wanted
        extended = self._running.take(parents)
        extended.tokens[..., self._length] = np.take_along_axis(tokens.reshape(len(tokens), -1), best, axis=1)
        extended.scores[:] = np.take_along_axis(scores.reshape(len(scores), -1), best, axis=1)
        return parents, extended

    def _set_aside(self, candidates: "_Beams", at_end: NDArray[np.bool_]) -> None:
        """Keep the best finished sequences; of the candidates, only the first b count as finished."""
        beams, rules = self._rules.num_beams, self._rules
        ended = at_end & (np.arange(2 * beams) < beams)
        scores = candidates.scores / np.float32(self._length**rules.length_penalty)
        new = _Beams(candidates.tokens, np.where(ended, scores, scores + IMPOSSIBLE), ended)
        merged = self._finished.joined(new)
        self._finished = merged.take(_best(merged.scores, beams))

    def _let_go(self, parents: Places, rows_each: int) -> Kept:
        """Write down the captions of the pictures that are done, and close the ranks; each had so many rows."""
        goes_on = ~self._is_done()
        done = ~goes_on
        best = self._finished.tokens[done, 0]  # (n, t)
        self._found[self._open[done]] = np.where(best == self._rules.end_token_id, self._rules.pad_token_id, best)
        pictures = fill_gaps(goes_on)
        rows = (pictures[:, None] * rows_each + parents[pictures]).ravel()
        self._open, self._running, self._finished = self._open[pictures], self._running[pictures], self._finished[pictures]
        self.last_tokens = self._running.tokens[..., self._length - 1].ravel()
        return Kept(rows, pictures)

    def _is_done(self) -> NDArray[np.bool_]:
        """Return (m,) whether no running beam is taken to be able to become one of the finished ones."""
        rules, finished = self._rules, self._finished
        if self._length == rules.max_tokens:
            return np.ones(len(self._open), bool)
        longest = rules.early_stopping == "never" and rules.length_penalty > 0
        length = rules.max_tokens if longest else self._length
        best_possible = self._running.scores[:, 0] / np.float32(length**rules.length_penalty)
        worst = np.where(finished.ended.all(axis=1), finished.scores.min(axis=1), IMPOSSIBLE)
        done: NDArray[np.bool_] = best_possible <= worst
        return done | finished.ended.all(axis=1) if rules.early_stopping is True else done


@dataclass
class _Beams:
    """b sequences of each of m pictures: tokens (m, b, t) int64, scores (m, b) float32, whether they have ended (m, b)."""

    tokens: Tokens
    scores: NDArray[np.float32]
    ended: NDArray[np.bool_]

    @classmethod
    def begun(cls, rules: Rules, pictures: int) -> "_Beams":
        """Return one beam a picture, which says nothing yet: all beams come from it."""
        tokens = np.full((pictures, 1, rules.max_tokens), rules.pad_token_id, np.int64)
        return cls(tokens, np.zeros((pictures, 1), np.float32), np.zeros((pictures, 1), bool))

    @classmethod
    def unfound(cls, rules: Rules, pictures: int) -> "_Beams":
        """Return b beams a picture that any finished one displaces."""
        shape = (pictures, rules.num_beams)
        tokens = np.full((*shape, rules.max_tokens), rules.pad_token_id, np.int64)
        return cls(tokens, np.full(shape, IMPOSSIBLE), np.zeros(shape, bool))

    def __getitem__(self, pictures: Places) -> "_Beams":
        return _Beams(self.tokens[pictures], self.scores[pictures], self.ended[pictures])

    def take(self, beams: Places) -> "_Beams":
        """Return other beams of the same pictures, (m, n) places."""
        rows = np.arange(len(beams))[:, None]
        return _Beams(self.tokens[rows, beams], self.scores[rows, beams], self.ended[rows, beams])

    def joined(self, other: "_Beams") -> "_Beams":
        return _Beams(
            np.concatenate([self.tokens, other.tokens], axis=1),
            np.concatenate([self.scores, other.scores], axis=1),
            np.concatenate([self.ended, other.ended], axis=1),
        )


def _top(values: NDArray[np.float32], count: int) -> Places:
    """Return the places of the largest along the last axis, unordered."""
    return np.argpartition(values, -count, axis=-1)[..., -count:]


def _best(values: NDArray[np.float32], count: int) -> Places:
    """Return the places of the largest along the last axis, largest first; of equals, the first."""
    return np.argsort(-values, axis=-1, kind="stable")[..., :count]


def _log_sum_exp(logits: Logits) -> NDArray[np.float32]:
    """Return (..., 1) float32: a logit less this is its log probability. Softmax over the vocabulary is never written."""
    top = logits.max(axis=-1, keepdims=True)
    total: NDArray[np.float32] = top + np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    return total

"""Beam search: the likeliest sequences of several pictures at once, as transformers finds them, token for token.

Owns which candidates go on, which are finished, and when a picture's search ends. Knows no graph and no cache.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.models.decoding import DecodingRules, Indices, KeptRows, NextTokens, Tokens, cut_padding, fill_gaps

IMPOSSIBLE = np.float32(-1e9)  # transformers uses it as minus infinity; sums with it must round as they do there


class BeamSearch:
    """The `num_beams` best sequences of each picture: transformers' beam search, token for token.

    Arrays are (m, b, ...) for m active pictures with b beams each; in the first step each has one. Candidates are the 2b
    best continuations of all beams of a picture together: 2b candidates leave b unfinished even if b end.
    """

    def __init__(self, rules: DecodingRules, pictures: int) -> None:
        self._rules, self._length = rules, 0
        self.tokens_wanted = 2 * rules.num_beams  # the 2b best of all are among each beam's best 2b
        self._captions = np.full((pictures, rules.max_tokens), rules.pad_token_id, np.int64)
        self._active = np.arange(pictures)  # (m,) the pictures still decoded, as rows of `_captions`
        self._running = _Beams.empty(rules, pictures)
        self._finished = _Beams.impossible(rules, pictures)
        self.last_tokens = np.full(pictures, rules.start_token_id, np.int64)

    def advance(self, following: NextTokens) -> KeptRows:
        """Extend the beams, keep the finished ones, and drop the pictures whose best caption cannot change any more."""
        beams, running = self._rules.num_beams, self._running.scores.shape  # (m, 1) at first, then (m, b)
        parents, candidates = self._extend(following, running)
        self._length += 1
        at_end = candidates.tokens[..., self._length - 1] == self._rules.end_token_id  # (m, 2b)
        if self._length == self._rules.max_tokens:
            at_end[:] = True
        self._keep_finished(candidates, at_end)
        chosen = _best(np.where(at_end, candidates.scores + IMPOSSIBLE, candidates.scores), beams)
        self._running, parents = candidates.take(chosen), np.take_along_axis(parents, chosen, axis=1)
        return self._drop_done(parents, running[1])

    def captions(self) -> Tokens:
        """Return each picture's best finished sequence, as wide as the longest."""
        return cut_padding(self._captions, self._rules.pad_token_id)

    def _extend(self, following: NextTokens, running: tuple[int, int]) -> tuple[Indices, "_Beams"]:
        """Return the 2b best continuations of each picture's beams, and which beam each one extends, (m, 2b)."""
        wanted = self.tokens_wanted
        tokens, steps = (each[:, :wanted].reshape(*running, wanted) for each in following)  # (m, b, 2b)
        scores = steps + self._running.scores[..., None]
        best = _best(scores.reshape(len(scores), -1), wanted)  # (m, 2b) among b x 2b
        parents = best // wanted
        extended = self._running.take(parents)
        extended.tokens[..., self._length] = np.take_along_axis(tokens.reshape(len(tokens), -1), best, axis=1)
        extended.scores[:] = np.take_along_axis(scores.reshape(len(scores), -1), best, axis=1)
        return parents, extended

    def _keep_finished(self, candidates: "_Beams", at_end: NDArray[np.bool_]) -> None:
        """Keep the b best finished sequences; of the candidates, only the first b may finish, as in transformers."""
        beams, rules = self._rules.num_beams, self._rules
        ended = at_end & (np.arange(2 * beams) < beams)
        scores = candidates.scores / np.float32(self._length**rules.length_penalty)
        new = _Beams(candidates.tokens, np.where(ended, scores, scores + IMPOSSIBLE), ended)
        merged = self._finished.joined(new)
        self._finished = merged.take(_best(merged.scores, beams))

    def _drop_done(self, parents: Indices, rows_each: int) -> KeptRows:
        """Keep the captions of the pictures that are done, and return what is left; each picture had `rows_each` rows."""
        goes_on = ~self._is_done()
        done = ~goes_on
        best = self._finished.tokens[done, 0]  # (n, t)
        self._captions[self._active[done]] = np.where(best == self._rules.end_token_id, self._rules.pad_token_id, best)
        pictures = fill_gaps(goes_on)
        rows = (pictures[:, None] * rows_each + parents[pictures]).ravel()
        self._active = self._active[pictures]
        self._running, self._finished = self._running[pictures], self._finished[pictures]
        self.last_tokens = self._running.tokens[..., self._length - 1].ravel()
        return KeptRows(rows, pictures)

    def _is_done(self) -> NDArray[np.bool_]:
        """Return (m,) whether the search for a picture's caption ends, by the rule of `early_stopping`."""
        rules, finished = self._rules, self._finished
        if self._length == rules.max_tokens:
            return np.ones(len(self._active), bool)
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
    def empty(cls, rules: DecodingRules, pictures: int) -> "_Beams":
        """Return one beam without tokens for each picture: the first step extends it to b."""
        tokens = np.full((pictures, 1, rules.max_tokens), rules.pad_token_id, np.int64)
        return cls(tokens, np.zeros((pictures, 1), np.float32), np.zeros((pictures, 1), bool))

    @classmethod
    def impossible(cls, rules: DecodingRules, pictures: int) -> "_Beams":
        """Return b beams for each picture whose scores are below that of any sequence."""
        shape = (pictures, rules.num_beams)
        tokens = np.full((*shape, rules.max_tokens), rules.pad_token_id, np.int64)
        return cls(tokens, np.full(shape, IMPOSSIBLE), np.zeros(shape, bool))

    def __getitem__(self, pictures: Indices) -> "_Beams":
        return _Beams(self.tokens[pictures], self.scores[pictures], self.ended[pictures])

    def take(self, beams: Indices) -> "_Beams":
        """Return the beams at (m, n) indices, of the same pictures."""
        rows = np.arange(len(beams))[:, None]
        return _Beams(self.tokens[rows, beams], self.scores[rows, beams], self.ended[rows, beams])

    def joined(self, other: "_Beams") -> "_Beams":
        return _Beams(
            np.concatenate([self.tokens, other.tokens], axis=1),
            np.concatenate([self.scores, other.scores], axis=1),
            np.concatenate([self.ended, other.ended], axis=1),
        )


def _best(values: NDArray[np.float32], count: int) -> Indices:
    """Return the indices of the largest along the last axis, largest first; of equals, the first."""
    return np.argsort(-values, axis=-1, kind="stable")[..., :count]

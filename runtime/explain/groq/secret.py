"""Groq's key from Secrets Manager: read when the first sentence is wanted, and never part of the configuration.

A search never fails for want of the key: without it the evidence explains, and the log says in one line why.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from runtime.errors import RemoteRefused
from runtime.explain.explainer import Explainer, Explanation, HitFacts
from runtime.explain.sentences import EvidenceExplainer

log = logging.getLogger(__name__)

RETRY_S = 600.0  # a secret that was refused is rarely mended sooner, and asking takes up to some seconds


class SecretExplainer:
    """The explainer that needs a key, opened at its first use; until the key can be had, the one that needs none."""

    def __init__(
        self,
        read_key: Callable[[], str],
        open_with: Callable[[str], Explainer],
        *,
        retry_s: float = RETRY_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Keep how the key is read and what is opened with it; nobody is called yet."""
        self._read_key, self._open_with, self._retry_s, self._clock = read_key, open_with, retry_s, clock
        self._opened: Explainer | None = None
        self._local = EvidenceExplainer()
        self._ask_at = clock()
        self._opening = threading.Lock()

    def explain(self, query: str, hits: Sequence[HitFacts]) -> list[Explanation]:
        """Return one explanation for each hit, in their order."""
        with self._opening:
            if self._opened is None and self._clock() >= self._ask_at:
                self._opened = self._open()
        return (self._opened or self._local).explain(query, hits)

    def _open(self) -> Explainer | None:
        try:
            return self._open_with(_key_in(self._read_key()))
        except RemoteRefused as refusal:
            self._ask_at = self._clock() + self._retry_s
            log.warning("Groq did not explain, the evidence does: %s It is asked for again in %d s.", refusal, self._retry_s)
            return None


def _key_in(secret: str) -> str:
    """Return the key of a secret: its whole text, or as the console writes it, JSON with a field GROQ_API_KEY."""
    try:
        fields = json.loads(secret)
    except ValueError:
        fields = None
    return str(fields.get("GROQ_API_KEY", "")) if isinstance(fields, dict) else secret

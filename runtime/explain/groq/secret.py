"""Groq's key from Secrets Manager: read when the first sentence is wanted, and never part of the configuration.

A search never fails because the key is missing: the hits are explained from the evidence, and one log line tells why.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from runtime.errors import RemoteRefused
from runtime.explain.explainer import Explainer
from runtime.explain.sentences import EvidenceExplainer
from runtime.search.evidence import Explanation, Hit
from runtime.search.query import ParsedQuery

log = logging.getLogger(__name__)

RETRY_S = 600.0  # a secret that was refused is rarely mended sooner, and asking takes up to some seconds


class SecretExplainer:
    """Opens the explainer that needs the key at its first use; until the key can be read, explains from the evidence."""

    def __init__(
        self,
        read_key: Callable[[], str],
        open_with: Callable[[str], Explainer],
        *,
        retry_s: float = RETRY_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Keep how the key is read and what is opened with it; nothing is read yet."""
        self._read_key, self._open_with, self._retry_s, self._clock = read_key, open_with, retry_s, clock
        self._opened: Explainer | None = None
        self._local = EvidenceExplainer()
        self._ask_at = clock()
        self._opening = threading.Lock()

    def explain(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Explanation]:
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

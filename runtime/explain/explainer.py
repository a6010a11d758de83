"""What puts into words why each hit matched: the protocol that the engine calls.

`sentences.py` builds the words from the evidence alone; `groq/` asks Groq for them.
"""

from collections.abc import Sequence
from typing import Protocol

from runtime.search.evidence import Explanation, Hit
from runtime.search.query import ParsedQuery


class Explainer(Protocol):
    """Explains why each hit is among the answers, or that it does not match."""

    def explain(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Explanation]:
        """Return one explanation for each hit, in their order; no outside fault escapes.

        The query may leave things out, and wants nothing where the search was by a picture alone.
        """
        ...

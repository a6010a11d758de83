"""The protocol of what explains in a sentence why each hit matched, as the engine calls it.

`sentences.py` makes the sentences from the evidence alone; `groq/` gets them from Groq.
"""

from collections.abc import Sequence
from typing import Protocol

from runtime.search.evidence import Explanation, Hit
from runtime.search.query import ParsedQuery


class Explainer(Protocol):
    """Explains why each hit is among the answers, or that it does not match."""

    def explain(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Explanation]:
        """Return one explanation for each hit, in their order; no outside fault escapes.

        The query may have unwanted phrases. Its wanted text is empty where the search was by a picture alone.
        """
        ...

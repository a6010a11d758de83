"""Why a picture matched, in words: what an explainer is given, and what it gives.

`sentences.py` builds its sentences here; `explainer.py` asks Groq for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.search.evidence import Evidence


@dataclass(frozen=True)
class HitFacts:
    """What an explainer may know of one hit."""

    id: int
    image_path: str
    caption: str | None
    evidence: Evidence


@dataclass(frozen=True)
class Explanation:
    """One sentence, and who wrote it: `evidence`, `cache`, or `groq:` and the model's name."""

    text: str
    source: str


class Explainer(Protocol):
    """Says why each hit is among the answers, or that it should not be."""

    def explain(self, query: str, hits: Sequence[HitFacts]) -> list[Explanation]:
        """Return one explanation for each hit, in their order; no outside fault escapes.

        The query may have minus-words, and is empty where the search was by a picture alone.
        """
        ...

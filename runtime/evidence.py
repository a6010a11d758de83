"""Why a picture matched, in facts: for now its score alone. Knows no model, no library and no sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """What is known of one match. `score` is the cosine of query and picture, in [-1, 1]."""

    score: float

"""What a probability of a match is called: "strong", "weak" or "none", and from where on."""

from typing import Literal

Verdict = Literal["strong", "weak", "none"]

# From which probability on a match is called weak, or strong. Calling a true match "none" is the worse mistake, so "weak"
# begins below even odds; benchmarks/RESULTS.md has the shares of true and of absent matches on either side.
WEAK_FROM, STRONG_FROM = 1 / 3, 0.75


def verdict_of(probability: float) -> Verdict:
    """Return the verdict on a match of this probability."""
    return "strong" if probability >= STRONG_FROM else "weak" if probability >= WEAK_FROM else "none"

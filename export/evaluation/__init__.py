"""The parts of `python -m export evaluate`: pictures with captions, what models answer, and what that is worth."""

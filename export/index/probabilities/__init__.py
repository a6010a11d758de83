"""From scores to the probability of a match: fitted on the library's own captions."""

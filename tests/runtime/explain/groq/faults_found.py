"""What the check finds wrong with a sentence about a hit of which the facts are given."""

from runtime.explain.groq.check import find_fault
from runtime.search.evidence import Evidence, WordWeight
from runtime.search.query import parse_query
from runtime.search.verdicts import Verdict
from tests.runtime.explain.hits import hit_of

PROBABILITIES: dict[Verdict | None, float | None] = {"strong": 0.97, "weak": 0.54, "none": 0.04, None: None}


def fault(sentence: str, verdict: Verdict | None, query: str, caption: str | None) -> str | None:
    parsed = parse_query(query)
    # Without a caption, the picture speaks for every word of a strong match.
    seen = parsed.wanted.words if caption is None and verdict == "strong" else ()
    words = tuple(WordWeight(word, 0.1, 1 / len(seen), in_caption=False) for word in seen)
    evidence = Evidence(0.3, match_probability=PROBABILITIES[verdict], verdict=verdict, words=words)
    return find_fault(sentence, parsed, hit_of(1, "a.jpg", caption, evidence))

"""The local sentence on a hit of which the facts are given."""

from runtime.explain.sentences import EvidenceExplainer
from runtime.search.caption_stance import SILENT, Stance, stance_of
from runtime.search.evidence import Evidence, Hit, WordWeight
from runtime.search.query import parse_query
from runtime.search.verdicts import Verdict
from runtime.search.words import Phrase, stem
from tests.runtime.explain.hits import hit_of


def facts(
    caption: str | None,
    score: float = 0.3,
    *,
    verdict: Verdict | None = None,
    drops: dict[str, float] | None = None,
    told: Stance = SILENT,
) -> Hit:
    """One hit; `drops` are the cosines that the match loses without each word."""
    gained = sum(max(drop, 0.0) for drop in (drops or {}).values()) or 1.0
    words = tuple(
        WordWeight(word, drop, max(drop, 0.0) / gained, stem(word) in Phrase(caption or "").stems)
        for word, drop in (drops or {}).items()
    )
    probability = {"strong": 0.97, "weak": 0.54, "none": 0.04, None: None}[verdict]
    evidence = Evidence(score, match_probability=probability, verdict=verdict, stance=told, words=words)
    return hit_of(1, "a.jpg", caption, evidence)


def told_of(query: str, caption: str, verdict: Verdict | None, **drops: float) -> str:
    """The sentence on a hit whose caption was compared with the query, as a search does."""
    told = stance_of(parse_query(query).wanted.text, caption)
    return sentence(query, facts(caption, verdict=verdict, drops=drops, told=told))


def sentence(query: str, hit: Hit) -> str:
    (explanation,) = EvidenceExplainer().explain(parse_query(query), [hit])
    assert explanation.source == "evidence"
    return explanation.text

"""Whether what a sentence says of caption, picture and query is so. Knows no verdict; `verdict_check.py` looks at that."""

import re
from collections.abc import Sequence

from runtime.explain.groq import cues
from runtime.explain.groq.clauses import Claim, Clause, is_content
from runtime.explain.groq.facts import Facts
from runtime.explain.groq.verdict_check import denies_all
from runtime.search.words import NUMBERS

# "which is shown", "and this is there": of what was named before.
POINTING_BACK = re.compile(
    r"(?:\w+ )?(?:this|that|it|which|they|these|those|both) (?:is|are|was|were) (?:\w+ly |all |also )?"
    r"(?:here|there|present|visible|shown|seen|found|mentioned|described|named|stated|depicted|included|in|what|it)\b"
)
HERE_IT_IS = re.compile(r"\b(?:here|there) (?:it|they|this|you) (?:is|are)\b")
OBJECT = re.compile(r"(?:it|them|these|those|both)\b|(?:this|one|so)$")
NO_CAPTION = re.compile(r"\b(?:no|without (?:a|any)|lacks (?:a|any)|not (?:have )?(?:a|any)) caption\b")


def is_unstated(text: str, clauses: Sequence[Clause], facts: Facts) -> bool:
    """Return whether a claim is not borne out by the caption, the evidence or the query."""
    if facts.has_caption and NO_CAPTION.search(text):
        return True
    told, unsaid = False, False  # whether an earlier clause tells of the picture, and whether it names what may not be there
    for clause in clauses:
        if _misstates(clause, facts):
            return True
        asked_here = any(claim.source == "query" and not claim.quoted for claim in clause.claims)
        told_here = any(claim.source != "query" for claim in clause.claims)
        vague = _tells(clause) and not told_here and (unsaid or asked_here or not told)
        if (vague or ((unsaid or asked_here) and _points_back(clause))) and not facts.is_whole:
            return True
        told = told or told_here
        unsaid = unsaid or asked_here or any(claim.denied for claim in clause.claims)
    return False


def _misstates(clause: Clause, facts: Facts) -> bool:
    """Return whether a clause by itself says what is not so, or what cannot be looked up."""
    denies_known = (facts.has_attributes and _denies_attributes(clause)) or (facts.mentions_any and denies_all(clause))
    return (
        _hides_statement(clause)
        or denies_known
        or _miscounts(clause, facts)
        or any(not _holds(claim, facts) for claim in clause.claims)
    )


def _miscounts(clause: Clause, facts: Facts) -> bool:
    """Return whether a number without a noun is wrong: "three instead of two"."""
    for at, word in enumerate(clause.words):
        is_bare = word in NUMBERS and word != "one" and not any(map(is_content, clause.words[at + 1 : at + 2]))
        if is_bare and not clause.asked[at] and facts.counts(NUMBERS[word]) == clause.denied[at]:
            return True
    return False


def _denies_attributes(clause: Clause) -> bool:
    """Return whether a clause says that colour or number is not told."""
    denied = any(claim.denied for claim in clause.claims)
    return clause.denies(cues.ATTRIBUTES) and not (denied or clause.has(cues.MATCHING) or clause.has(cues.REJECTING))


def _points_back(clause: Clause) -> bool:
    """Return whether a clause says of something named before that it is there: "which is shown", "the caption has it"."""
    text = " ".join(clause.words)
    if _tells_of_asked(clause) or ((POINTING_BACK.match(text) or HERE_IT_IS.search(text)) and not any(clause.denied)):
        return True
    verb = next((at for at, word in enumerate(clause.words) if word in cues.HAVING and not clause.denied[at]), None)
    return verb is not None and bool(OBJECT.match(" ".join(clause.words[verb + 1 : verb + 3])))


def _hides_statement(clause: Clause) -> bool:
    """Return whether what is denied or asked for is a statement, as in "no caption says that boats are red", not a thing."""
    at = [
        place
        for place, word in enumerate(clause.words)
        if is_content(word) and not clause.quoted[place] and (clause.denied[place] or clause.asked[place])
    ]
    return bool(at) and not (cues.COPULAS - {"be"}).isdisjoint(clause.words[at[0] : at[-1]])


def _tells(clause: Clause) -> bool:
    """Return whether a clause says that something is told or shown, other than by "you asked" or "the query mentions"."""
    begins = clause.asked.index(True) if True in clause.asked else None
    return any(
        (word in cues.TELLING or word == "caption") and not denied and at != begins
        for at, (word, denied) in enumerate(zip(clause.words, clause.denied, strict=True))
    )


def _tells_of_asked(clause: Clause) -> bool:
    """Return whether what is asked for is itself said to be there: "the boat of your query appears here"."""
    known = zip(clause.words, clause.asked, clause.denied, strict=True)
    began = False
    for word, asked, denied in known:
        began = began or (asked and is_content(word))
        if began and not asked and not denied and word in cues.TELLING | {"here", "there", "caption"}:
            return True
    return False


def _holds(claim: Claim, facts: Facts) -> bool:
    if claim.source == "query":
        return facts.asks(claim) != claim.denied
    return not facts.may_show(claim) if claim.denied else facts.states(claim)

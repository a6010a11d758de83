"""Whether a sentence keeps to the verdict on its hit. Knows no caption; `statements.py` looks up what is told.

A strong match is not rejected, a weak one neither rejected nor called certain, and of none it must be said that it does not
match. A denied lack, as in "nothing is missing", affirms.
"""

from collections.abc import Sequence

from runtime.explain.groq import cues
from runtime.explain.groq.clauses import Clause
from runtime.explain.groq.facts import Facts


def is_against(clauses: Sequence[Clause], facts: Facts) -> bool:
    """Return whether a sentence reverses the verdict, or claims that nothing lacks where something does."""
    if any(_claims_all(clause) and not facts.is_whole for clause in clauses):
        return True
    if facts.verdict == "strong":
        return any(_rejects(clause) or _belittles(clause) or denies_all(clause) for clause in clauses)
    if facts.verdict == "weak":
        return _is_against_weak(clauses)
    if facts.verdict == "none":
        return _is_against_none(clauses, facts)
    return False


def _is_against_weak(clauses: Sequence[Clause]) -> bool:
    if any(_claims_all(clause) or clause.affirms(cues.CERTAIN) or _praises(clause) for clause in clauses):
        return True
    if any(_rejects_all_of(clause) for clause in clauses):
        return True
    matches = any(_matches(clause) for clause in clauses)
    return matches and not any(clause.has(cues.HEDGING | cues.CONTRAST) or any(clause.denied) for clause in clauses)


def _rejects_all_of(clause: Clause) -> bool:
    """Return whether a clause rejects a weak match, and not only a part of it."""
    in_part = clause.has(cues.DIFFERING | cues.ATTRIBUTES)
    return clause.has(cues.REJECTING_WHOLLY) or (_rejects_wholly(clause) and not in_part)


def _is_against_none(clauses: Sequence[Clause], facts: Facts) -> bool:
    for clause in clauses:
        is_denial = any(clause.denied)
        if clause.turned or _matches(clause) or (not is_denial and clause.affirms(cues.CERTAIN | cues.WHOLE | cues.MAYBE)):
            return True
    return not any(_rejects_wholly(clause) or _denies_wanted(clause, facts) for clause in clauses)


def _claims_all(clause: Clause) -> bool:
    agrees = clause.affirms(cues.MATCHING | {"same"}) or clause.says_as_asked
    return (
        clause.turned
        or _tells_what_was_asked(clause)
        or clause.affirms(cues.WHOLE | {"CERTAIN"})
        or (agrees and clause.affirms(cues.ATTRIBUTES))
    )


def _tells_what_was_asked(clause: Clause) -> bool:
    """Return whether a clause says that what was asked for is told: "the caption mentions what you asked for"."""
    tells = next((at for at, word in enumerate(clause.words) if word in cues.TELLING and not clause.denied[at]), None)
    return tells is not None and "what" in clause.words[tells:] and clause.says_as_asked


def _matches(clause: Clause) -> bool:
    """Return whether the clause says that the picture matches, by a word of matching or by "that you asked for"."""
    return clause.affirms(cues.MATCHING) or (clause.says_as_asked and not clause.has(cues.UNWANTED))


def _rejects(clause: Clause) -> bool:
    if clause.turned:
        return False
    if clause.denies(cues.MATCHING) or clause.has(cues.REJECTING) or (clause.words[-1] == "not" and not clause.claims):
        return True
    denies_asked = clause.relative is not None and clause.denied[clause.relative]
    return (denies_asked or clause.denies(cues.ASKING_NOUNS)) and not any(claim.denied for claim in clause.claims)


def _rejects_wholly(clause: Clause) -> bool:
    return _rejects(clause) and not clause.denies(cues.WHOLE)


def _praises(clause: Clause) -> bool:
    return clause.affirms(cues.PRAISING) and clause.affirms(cues.OF_VERDICT)


def _belittles(clause: Clause) -> bool:
    if clause.has(cues.RESTRICTING):
        return True
    return clause.has(cues.DOUBTING) or (clause.affirms(cues.BELITTLING) and clause.has(cues.OF_VERDICT))


def denies_all(clause: Clause) -> bool:
    """Return whether a clause says that nothing, or none of the words, is there."""
    return not (clause.turned or clause.claims) and clause.has(cues.TOTAL)


def _denies_wanted(clause: Clause, facts: Facts) -> bool:
    """Return whether a clause denies a thing of the query, or all of them; whether that is true is looked up elsewhere."""
    return denies_all(clause) or any(
        claim.denied and claim.source != "query" and facts.wants(claim.phrase) for claim in clause.claims
    )

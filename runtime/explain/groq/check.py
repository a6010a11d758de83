"""Whether a sentence that Groq wrote may be shown: plain prose, in its role, true to the verdict and to what is known.

First every word must be in the query, in the caption, or in the closed list of words that explain without naming anything
(`vocabulary.py`): any other word would be a thing, a colour, a number or a name that neither mentions. Then the sentence's
claims are read (`claims.py`) and looked up. What it affirms of caption or picture the caption must state, bound in the same
way, or the evidence must see in the picture. What it denies the caption must not state. The query's other words may appear
only as what was asked for, or in quotation marks.

A wrong sentence that stands is worse than a true one refused: where a rule cannot tell, the sentence falls back to the one
made from the evidence.
"""

import re
from collections.abc import Sequence

from runtime.explain.groq import cues
from runtime.explain.groq.claims import Claim, Clause, is_content, read_clauses, roots
from runtime.explain.groq.facts import Facts
from runtime.explain.groq.vocabulary import INFLECTED, INVARIABLE
from runtime.search.evidence import Hit
from runtime.search.query import ParsedQuery
from runtime.search.testimony import noun_phrases
from runtime.search.words import WORD, content_words, split_compounds

NO_PROSE, OUT_OF_ROLE = "no plain prose", "out of role"
AGAINST_VERDICT, UNKNOWN_WORDS, UNSTATED = "against the verdict", "unknown words", "not what the caption states"
MIN_WORDS = 3

# Anything but letters, digits and plain punctuation, and a dot or colon inside a word: no markup, no address, no question.
FOREIGN_SIGN = re.compile(r"[^\w\s.,;:!'\"“”‘()–—…%-]|_|[^\W\d][.:]\S*[^\W\d]")
ROLE = re.compile(
    r"\b(?:i|i'(?:m|ll|ve|d)|as an? (?:ai|assistant)|language model|system (?:prompt|message)|instructions?"
    r"|ignor(?:e|es|ed|ing)|disregard(?:s|ed|ing)?|obey(?:s|ed|ing)?)\b"
)
POINTING_BACK = re.compile(
    r"(?:\w+ )?(?:this|that|it|which|they|these|those|both) (?:is|are|was|were) (?:\w+ly |all |also )?"
    r"(?:here|there|present|visible|shown|seen|found|mentioned|described|named|stated|depicted|included|in|what|it)\b"
)
HERE_IT_IS = re.compile(r"\b(?:here|there) (?:it|they|this|you) (?:is|are)\b")
OBJECT = re.compile(r"(?:it|them|these|those|both)\b|(?:this|one|so)$")
ASKING_BACK = re.compile(r"\W*(?:who|whose|why|how)\b")
LONG_NUMBER = re.compile(r"\d{3,}")
AUXILIARIES = frozenset("are were had have might may did do would could really also not actually specifically".split())
NO_CAPTION = re.compile(r"\b(?:no|without (?:a|any)|lacks (?:a|any)|not (?:have )?(?:a|any)) caption\b")


def find_fault(sentence: str, query: ParsedQuery, hit: Hit) -> str | None:
    """Return what is wrong with a sentence about one hit, or None where it may be shown."""
    text = _without_probability(sentence.lower().replace("’", "'").replace("‑", "-"), hit.evidence.match_probability)
    for idiom, plain in cues.IDIOMS:
        text = idiom.sub(plain, text)
    if FOREIGN_SIGN.search(text) or ASKING_BACK.match(text) or len(WORD.findall(text)) < MIN_WORDS:
        return NO_PROSE
    if ROLE.search(text):
        return OUT_OF_ROLE
    facts, clauses = Facts.of_hit(query, hit), read_clauses(text)
    if _is_against(clauses, facts):
        return AGAINST_VERDICT
    texts = (query.wanted, *query.unwanted, hit.caption)
    known = [word for phrase in texts for word in phrase.words]
    if any(thing.number == 1 for phrase in texts for thing in noun_phrases(phrase.text)):  # "a boat" is one
        known.append("one")
    if _names_unknown(text, known):
        return UNKNOWN_WORDS
    if LONG_NUMBER.search(text) or any(_speaks_to_reader(clause, facts) for clause in clauses):
        return OUT_OF_ROLE
    return UNSTATED if _is_unstated(text, clauses, facts) else None


def _without_probability(text: str, probability: float | None) -> str:
    """Return the sentence without the one number that the evidence holds: "97 %", "97 percent" or "0.97"."""
    if probability is None:
        return text
    rounded = round(probability, 2)
    percent = rf"{100 * rounded:.0f}\s?(?:%|percent\b|per cent\b)"
    return re.sub(rf"(?<![\w.,])(?:{percent}|{rounded:.2f}(?!\d))", " ", text)


def _names_unknown(text: str, known_words: Sequence[str]) -> bool:
    """Return whether a word of the text is neither a form of a known word nor in the closed vocabulary."""
    known = INFLECTED.union(*map(roots, split_compounds(known_words)))
    words = split_compounds(content_words(text))
    return any(word not in INVARIABLE and known.isdisjoint(roots(word)) for word in words)


# --- the verdict ---


def _is_against(clauses: Sequence[Clause], facts: Facts) -> bool:
    """Return whether a sentence reverses the verdict, or claims that nothing lacks where something does."""
    if any(_claims_all(clause) and not facts.is_whole for clause in clauses):
        return True
    if facts.verdict == "strong":
        return any(_rejects(clause) or _belittles(clause) or _denies_all(clause) for clause in clauses)
    if facts.verdict == "weak":
        return _is_against_weak(clauses)
    if facts.verdict == "none":
        return _is_against_none(clauses, facts)
    return False


def _is_against_weak(clauses: Sequence[Clause]) -> bool:
    if any(_claims_all(clause) or clause.affirms(cues.CERTAIN) or _praises(clause) for clause in clauses):
        return True
    if any(clause.has(REJECTING_WHOLLY) or (_rejects_wholly(clause) and not clause.has(DIFFERING | ATTRIBUTES)) for clause in clauses):
        return True
    matches = any(_matches(clause) for clause in clauses)
    return matches and not any(clause.has(cues.HEDGING | cues.CONTRAST) or any(clause.denied) for clause in clauses)


def _is_against_none(clauses: Sequence[Clause], facts: Facts) -> bool:
    for clause in clauses:
        is_denial = any(clause.denied)
        if clause.turned or _matches(clause) or (not is_denial and clause.affirms(cues.CERTAIN | cues.WHOLE | MAYBE)):
            return True
    return not any(_rejects_wholly(clause) or _denies_wanted(clause, facts) for clause in clauses)


REJECTING_WHOLLY = frozenset(("unlikely", "unrelated", "irrelevant", "wrong", "OTHER", "poor"))
DOUBTING = frozenset("uncertain doubtful unsure unclear unlikely whether".split())
ATTRIBUTES = frozenset("color colors colour colours number numbers count counts many amount location place".split())
DIFFERING = cues.REJECTING - REJECTING_WHOLLY  # of a weak match: a part of it does not agree
MAYBE = frozenset("may might possible possibly perhaps likely plausible could probable probably".split())
OF_VERDICT = cues.MATCHING | frozenset("probability likelihood evidence verdict result chance confidence strength".split())
HAVING = frozenset(("has", "have", "lists", "shows", "mentions", "describes", "includes", "contains", "names", "states", "says",
                    "depicts", "features", "displays", "show", "mention", "include", "contain", "gives", "confirms"))  # fmt: skip
TELLING = frozenset("""
    shows shown depicts depicted features featured contains contained includes included displays displayed present visible
    found appears mentions mentioned describes described names named states stated says confirms confirmed covered captured
    captures portrays portrayed seen
""".split())  # fmt: skip


def _claims_all(clause: Clause) -> bool:
    agrees = clause.affirms(cues.MATCHING | {"same"}) or (clause.relative is not None and not clause.denied[clause.relative])
    return clause.turned or clause.affirms(cues.WHOLE | {"CERTAIN"}) or (agrees and clause.affirms(ATTRIBUTES))


def _matches(clause: Clause) -> bool:
    """Return whether the clause says that the picture matches, by a word of matching or by "that you asked for"."""
    asked = clause.relative is not None and not clause.denied[clause.relative]
    return clause.affirms(cues.MATCHING) or (asked and not clause.has(UNWANTED))


UNWANTED = frozenset(("avoid", "avoided", "omitted", "omits", "exclude", "excluded", "out", "without"))


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
    return clause.affirms(cues.PRAISING) and clause.affirms(OF_VERDICT)


def _belittles(clause: Clause) -> bool:
    if clause.has(frozenset(("only", "merely", "solely"))):
        return True
    return clause.has(DOUBTING) or (clause.affirms(cues.BELITTLING) and clause.has(OF_VERDICT))


def _denies_all(clause: Clause) -> bool:
    """Return whether a clause says that nothing, or none of the words, is there."""
    return not (clause.turned or clause.claims) and clause.has(frozenset(("nothing", "none", "neither")))


def _denies_wanted(clause: Clause, facts: Facts) -> bool:
    """Return whether a clause denies a thing of the query, or all of them; whether that is true is looked up elsewhere."""
    return _denies_all(clause) or any(
        claim.denied and claim.source != "query" and facts.wants(claim.phrase) for claim in clause.claims
    )


# --- the reader ---


def _speaks_to_reader(clause: Clause, facts: Facts) -> bool:
    """Return whether a clause is a command, names what one is reached or paid by, or speaks of more than the query."""
    words = clause.words
    first = next((at for at, word in enumerate(words) if word not in cues.BOUNDARY and word != "and"), 0)
    if words[first] in cues.COMMANDS and not clause.quoted[first]:
        return True
    for at, (word, quoted) in enumerate(zip(words, clause.quoted, strict=True)):
        following = words[at + 1 : at + 4]
        if not quoted and not facts.mentions(word) and (word in cues.REACHING or (facts.speaks and is_content(word))):
            return True
        if word == "to" and not quoted and following and following[0] in cues.COMMANDS and is_content(following[0]):
            return True
        if word == "your" and not (following and (following[0] in cues.YOURS or clause.asked[at + 1])):
            return True
        if word == "you" and not _wants_something(following):
            return True
    return False


def _wants_something(following: Sequence[str]) -> bool:
    verb = next((word for word in following if word not in AUXILIARIES), None)
    needs_to = verb in ("need", "needs") and "to" in following
    return (verb in cues.ASKING_VERBS and not needs_to) or verb in ("left", "after")


# --- what is known ---


def _is_unstated(text: str, clauses: Sequence[Clause], facts: Facts) -> bool:
    """Return whether a claim is not borne out by the caption, the evidence or the query."""
    if facts.has_caption and NO_CAPTION.search(text):
        return True
    told, unsaid = False, False  # whether an earlier clause tells of the picture, and whether it names what may not be there
    for clause in clauses:
        if _hides_statement(clause):
            return True
        if any(not _holds(claim, facts) for claim in clause.claims):
            return True
        if facts.has_attributes and _denies_attributes(clause):
            return True
        if _denies_all(clause) and facts.mentions_any:
            return True
        asked_here = any(claim.source == "query" and not claim.quoted for claim in clause.claims)
        told_here = any(claim.source != "query" for claim in clause.claims)
        vague = _tells(clause) and not told_here and (unsaid or asked_here or not told)
        if (vague or ((unsaid or asked_here) and _points_back(clause))) and not facts.is_whole:
            return True
        told = told or told_here
        unsaid = unsaid or asked_here or any(claim.denied for claim in clause.claims)
    return False


def _denies_attributes(clause: Clause) -> bool:
    """Return whether a clause says that colour or number is not told."""
    denied = any(claim.denied for claim in clause.claims)
    return clause.denies(ATTRIBUTES) and not (denied or clause.has(cues.MATCHING) or clause.has(cues.REJECTING))


def _points_back(clause: Clause) -> bool:
    """Return whether a clause says of something named before that it is there: "which is shown", "and the caption has it"."""
    text = " ".join(clause.words)
    if _tells_of_asked(clause) or ((POINTING_BACK.match(text) or HERE_IT_IS.search(text)) and not any(clause.denied)):
        return True
    verb = next((at for at, word in enumerate(clause.words) if word in HAVING and not clause.denied[at]), None)
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
    begins = clause.asked.index(True) if True in clause.asked else -1
    return any(
        (word in TELLING or word == "caption") and not denied and at != begins
        for at, (word, denied) in enumerate(zip(clause.words, clause.denied, strict=True))
    )


def _tells_of_asked(clause: Clause) -> bool:
    """Return whether what is asked for is itself said to be there: "the boat of your query appears here"."""
    known = zip(clause.words, clause.asked, clause.denied, strict=True)
    began = False
    for word, asked, denied in known:
        began = began or (asked and is_content(word))
        if began and not asked and not denied and word in TELLING | {"here", "there", "caption"}:
            return True
    return False


def _holds(claim: Claim, facts: Facts) -> bool:
    if claim.source == "query":
        return facts.asks(claim) != claim.denied
    return not facts.may_show(claim) if claim.denied else facts.states(claim)

"""Whether a sentence that Groq wrote may be shown: plain prose, in its role, true to the verdict and to what is known.

First every word must be in the query, in the caption, or in the closed list of words that explain without naming anything
(`allowed_words.py`): any other word would be a thing, a colour, a number or a name that neither mentions. Then its
claims are read (`claims.py`) and looked up. What it affirms of caption or picture the caption must state, bound in the same
way, or the evidence must see in the picture (`statements.py`). What it denies the caption must not state. The query's other
words may appear only as what was asked for, or in quotation marks. The verdict is not reversed (`verdict_check.py`).

A wrong sentence that stands is worse than a true one refused: where a rule cannot tell, the sentence falls back to the one
made from the evidence.
"""

import re
from collections.abc import Sequence

from runtime.explain.groq import cues
from runtime.explain.groq.allowed_words import INFLECTED, INVARIABLE
from runtime.explain.groq.claims import read_clauses
from runtime.explain.groq.clauses import Clause, is_content, roots
from runtime.explain.groq.facts import Facts
from runtime.explain.groq.statements import is_unstated
from runtime.explain.groq.verdict_check import is_against
from runtime.search.evidence import Hit
from runtime.search.noun_phrases import noun_phrases
from runtime.search.query import ParsedQuery
from runtime.search.word_pattern import WORD
from runtime.search.words import content_words, split_compounds

NO_PROSE, OUT_OF_ROLE = "no plain prose", "out of role"
AGAINST_VERDICT, UNKNOWN_WORDS, UNSTATED = "against the verdict", "unknown words", "not what the caption states"
MIN_WORDS = 3

# Anything but letters, digits and plain punctuation, and a dot or colon inside a word: no markup, no address, no question.
FOREIGN_SIGN = re.compile(r"[^\w\s.,;:!'\"“”‘()–—…%-]|_|[^\W\d][.:]\S*[^\W\d]")
ROLE = re.compile(
    r"\b(?:i|i'(?:m|ll|ve|d)|as an? (?:ai|assistant)|language model|system (?:prompt|message)|instructions?"
    r"|ignor(?:e|es|ed|ing)|disregard(?:s|ed|ing)?|obey(?:s|ed|ing)?)\b"
)
ASKING_BACK = re.compile(r"\W*(?:who|whose|why|how)\b")
LONG_NUMBER = re.compile(r"\d{3,}")


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
    if is_against(clauses, facts):
        return AGAINST_VERDICT
    texts = (query.wanted, *query.unwanted, hit.caption)
    known = [word for phrase in texts for word in phrase.words]
    if any(thing.number == 1 for phrase in texts for thing in noun_phrases(phrase.text)):  # "a boat" is one
        known.append("one")
    if _names_unknown(text, known):
        return UNKNOWN_WORDS
    if LONG_NUMBER.search(text) or any(_speaks_to_reader(clause, facts) for clause in clauses):
        return OUT_OF_ROLE
    return UNSTATED if is_unstated(text, clauses, facts) else None


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
    verb = next((word for word in following if word not in cues.AUXILIARIES), None)
    needs_to = verb in ("need", "needs") and "to" in following
    return (verb in cues.ASKING_VERBS and not needs_to) or verb in ("left", "after")

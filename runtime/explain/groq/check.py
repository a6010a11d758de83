"""Whether a sentence that Groq wrote may stand: plain prose, in its role, true to the verdict, naming nothing unknown.

There is no tagger here that could find the nouns. Instead every word must be the query's, the caption's, or one of the
closed list of words that explain without naming anything (`vocabulary.py`); what is left over would be a thing, a
colour, a number or a name that nobody mentioned. So the check is strict: it also refuses true synonyms ("dusk" for
"sunset"), which costs nothing but the local sentence in their place.

It cannot tell how words are bound together: "a red house" passes where query and caption hold a blue house and a red boat.
Nor that a word of the query is claimed of a picture that lacks it, except where the verdict says so.
"""

import re

from runtime.explain.explainer import HitFacts
from runtime.explain.groq.vocabulary import BENT, PLAIN
from runtime.search.words import WORD, content_words, stem

NO_PROSE, OUT_OF_ROLE = "no plain prose", "out of role"
AGAINST_VERDICT, UNKNOWN_WORDS = "against the verdict", "unknown words"
MIN_WORDS = 3
SHORTEST_ROOT = 3  # "seed" and "sing" are no forms of "se" and "s"

# Anything but letters, digits and plain punctuation, and a dot or colon inside a word: no markup, no address.
FOREIGN_SIGN = re.compile(r"[^\w\s.,;:!?'\"“”‘()–—…%-]|_|[^\W\d][.:]\S*[^\W\d]")
ROLE = re.compile(
    r"\b(?:i|i'(?:m|ll|ve|d)|as an? (?:ai|assistant)|language model|system (?:prompt|message)|instructions?"
    r"|ignor(?:e|es|ed|ing)|disregard(?:s|ed|ing)?|obey(?:s|ed|ing)?)\b"
)
DENIAL = re.compile(
    r"\b(?:not?|cannot|nor|neither|none|never|nothing|without|lack(?:s|ing)?|miss(?:es|ing)?|fails?|absent|absence"
    r"|unlikely|unrelated|irrelevant|differ(?:s|ent)?|instead)\b|n't\b"
)
REJECTION = re.compile(
    r"\b(?:unlikely|unrelated|irrelevant|not what|(?:not?|none|nothing|cannot|never|hardly|\w+n't)\s+(?:\w+\s+){0,2}"
    r"(?:match(?:es|ing)?|fits?|meets?|satisf(?:y|ies)|correspond|relate|answers?))\b"
)
CERTAINTY = re.compile(r"\b(?:perfect|perfectly|certainly|definite|definitely|undoubtedly)\b")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SAME = {"grey": "gray"} | {word: str(number) for number, word in enumerate(NUMBERS, start=1)}


def find_fault(sentence: str, query: str, hit: HitFacts) -> str | None:
    """Return what is wrong with a sentence about one hit, or None: it may stand."""
    probability, verdict = hit.evidence.match_probability, hit.evidence.verdict
    said = _without_probability(sentence.lower().replace("’", "'").replace("‑", "-"), probability)
    if FOREIGN_SIGN.search(said) or len(WORD.findall(said)) < MIN_WORDS:
        return NO_PROSE
    if ROLE.search(said):
        return OUT_OF_ROLE
    if _contradicts(said, verdict):
        return AGAINST_VERDICT
    return UNKNOWN_WORDS if _names_unknown(said, f"{query} {hit.caption or ''}") else None


def _without_probability(said: str, probability: float | None) -> str:
    """Return the sentence without the one number that the evidence holds: "97 %", "97 percent" or "0.97"."""
    if probability is None:
        return said
    told = round(probability, 2)
    percent = rf"{100 * told:.0f}\s?(?:%|percent\b|per cent\b)"
    return re.sub(rf"(?<![\w.,])(?:{percent}|{told:.2f}(?!\d))", " ", said)


def _contradicts(said: str, verdict: str | None) -> bool:
    """Return whether a match is rejected, or what is none is not denied, or more is promised than is known."""
    if verdict == "strong":
        return bool(REJECTION.search(said))
    if verdict == "none" and not DENIAL.search(said):
        return True
    return verdict is not None and bool(CERTAINTY.search(said))


def _names_unknown(said: str, evidence: str) -> bool:
    """Return whether a word of the sentence stands neither in the evidence nor in the closed vocabulary."""
    known = BENT.union(*(_roots(word) for word in content_words(evidence.replace("-", " "))))
    return any(word not in PLAIN and known.isdisjoint(_roots(word)) for word in content_words(said.replace("-", " ")))


def _roots(word: str) -> set[str]:
    """Return what a word may be a form of: itself, "ride" for "riding", "sled" for "sledding", "satisfy" for "satisfied"."""
    word = SAME.get(word, word)
    roots = {word, stem(word)}
    if word.endswith("ied"):
        roots.add(word[:-3] + "y")
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= SHORTEST_ROOT:
            roots |= {root, root + "e"}
            if root[-1] == root[-2]:
                roots.add(root[:-1])
    return roots

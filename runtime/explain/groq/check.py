"""Whether a sentence that Groq wrote may be shown: plain prose, in its role, true to the verdict, naming nothing unknown.

There is no tagger here that could find the nouns. Instead every word must be in the query, in the caption, or in the
closed list of words that explain without naming anything (`vocabulary.py`). Any other word would be a thing, a colour, a
number or a name that neither query nor caption mentions. So the check is strict: it also refuses true synonyms ("dusk" for
"sunset"), and then the sentence made from the evidence is shown instead.

It cannot tell which words belong together: "a red house" passes where query and caption have a blue house and a red boat.
That the picture lacks a word of the query is noticed only where the verdict is "none".
"""

import re
from collections.abc import Sequence

from runtime.explain.groq.vocabulary import INFLECTED, INVARIABLE
from runtime.search.evidence import Hit
from runtime.search.query import ParsedQuery
from runtime.search.words import WORD, content_words, split_compounds, stem

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


def find_fault(sentence: str, query: ParsedQuery, hit: Hit) -> str | None:
    """Return what is wrong with a sentence about one hit, or None where it may be shown."""
    probability, verdict = hit.evidence.match_probability, hit.evidence.verdict
    text = _without_probability(sentence.lower().replace("’", "'").replace("‑", "-"), probability)
    if FOREIGN_SIGN.search(text) or len(WORD.findall(text)) < MIN_WORDS:
        return NO_PROSE
    if ROLE.search(text):
        return OUT_OF_ROLE
    if _contradicts(text, verdict):
        return AGAINST_VERDICT
    known = [word for phrase in (query.wanted, *query.unwanted, hit.caption) for word in phrase.words]
    return UNKNOWN_WORDS if _names_unknown(text, known) else None


def _without_probability(text: str, probability: float | None) -> str:
    """Return the sentence without the one number that the evidence holds: "97 %", "97 percent" or "0.97"."""
    if probability is None:
        return text
    rounded = round(probability, 2)
    percent = rf"{100 * rounded:.0f}\s?(?:%|percent\b|per cent\b)"
    return re.sub(rf"(?<![\w.,])(?:{percent}|{rounded:.2f}(?!\d))", " ", text)


def _contradicts(text: str, verdict: str | None) -> bool:
    """Return whether a strong match is rejected, a verdict of none is not repeated, or certainty is claimed."""
    if verdict == "strong":
        return bool(REJECTION.search(text))
    if verdict == "none" and not DENIAL.search(text):
        return True
    return verdict is not None and bool(CERTAINTY.search(text))


def _names_unknown(text: str, known_words: Sequence[str]) -> bool:
    """Return whether a word of the text is neither a form of a known word nor in the closed vocabulary."""
    known = INFLECTED.union(*map(_roots, split_compounds(known_words)))
    words = split_compounds(content_words(text))
    return any(word not in INVARIABLE and known.isdisjoint(_roots(word)) for word in words)


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

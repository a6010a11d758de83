"""The clauses of a sentence, and of each word whether a denial reaches it and whether it is what the query asks for.

Plain rules over English, without a model. What cannot be read surely counts as affirmed, so that it is looked up.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runtime.explain.groq import cues
from runtime.explain.groq.allowed_words import INFLECTED, INVARIABLE
from runtime.search.noun_phrases import NounPhrase
from runtime.search.word_pattern import WORD
from runtime.search.words import COLOURS, FUNCTION_WORDS, JOINING_WORDS, NUMBERS, SAME_SPELLING, bare_word, stem

SHORTEST_ROOT = 3  # "seed" and "sing" are no forms of "se" and "s"
SAME = SAME_SPELLING | {word: str(number) for word, number in NUMBERS.items()}
POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
CONTRACTED = re.compile(r"\b(there|it|that|what|here|this|who)'s\b")
QUOTATION = re.compile(r"[“\"]([^”\"]*)[”\"]|‘([^’]*)’|(?<!\w)'([^']+)'(?!\w)")
TOKEN = re.compile(rf"{WORD.pattern}|[.,;:!?()—–«»]|(?<=\s)-(?=\s)")
ENDS = frozenset(".;:!?()—–-,")
BETWEEN = frozenset(("a", "an", "the", "any", "and", "or", "of", "to", "with", "front", "in", "on", "at", "by", "from"))
ARTICLES = frozenset(("a", "an", "the"))
LISTING = frozenset(("or", "nor"))

Source = Literal["caption", "picture", "query"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A noun phrase, what it is said of, and whether it is denied there.

    `after` is what a predicate belongs to: "the boat" in "the boat is red". `joined_by` and `joined_to` tie it to the
    nouns before it: "next" and ("boat",) in "a boat next to a house".
    """

    phrase: NounPhrase
    source: Source
    denied: bool = False
    quoted: bool = False
    after: NounPhrase | None = None
    joined_by: str = ""
    joined_to: tuple[str, ...] = ()


@dataclass(slots=True)
class Clause:
    """A part of a sentence that affirms or denies.

    `denied` tells of each word whether a denial reaches it, `asked` whether it is what the query asks for. `turned`: a
    denial is denied, as in "nothing is missing". `relative` is where "that you asked for" stands without an object.
    """

    words: list[str]
    quoted: list[bool]
    denied: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)
    turned: bool = False
    relative: int | None = None
    claims: list[Claim] = field(default_factory=list)

    def affirms(self, words: frozenset[str]) -> bool:
        """Return whether one of the words stands in it undenied."""
        return any(word in words and not denied for word, denied in zip(self.words, self.denied, strict=True))

    def denies(self, words: frozenset[str]) -> bool:
        """Return whether a denial reaches one of the words."""
        return any(word in words and denied for word, denied in zip(self.words, self.denied, strict=True))

    @property
    def says_as_asked(self) -> bool:
        """Whether it says, undenied, that this is what was asked for."""
        return self.relative is not None and not self.denied[self.relative]

    def has(self, words: frozenset[str]) -> bool:
        """Return whether one of the words stands in it."""
        return not words.isdisjoint(self.words)


def split_clauses(sentence: str) -> list[Clause]:
    """Return the clauses of a sentence, in its order, without their claims."""
    clauses = list(_split(*_tokens(sentence)))
    for clause in clauses:
        _mark(clause)
    return clauses


def roots(word: str) -> set[str]:
    """Return what a word may be a form of: itself, "ride" for "riding", "sled" for "sledding", "satisfy" for "satisfied"."""
    word = SAME.get(word, word)
    found = {word, stem(word)}
    if word.endswith("ied"):
        found.add(word[:-3] + "y")
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= SHORTEST_ROOT:
            found |= {root, root + "e"}
            if root[-1] == root[-2]:
                found.add(root[:-1])
    return found


def is_content(word: str) -> bool:
    """Return whether a word names something that a picture could show, and is none that merely explains."""
    if word in COLOURS or word in NUMBERS or word.isdecimal():
        return True
    if not word[0].isalnum() or word.isupper() or word in FUNCTION_WORDS or word in JOINING_WORDS or word in INVARIABLE:
        return False
    known = cues.DENYING | cues.LACKING | cues.REJECTING | cues.BOUNDARY
    return word not in known and INFLECTED.isdisjoint(roots(word))


def _tokens(sentence: str) -> tuple[list[str], list[bool]]:
    """Return the words and signs in lower case, and of each whether it stands in quotation marks."""
    text = QUOTATION.sub(lambda found: f" « {' '.join(filter(None, found.groups()))} » ", sentence.lower())
    text = POSSESSIVE.sub(" OF", CONTRACTED.sub(r"\1 is", text))
    for pattern, word in cues.READ_AS_ONE:
        text = pattern.sub(word, text)
    words, quoted, inside = [], [], False
    for token in TOKEN.findall(text):
        if token in "«»":
            inside = token == "«"
        elif not (inside and token in ENDS):
            words.append(token if token.isupper() else SAME_SPELLING.get(bare_word(token), bare_word(token)))
            quoted.append(inside)
    return words, quoted


def _split(words: list[str], quoted: list[bool]) -> Iterator[Clause]:
    """Yield the clauses: each ends at a sign, or before a word that joins clauses."""
    start = 0
    for at, word in enumerate(words):
        if quoted[at] or not _is_boundary(words, start, at):
            continue
        if at > start:
            yield Clause(words[start:at], quoted[start:at])
        start = at + 1 if word in ENDS else at
    if start < len(words):
        yield Clause(words[start:], quoted[start:])


def _is_boundary(words: Sequence[str], start: int, at: int) -> bool:
    word, following = words[at], words[at + 1 : at + 2]
    if word in ENDS:
        return word != "," or not _lists_on(words, start, at)
    if word in cues.BOUNDARY:
        is_attribute = word == "as" and any(after in COLOURS or after in cues.DENYING for after in following)
        return at > start and not is_attribute
    if word != "and" or at == start or not following:
        return False
    if next((word for word in words[at + 1 :] if word not in ARTICLES), "") in cues.REPORTERS or following[0] in cues.FINITE:
        return True
    return not cues.FINITE.isdisjoint(words[start:at]) and not cues.FINITE.isdisjoint(_until_end(words, at))


def _lists_on(words: Sequence[str], start: int, at: int) -> bool:
    """Return whether a comma stands in a list that is denied or asked for: "no boat, no house or tree"."""
    rest, before = _until_end(words, at + 1, commas=True), words[start:at]
    is_bare = bool(rest) and all(is_content(word) or word in BETWEEN or word in LISTING or word == "," for word in rest)
    if not is_bare or cues.DENYING.isdisjoint(before) == cues.ASKERS.isdisjoint(before):
        return False
    return not LISTING.isdisjoint(rest) or (cues.DENYING.isdisjoint(before) and "and" in rest)


def _until_end(words: Sequence[str], start: int, *, commas: bool = False) -> Sequence[str]:
    ends = ENDS - {","} if commas else ENDS
    stop = next((at for at in range(start, len(words)) if words[at] in ends or words[at] in cues.BOUNDARY), len(words))
    return words[start:stop]


def _mark(clause: Clause) -> None:
    """Mark which words a denial reaches, and which are what the query asks for."""
    words, denied, asked, of_asked, asked_from = clause.words, False, False, False, 0
    for at, word in enumerate(words):
        previous = words[at - 1] if at else ""
        if not clause.quoted[at]:
            if denied and (word in cues.TURNING or (word in cues.DENYING and previous not in ("and", "or", ",", "nor", ""))):
                clause.turned = clause.turned or word != "nor"
            if word in cues.DENYING or word in cues.LACKING or word in cues.REJECTING:
                denied = of_asked = True
            names_some = any(map(is_content, words[asked_from:at]))
            if asked and word in cues.FINITE and (names_some or words[asked_from] in cues.ASKING_VERBS):
                asked = False  # "the query for a red boat is met by ..."
            if _begins_asking(words, at):
                asked_from = at
                asked, of_asked = True, previous in ("not", "never")
                clause.relative = at if word in cues.ASKING_VERBS else clause.relative
        clause.asked.append(asked)
        clause.denied.append(of_asked if asked and is_content(word) else denied)
    _deny_backwards(clause)
    _ask_backwards(clause)
    if clause.relative is not None and any(map(is_content, words[clause.relative + 1 :])):
        clause.relative = None


def _begins_asking(words: Sequence[str], at: int) -> bool:
    """Return whether the words after this one are what the query asks for, not what is said of the picture."""
    word, following = words[at], (*words[at + 1 : at + 2], "")[0]
    if word in cues.ASKING_NOUNS and following in cues.AFTER_ASKING_NOUN:
        return True
    if word in cues.MATCHING and following == "for":
        return True
    before = words[max(0, at - 3) : at]
    if word == "your" and is_content(following):
        return bool(before) and before[-1] in ("for", "with", "to", "match", "matches", "fits", "meets")
    return word in cues.ASKING_VERBS and not cues.ASKERS.isdisjoint(before)


def _deny_backwards(clause: Clause) -> None:
    """Let the denial of "a boat is not mentioned" and "a boat is missing" reach what stands before it."""
    words = clause.words
    triggers = cues.DENYING | cues.LACKING
    at = next((at for at, word in enumerate(words) if word in triggers and not clause.quoted[at]), None)
    if at is None:
        return
    before = [word for word in words[:at] if word not in cues.ADVERBS]
    after = [word for word in words[at + 1 :] if word not in cues.ADVERBS and word != "been"]
    is_passive = bool(before) and (
        before[-1] in cues.COPULAS | {"has", "have"} or (before[-1] in ("can", "could") and words[at + 1 : at + 2] == ["be"])
    )
    lacks = words[at] in cues.LACKING_AFTER_COPULA and is_passive and not any(map(is_content, after))
    unsaid = words[at] in ("not", "never", "nowhere") and (
        (is_passive and (not after or after[0] in cues.PRESENT_AFTER_DENIAL))
        or (bool(after) and after[0] in ("appear", "exist", "feature", "come"))
    )  # fmt: skip
    if lacks or unsaid:
        clause.denied[:at] = [
            denied or not asked for denied, asked in zip(clause.denied[:at], clause.asked[:at], strict=True)
        ]


def _ask_backwards(clause: Clause) -> None:
    """Let the asking of "a boat was asked for" reach what stands before it."""
    words = clause.words
    at = next((at for at, word in enumerate(words) if word in cues.ASKED_FOR and words[at - 1] in cues.COPULAS), 0)
    if words[-3:-1] in (["in", "the"], ["in", "your"]) and words[-1] in cues.ASKING_NOUNS:
        is_bare = (cues.FINITE | cues.OF_CAPTION).isdisjoint(words) and not any(clause.denied)
        at = len(words) if is_bare else at
    if at and not any(map(is_content, words[at:])):
        clause.asked[:at] = [True] * at

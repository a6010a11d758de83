"""What a sentence claims: clause by clause, its noun phrases with what each is said of, and whether it is denied.

Plain rules over English, without a model. Knows no caption and no verdict; `check.py` compares. What cannot be read surely
counts as affirmed, so that it is looked up.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from runtime.explain.groq import cues
from runtime.explain.groq.vocabulary import INFLECTED, INVARIABLE
from runtime.search.testimony import COLOURS, JOINING_WORDS, NUMBERS, NounPhrase, noun_phrases
from runtime.search.words import FUNCTION_WORDS, WORD, bare_word, stem

SHORTEST_ROOT = 3  # "seed" and "sing" are no forms of "se" and "s"
SAME = {"grey": "gray"} | {word: str(number) for word, number in NUMBERS.items()}
POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
CONTRACTED = re.compile(r"\b(there|it|that|what|here|this|who)'s\b")
QUOTATION = re.compile(r"[“\"]([^”\"]*)[”\"]|‘([^’]*)’|(?<!\w)'([^']+)'(?!\w)")
TOKEN = re.compile(rf"{WORD.pattern}|[.,;:!?()—–«»]|(?<=\s)-(?=\s)")
ENDS = frozenset(".;:!?()—–-,")
BETWEEN = frozenset(("a", "an", "the", "any", "and", "or", "of", "to", "with", "front", "in", "on", "at", "by", "from"))
ARTICLES = frozenset(("a", "an", "the"))
LISTING = frozenset(("or", "nor"))
LACKING_AFTER_COPULA = cues.LACKING - {"exception", "omission", "absence"}

Source = Literal["caption", "picture", "query"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A noun phrase, what it is said of, and whether it is denied there.

    `after` is the noun that a predicate belongs to: "boat" in "the boat is red". `joined_by` and `joined_to` tie it to the nouns before:
    "next" and ("boat",) in "a boat next to a house".
    """

    phrase: NounPhrase
    source: Source
    denied: bool = False
    quoted: bool = False
    after: str | None = None
    joined_by: str = ""
    joined_to: tuple[str, ...] = ()


@dataclass(slots=True)
class Clause:
    """A part of a sentence that affirms or denies.

    `denied` tells of each word whether a denial reaches it, `asked` whether it is what the query asks for. `turned`: a
    denial is denied, as in "nothing is missing". `points_back`: it speaks of the query's things without naming them.
    """

    words: list[str]
    quoted: list[bool]
    denied: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)
    turned: bool = False
    relative: int | None = None  # where "that you asked for" stands without an object
    claims: list[Claim] = field(default_factory=list)

    def affirms(self, words: frozenset[str]) -> bool:
        """Return whether one of the words stands in it undenied."""
        return any(word in words and not denied for word, denied in zip(self.words, self.denied, strict=True))

    def denies(self, words: frozenset[str]) -> bool:
        """Return whether a denial reaches one of the words."""
        return any(word in words and denied for word, denied in zip(self.words, self.denied, strict=True))

    def has(self, words: frozenset[str]) -> bool:
        """Return whether one of the words stands in it."""
        return not words.isdisjoint(self.words)


def read_clauses(sentence: str) -> list[Clause]:
    """Return the clauses of a sentence with their claims, in its order."""
    clauses = list(_split(*_tokens(sentence)))
    last_noun: str | None = None
    for clause in clauses:
        _mark(clause)
        last_noun = _read_claims(clause, last_noun)
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
    text = POSSESSIVE.sub(" of", CONTRACTED.sub(r"\1 is", text))
    for pattern, word in cues.READ_AS_ONE:
        text = pattern.sub(word, text)
    words, quoted, inside = [], [], False
    for token in TOKEN.findall(text):
        if token in "«»":
            inside = token == "«"
        elif not (inside and token in ENDS):
            words.append(token if token.isupper() else SAME_COLOUR.get(bare_word(token), bare_word(token)))
            quoted.append(inside)
    return words, quoted


SAME_COLOUR = {"grey": "gray"}


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
    if word == ",":
        return not _lists_on(words, start, at)
    if word in ENDS:
        return True
    if word == "as":
        return at > start and not (following and (following[0] in COLOURS or following[0] in cues.DENYING))
    if word in cues.BOUNDARY:
        return at > start
    if word != "and" or at == start or not following:
        return False
    if next((word for word in words[at + 1 :] if word not in ARTICLES), "") in cues.REPORTERS or following[0] in cues.FINITE:
        return True
    return not cues.FINITE.isdisjoint(words[start:at]) and not cues.FINITE.isdisjoint(_until_end(words, at + 1))


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
            names_some = any(map(is_content, words[asked_from + 1 : at]))
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
    lacks = words[at] in LACKING_AFTER_COPULA and is_passive and not any(map(is_content, after))
    unsaid = words[at] in ("not", "never", "nowhere") and (
        (is_passive and (not after or after[0] in cues.PRESENT_AFTER_DENIAL))
        or (bool(after) and after[0] in ("appear", "exist", "feature", "come"))
    )  # fmt: skip
    if lacks or unsaid:
        clause.denied[:at] = [denied or not asked for denied, asked in zip(clause.denied[:at], clause.asked[:at], strict=True)]


def _ask_backwards(clause: Clause) -> None:
    """Let the asking of "a boat was asked for" reach what stands before it."""
    words = clause.words
    at = next((at for at, word in enumerate(words) if word in ASKED_FOR and words[at - 1] in cues.COPULAS), 0)
    if words[-3:-1] in (["in", "the"], ["in", "your"]) and words[-1] in cues.ASKING_NOUNS:
        is_bare = (cues.FINITE | cues.OF_CAPTION).isdisjoint(words) and not any(clause.denied)
        at = len(words) if is_bare else at
    if at and not any(map(is_content, words[at:])):
        clause.asked[:at] = [True] * at


ASKED_FOR = frozenset(("asked", "requested", "wanted", "searched", "sought", "needed", "desired", "required"))


def _read_claims(clause: Clause, last_noun: str | None) -> str | None:
    """Add the claims of a clause to it; return the last noun that was affirmed by then."""
    told = [word for word, asked in zip(clause.words, clause.asked, strict=True) if not asked]
    source: Source = "picture" if cues.OF_CAPTION.isdisjoint(told) else "caption"
    tells = not (cues.SHOWING | cues.OF_CAPTION - NOT_TELLING).isdisjoint(told)
    for start, stop in _chunks(clause):
        quoted, asked, denied = clause.quoted[start], clause.asked[start], clause.denied[start]
        only_quoted = quoted and not tells
        of: Source = "query" if asked or only_quoted else source
        previous, chain = clause.words[start - 1] if start else "", (last_noun,) if last_noun else ()
        for number, (phrase, joined_by) in enumerate(_phrases(clause.words[start:stop])):
            is_colour = _is_colour(phrase)
            predicate = not number and (previous in cues.COPULAS or previous in ("as", ",")) and phrase.number is None
            is_subject = not start and not cues.FINITE.isdisjoint(clause.words[stop : stop + 1])  # "red is mentioned"
            stands_alone = is_colour and not quoted and not number and not is_subject
            follows = last_noun if predicate or stands_alone else chain[-1] if is_colour and joined_by and chain else None
            joined_to = chain if joined_by and of != "query" else ()
            clause.claims.append(Claim(phrase, of, denied and not only_quoted, quoted, follows, joined_by, joined_to))
            chain = (*(chain if joined_by else ()), phrase.words[-1])
            if not is_colour and not (quoted or denied or of == "query"):
                last_noun = phrase.words[-1]
    clause.claims = [_bound(clause.claims, at, clause) for at in range(len(clause.claims))]
    return last_noun


def _bound(claims: Sequence[Claim], at: int, clause: Clause) -> Claim:
    """Return a claim as its neighbours bind it.

    A colour is the next noun's in "red for the boat" and "the red colour of the boat". In "does not describe the boat as red",
    the boat itself is not denied.
    """
    claim, following = claims[at], (*claims[at + 1 : at + 2], None)[0]
    if following is None or claim.quoted:
        return claim
    between = clause.words[_place(clause, claim) + 1 : _place(clause, following)]
    if claim.denied and following.denied and _is_colour(following.phrase) and between == ["as"]:
        return replace(claim, denied=False)
    joined = not {"and", "or", "nor", ","}.isdisjoint(between)
    if claim.denied or claim.after or joined or not _is_colour(claim.phrase) or _is_colour(following.phrase):
        return claim
    return replace(claim, after=following.phrase.words[-1])


def _place(clause: Clause, claim: Claim) -> int:
    return clause.words.index(claim.phrase.noun)


def _is_colour(phrase: NounPhrase) -> bool:
    return all(word in COLOURS for word in phrase.words)


NOT_TELLING = frozenset(("caption", "text", "word", "words", "wording", "phrase", "explicit", "literal"))


def _chunks(clause: Clause) -> Iterator[tuple[int, int]]:
    """Yield where runs of words begin and end that name things, each of one mode."""
    start = None
    for at in range(len(clause.words) + 1):
        inside = at < len(clause.words) and _names(clause.words, at)
        if start is not None and (not inside or _mode(clause, at) != _mode(clause, start)):
            if any(map(is_content, clause.words[start:at])):
                yield start, at
            start = None
        if inside and start is None:
            start = at


def _names(words: Sequence[str], at: int) -> bool:
    word = words[at]
    if word == "one":  # "the red one", "the one you want"
        return at + 1 < len(words) and is_content(words[at + 1]) and (not at or words[at - 1] not in ("the", "this", "that"))
    return is_content(word) or word in BETWEEN or word in JOINING_WORDS or word == ","


def _mode(clause: Clause, at: int) -> tuple[bool, bool, bool]:
    return clause.denied[at], clause.asked[at], clause.quoted[at]


def _phrases(words: Sequence[str]) -> Iterator[tuple[NounPhrase, str]]:
    """Yield the noun phrases of a run of words, each with the preposition before it."""
    run: list[str] = []
    joined_by = ""
    for word in (*words, ","):
        if word not in JOINING_WORDS and word not in LIGHT and word != ",":
            run.append(word)
            continue
        found = noun_phrases(" ".join(run))
        yield from ((phrase, joined_by if not number else "") for number, phrase in enumerate(found))
        if found or word == ",":
            joined_by = ""
        joined_by = joined_by if joined_by and joined_by not in LIGHT else RELATION.get(word, word if word != "," else "")
        run = []


LIGHT = frozenset(("in", "on", "at", "by", "into", "onto", "during", "upon", "within"))
RELATION = dict.fromkeys(LIGHT, "in") | dict.fromkeys(("beside", "near", "nearby", "next", "alongside"), "next")
RELATION |= dict.fromkeys(("above", "over"), "above") | dict.fromkeys(("under", "below", "beneath", "underneath"), "under")


def joined_phrases(text: str) -> list[tuple[NounPhrase, str]]:
    """Return the noun phrases of a caption, each with the preposition before it, or an empty text."""
    return list(_phrases([SAME_COLOUR.get(word, word) for word in map(bare_word, CAPTION_TOKEN.findall(text.lower()))]))


CAPTION_TOKEN = re.compile(rf"{WORD.pattern}|,")

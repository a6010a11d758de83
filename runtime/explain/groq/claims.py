"""What a sentence claims: the noun phrases of each clause, what each is said of, and whether it is denied.

Knows no caption and no verdict; `check.py` compares.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from runtime.explain.groq import cues
from runtime.explain.groq.clauses import BETWEEN, Claim, Clause, Source, is_content, split_clauses
from runtime.search.noun_phrases import NounPhrase, noun_phrases
from runtime.search.word_pattern import WORD
from runtime.search.words import COLOURS, JOINING_WORDS, SAME_SPELLING, bare_word, is_verb

CAPTION_TOKEN = re.compile(rf"{WORD.pattern}|,")
LIGHT = frozenset(("in", "on", "at", "by", "into", "onto", "during", "upon", "within"))
LOOSE = frozenset(("of", "with"))  # join nouns, but stand in other places, too
DOES = "does"  # joins a verb with its subject
# Prepositions that say the same are one.
RELATION = dict.fromkeys(LIGHT, "in") | dict.fromkeys(("beside", "near", "nearby", "next", "alongside"), "next")
RELATION["top"] = "in"  # "on top of"
RELATION |= dict.fromkeys(("above", "over"), "above") | dict.fromkeys(("under", "below", "beneath", "underneath"), "under")


def read_clauses(sentence: str) -> list[Clause]:
    """Return the clauses of a sentence with their claims, in its order."""
    clauses = split_clauses(sentence)
    last: NounPhrase | None = None
    for clause in clauses:
        last = _read_claims(clause, last)
    return clauses


def joined_phrases(text: str) -> list[tuple[NounPhrase, str]]:
    """Return the noun phrases of a caption, each with the preposition before it, or an empty text."""
    return list(_phrases([SAME_SPELLING.get(word, word) for word in map(bare_word, CAPTION_TOKEN.findall(text.lower()))]))


def _read_claims(clause: Clause, last: NounPhrase | None) -> NounPhrase | None:
    """Add the claims of a clause to it; return the last noun phrase that was affirmed by then."""
    told = [word for word, asked in zip(clause.words, clause.asked, strict=True) if not asked]
    source: Source = "picture" if cues.OF_CAPTION.isdisjoint(told) else "caption"
    tells = not (cues.SHOWING | cues.OF_CAPTION - cues.TEXTS).isdisjoint(told)
    for start, stop in _chunks(clause):
        quoted, asked, denied = clause.quoted[start], clause.asked[start], clause.denied[start]
        only_quoted = quoted and not tells
        of: Source = "query" if asked or only_quoted else source
        chain: tuple[NounPhrase, ...] = (last,) if last else ()
        for number, (phrase, joined_by) in enumerate(_phrases(clause.words[start:stop])):
            is_colour = _is_colour(phrase)
            after = last if not number and _is_predicate(clause, start, stop, phrase) else None
            if after is None and is_colour and joined_by and chain:  # "a boat in red"
                after = chain[-1]
            is_loose = joined_by in LOOSE and not number  # "the mention of a boat"
            joined_to = tuple(one.words[-1] for one in chain) if joined_by and of != "query" and not is_loose else ()
            clause.claims.append(Claim(phrase, of, denied and not only_quoted, quoted, after, joined_by, joined_to))
            chain = (*(chain if joined_by else ()), phrase)
            if not is_colour and not (quoted or denied or of == "query"):
                last = phrase
    followed = zip(clause.claims, [*clause.claims[1:], None], strict=False)  # the last one is followed by none
    clause.claims = [_bound(claim, following, clause) for claim, following in followed]
    return last


def _is_predicate(clause: Clause, start: int, stop: int, phrase: NounPhrase) -> bool:
    """Return whether the first phrase of a run of words says something of the noun before: "red" in "the boat is red"."""
    previous = clause.words[start - 1] if start else ""
    if phrase.number is None and (previous in cues.COPULAS or previous in ("as", ",")):
        return True
    is_subject = not start and not cues.FINITE.isdisjoint(clause.words[stop : stop + 1])  # "red is mentioned"
    return _is_colour(phrase) and not clause.quoted[start] and not is_subject


def _bound(claim: Claim, following: Claim | None, clause: Clause) -> Claim:
    """Return a claim as the one that follows binds it.

    A colour is the next noun's in "red for the boat" and "the red colour of the boat". In "it does not describe the boat as
    red", the boat itself is not denied.
    """
    if following is None or claim.quoted:
        return claim
    between = clause.words[_place(clause, claim) + 1 : _place(clause, following)]
    if claim.denied and following.denied and _is_colour(following.phrase) and between == ["as"]:
        return replace(claim, denied=False)
    joined = not {"and", "or", "nor", ","}.isdisjoint(between)
    if claim.denied or claim.after or joined or not _is_colour(claim.phrase) or _is_colour(following.phrase):
        return claim
    return replace(claim, after=following.phrase)


def _place(clause: Clause, claim: Claim) -> int:
    return clause.words.index(claim.phrase.noun)


def _is_colour(phrase: NounPhrase) -> bool:
    return all(word in COLOURS for word in phrase.words)


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
    if word == "one":  # a number in "one boat", none in "the red one" and "one of them"
        return any(map(is_content, words[at + 1 : at + 2]))
    return is_content(word) or word in BETWEEN or word in JOINING_WORDS or word == ","


def _mode(clause: Clause, at: int) -> tuple[bool, bool, bool]:
    return clause.denied[at], clause.asked[at], clause.quoted[at]


def _phrases(words: Sequence[str]) -> Iterator[tuple[NounPhrase, str]]:
    """Yield the noun phrases of a run of words, each with the preposition or the verb that ties it to those before."""
    run: list[str] = []
    joined_by = ""
    for word in (*words, ","):
        if word not in JOINING_WORDS and word not in LIGHT and word not in LOOSE and word != ",":
            run.append(word)
            continue
        found = noun_phrases(" ".join(run))
        for phrase in found:
            yield phrase, DOES if is_lone_verb(phrase) else joined_by
            joined_by = phrase.noun if is_lone_verb(phrase) else ""
        if word == ",":
            joined_by = ""
        elif word not in LOOSE or not joined_by:  # "in front of", "on top of"
            is_open = not joined_by or joined_by in LIGHT or bool(found)
            joined_by = RELATION.get(word, word) if is_open else joined_by
        run = []


def is_lone_verb(phrase: NounPhrase) -> bool:
    """Return whether a phrase is a verb alone, as "riding" in "a man riding a horse"."""
    return len(phrase.words) == 1 and is_verb(phrase.noun)

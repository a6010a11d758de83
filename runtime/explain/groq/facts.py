"""What is known of one hit, as claims are looked up in it: the caption, what was asked for, what the evidence sees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from runtime.explain.groq.claims import DOES, is_lone_verb, joined_phrases
from runtime.explain.groq.clauses import Claim, roots
from runtime.explain.groq.cues import ORDERS, SPEAKING
from runtime.explain.sentences import tally_words
from runtime.search.caption_stance import stance_of
from runtime.search.evidence import Hit
from runtime.search.noun_phrases import NounPhrase, noun_phrases
from runtime.search.query import ParsedQuery
from runtime.search.verdicts import Verdict
from runtime.search.word_pattern import WORD
from runtime.search.words import COLOURS, bare_word, stem

# After these, "and" begins another part of the caption: "a dog on a beach and a cat in a house".
PLACING = ("in", "with")


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one hit.

    `told` are the caption's noun phrases, each with the preposition before it and the number of its part. `seen` are the
    words that the caption lacks and the picture speaks for. `is_whole`: caption or picture bear out all that was asked for;
    `mentions_any`: some of it. `has_attributes`: the caption tells a colour or a number. `speaks`: the query is a statement
    or a command, and describes no picture.
    """

    verdict: Verdict | None
    has_caption: bool
    told: tuple[tuple[NounPhrase, str, int], ...]
    asked: tuple[NounPhrase, ...]
    wanted: frozenset[str]
    seen: frozenset[str]
    is_whole: bool
    mentions_any: bool
    has_attributes: bool
    speaks: bool

    @classmethod
    def of_hit(cls, query: ParsedQuery, hit: Hit) -> Self:
        """Return the facts of a hit for a query."""
        caption, tally = hit.caption.text, tally_words(query.wanted, hit)
        stance = stance_of(query.wanted.text, caption)
        seen = frozenset(stem(word.word) for word in tally.seen)
        told, wanted = tuple(_parts(caption)), noun_phrases(query.wanted.text)
        agrees = stance.agrees and not any(_is_counted_otherwise(phrase, told) for phrase in wanted)
        return cls(
            verdict=hit.evidence.verdict,
            has_caption=bool(caption),
            told=told,
            asked=tuple(phrase for text in (query.wanted, *query.unwanted) for phrase in noun_phrases(text.text)),
            wanted=frozenset(root for word in query.wanted.words for root in roots(word)),
            seen=frozenset(root for word in seen for root in roots(word)),
            is_whole=agrees or (bool(seen) and not tally.missing and stance.conflict is None),
            mentions_any=bool(tally.mentioned or tally.seen),
            has_attributes=any(part[0].colours or part[0].counted for part in told),
            speaks=_speaks(query.wanted.text),
        )

    def wants(self, phrase: NounPhrase) -> bool:
        """Return whether the query names all words of a phrase."""
        return all(not self.wanted.isdisjoint(roots(word)) for word in phrase.words)

    def mentions(self, word: str) -> bool:
        """Return whether the caption has a word."""
        return any(_has(told, word) for told, _, _ in self.told)

    def counts(self, number: int) -> bool:
        """Return whether the caption counts so many of something."""
        return any(told.number == number and not told.denied for told, _, _ in self.told)

    def asks(self, claim: Claim) -> bool:
        """Return whether the query names the phrase; one in quotation marks may also be the caption's."""
        if claim.quoted:
            return all(not self.wanted.isdisjoint(roots(word)) or self.mentions(word) for word in claim.phrase.words)
        return any(_covers(asked, claim.phrase, exact=not claim.denied) for asked in self.asked)

    def states(self, claim: Claim) -> bool:
        """Return whether the caption states what is affirmed, bound in the same way; or the evidence sees it."""
        phrase = claim.phrase
        if claim.source == "picture" and self.seen:
            rest = [word for word in phrase.words if self.seen.isdisjoint(roots(word))]
            if len(rest) < len(phrase.words):
                return not phrase.counted and self._may_also_be(phrase, rest)
        exact = not (claim.quoted or claim.after)
        told = [part for part in self.told if _covers(part[0], phrase, exact=exact)]
        if claim.after and phrase.words[-1] != claim.after.words[-1]:
            told = [part for part in told if _is_said_of(part[0], claim.after) or _is_head(part[0], phrase)]
        if claim.joined_to:
            told = [part for part in told if any(self._is_joined(part, noun, claim.joined_by) for noun in claim.joined_to)]
        return bool(told)

    def may_show(self, claim: Claim) -> bool:
        """Return whether what is denied could be true: the caption states it, or the evidence sees it in the picture."""
        words = claim.phrase.words
        if any(_covers(told, claim.phrase, exact=False) for told, _, _ in self.told):
            return not claim.after or any(
                _covers(told, claim.phrase, exact=False) and _has(told, claim.after.words[-1]) for told, _, _ in self.told
            )
        return claim.source == "picture" and any(not self.seen.isdisjoint(roots(word)) for word in words)

    def _may_also_be(self, phrase: NounPhrase, rest: Sequence[str]) -> bool:
        """Return whether a phrase of seen words may be true: the caption has the rest, and gives no other colour."""
        same = [told for told, _, _ in self.told if _has(told, phrase.words[-1])]
        other = any(told.colours and phrase.colours and not set(told.colours) & set(phrase.colours) for told in same)
        return not other and (not rest or any(all(_has(told, word) for word in rest) for told, _, _ in self.told))

    def _is_joined(self, part: tuple[NounPhrase, str, int], noun: str, joined_by: str) -> bool:
        """Return whether a phrase of the caption is tied to a noun by a preposition or a verb, as a sentence says."""
        phrase, tie, number = part
        at = self.told.index(part)
        before = [told for told, _, where in self.told[:at] if where == number]
        if _has(phrase, noun):
            return True
        if joined_by == "of":
            return tie == "of" and _has(before[-1], noun)
        follows = any(_has(told, noun) for told in before)
        mirrored = joined_by == "next" and any(
            by == "next" and where == number and _has(told, noun) for told, by, where in self.told[at + 1 :]
        )
        return mirrored or (follows and self._ties(tie, joined_by))

    def _ties(self, tie: str, joined_by: str) -> bool:
        """Return whether the caption's tie is a sentence's. A verb that the caption has in another form is not compared."""
        if tie == joined_by or joined_by in (DOES, "with"):
            return True
        verbs = [told.noun for told, _, _ in self.told if is_lone_verb(told)]
        is_verb_of_caption = any(not roots(verb).isdisjoint(roots(joined_by)) for verb in verbs)
        return joined_by.endswith("ing") and (not is_verb_of_caption or not roots(tie).isdisjoint(roots(joined_by)))


def _parts(caption: str) -> list[tuple[NounPhrase, str, int]]:
    """Return the caption's noun phrases, each with its preposition and the number of the part that it is in."""
    parts: list[tuple[NounPhrase, str, int]] = []
    number, placed = 0, False
    for phrase, joined_by in joined_phrases(caption):
        if placed and not joined_by:
            number, placed = number + 1, False
        placed = placed or joined_by in PLACING
        parts.append((phrase, joined_by, number))
    return parts


def _speaks(query: str) -> bool:
    words = [bare_word(word) for word in WORD.findall(query.lower())]
    return bool(words) and (words[0] in ORDERS or not SPEAKING.isdisjoint(words))


def _is_counted_otherwise(phrase: NounPhrase, parts: Sequence[tuple[NounPhrase, str, int]]) -> bool:
    """Return whether the caption has other than the one thing that a phrase names: "two boats" for "a boat"."""
    told = [part[0] for part in parts if _covers(part[0], phrase, exact=False)]
    return phrase.number == 1 and bool(told) and not any(_covers(part, phrase, exact=True) for part in told)


def _has(told: NounPhrase, word: str) -> bool:
    return not told.denied and any(not roots(word).isdisjoint(roots(other)) for other in told.words)


def _is_said_of(told: NounPhrase, subject: NounPhrase) -> bool:
    """Return whether what was told is of the subject's noun, and of as many."""
    return _covers(told, replace(subject, words=subject.words[-1:]), exact=True)


def _is_head(told: NounPhrase, phrase: NounPhrase) -> bool:
    """Return whether a phrase's noun is the caption's noun itself, as in "it is a house"."""
    noun = phrase.words[-1]
    return noun not in COLOURS and not roots(noun).isdisjoint(roots(told.words[-1]))


def _covers(told: NounPhrase, phrase: NounPhrase, *, exact: bool) -> bool:
    """Return whether a phrase that was told says all of another; `exact`: also of no more and no fewer things."""
    if not all(_has(told, word) for word in phrase.words):
        return False
    if phrase.counted:
        return told.number == phrase.number
    if not exact or phrase.words[-1] in COLOURS or phrase.noun.endswith("ing"):
        return True
    if _is_head(told, phrase):
        return _is_plural(phrase.noun) == (_is_plural(told.noun) or told.number not in (None, 1))
    return told.number is None or _is_plural(phrase.noun) == (told.number > 1)


def _is_plural(noun: str) -> bool:
    return stem(noun) != noun

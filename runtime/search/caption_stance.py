"""What a caption says of a query, its stance: it agrees, contradicts or is silent. Plain rules over English noun phrases.

A caption agrees where it names all that the query names, each colour and number with its own noun: "a red boat next to a
blue house" agrees with "a red boat", and contradicts "a blue boat". It contradicts only in what cannot both be so: another
colour, another number, or a denial. What it leaves out it is silent on, as no caption names everything that a picture shows.
Where it is known to be in another language than the query, it is silent on all.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import Compared
from runtime.library.caption_words import UsedNoun
from runtime.search.language import differ, is_foreign
from runtime.search.noun_phrases import NounPhrase, noun_phrases
from runtime.search.words import COLOURS

CaptionSays = Literal["agrees", "contradicts", "silent"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a caption says instead: of the thing `noun`, `told` instead of `wanted`.

    `told` is empty for a denied thing. `elsewhere`: the caption says the wanted colour of another thing.
    """

    kind: Literal["colour", "number", "denied"]
    noun: str
    wanted: str
    told: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Stance:
    """What one caption says of one query; silent where it neither agrees nor has a conflict.

    `agrees_in_part`: it agrees with all that the library's captions have words for, and the query asks for more. `coverage`
    is the share of the query's words that it has, in [0, 1]; rare words weigh more. It is 0 beside a conflict.
    """

    agrees: bool = False
    agrees_in_part: bool = False
    conflict: Conflict | None = None
    coverage: float = 0.0

    @property
    def says(self) -> CaptionSays:
        """The stance in one word."""
        return "agrees" if self.agrees else "contradicts" if self.conflict else "silent"


SILENT = Stance()
AGREES, AGREES_IN_PART = Stance(agrees=True, coverage=1.0), Stance(agrees_in_part=True, coverage=1.0)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a query states, as captions can be compared with it.

    `phrases` are its noun phrases but for those with a word that no caption of the library uses, and none with the same
    meaning: that a caption lacks these says nothing. `is_whole`: none is left out. `rarity` says how much each stem that
    captions use tells.
    """

    phrases: tuple[NounPhrase, ...]
    rarity: Mapping[str, float]
    is_whole: bool = True

    @property
    def compared(self) -> Compared:
        """How much of the query captions can say."""
        return "nothing" if not self.phrases else "whole" if self.is_whole else "part"

    @property
    def text(self) -> str:
        """The words of the phrases, as captions would say them: "two boat sunset" of "two boats at dusk"."""
        parts = ((phrase.number_word if phrase.counted else "", *phrase.words) for phrase in self.phrases)
        return " ".join(word for words in parts for word in words if word)

    @classmethod
    def of(
        cls,
        text: str,
        rarity: Mapping[str, float] | None = None,
        same_meaning: Callable[[str], UsedNoun | None] = lambda _: None,
    ) -> Self:
        """Return what a text states.

        Args:
            text: a query, or what is unwanted.
            rarity: of the stems that captions use, more the fewer do; None where that is not known.
            same_meaning: a noun as written that none uses -> one that some use, such as "sunset" for "dusk".
        """
        phrases = noun_phrases(text)
        if is_foreign(text):  # whether two nouns mean the same was measured on English ones
            same_meaning = _no_other_word
        if rarity is None:
            return cls(phrases, {word: 1.0 for phrase in phrases for word in phrase.words})
        said = [_in_used_words(phrase, rarity, same_meaning) for phrase in phrases]
        kept = tuple(phrase for phrase in said if phrase)
        # in the text's order, so that sums are the same each time
        told = {word: rarity[word] for phrase in (*phrases, *kept) for word in phrase.words if word in rarity}
        told |= {word: 1.0 for phrase in kept for word in phrase.words if word not in told}  # of a word in another's place
        return cls(kept, told, is_whole=len(kept) == len(phrases))


def stance_of(query: str, caption: str) -> Stance:
    """Return what the caption says of the query; it is silent where the query names nothing."""
    return compare(Statement.of(query), comparable_phrases(query, [caption]))


def comparable_phrases(query: str, captions: Iterable[str]) -> list[NounPhrase]:
    """Return the noun phrases of captions, but for captions that are known to be in another language than the query."""
    return [phrase for caption in captions if not differ(query, caption) for phrase in noun_phrases(caption)]


def compare(statement: Statement, told: Sequence[NounPhrase]) -> Stance:
    """Return what the noun phrases of a caption say of a statement."""
    if not told or not statement.rarity:
        return SILENT
    missed = [phrase for phrase in statement.phrases if not _states(phrase, told)]
    if not missed and statement.phrases:
        return AGREES if statement.is_whole else AGREES_IN_PART
    for phrase in missed:
        if conflict := _conflict(phrase, told):
            return Stance(conflict=conflict)
    words = {word for phrase in told if not phrase.denied for word in phrase.words}
    covered = sum(rarity for word, rarity in statement.rarity.items() if word in words)
    return Stance(coverage=covered / sum(statement.rarity.values()))


def _no_other_word(_: str) -> None:
    """Find no noun with the same meaning."""


def _in_used_words(
    phrase: NounPhrase, used: Container[str], same_meaning: Callable[[str], UsedNoun | None]
) -> NounPhrase | None:
    """Return a phrase as captions would say it; None where they have no words for it.

    "A red sofa" may be "a red couch". "An orange sky" is no "day", though the sky may be: no caption gives a day a colour.
    """
    *qualities, noun = phrase.words
    if noun in used:
        return phrase if all(word in used for word in qualities) else None
    if not all(word in used for word in qualities):
        return None
    other = same_meaning(phrase.noun)
    if other is None or (phrase.colours and not other.is_coloured):
        return None
    return replace(phrase, words=(*qualities, other.word))


def _states(wanted: NounPhrase, told: Sequence[NounPhrase]) -> bool:
    """Return whether all words of a phrase are said, bound as they are there.

    People also type bare lists ("boat sunset"), which read like one phrase: a word that the caption has as a noun of its own
    need not stand beside its neighbour. A colour and a number must.
    """
    said = [phrase.words for phrase in told if phrase.denied == wanted.denied]
    nouns = [phrase.words[-1] for phrase in told]
    words = wanted.words
    if wanted.counted and not any(phrase.number == wanted.number and words[0] in phrase.words for phrase in told):
        return False
    if len(words) == 1:
        return any(words[0] in phrase for phrase in said)
    return all(
        any(one in phrase and other in phrase for phrase in said)
        or (one in nouns and not {one, other} & COLOURS and any(other in phrase for phrase in said))
        for one, other in pairwise(words)
    )


def _conflict(wanted: NounPhrase, told: Sequence[NounPhrase]) -> Conflict | None:
    """Return how the caption speaks of the wanted thing otherwise; None where it does not."""
    same = [said for said in told if wanted.words[-1] in said.words]
    if not same:
        return None
    affirmed = [said for said in same if not said.denied]
    if not affirmed:
        return Conflict("denied", wanted.noun, wanted.noun)
    if wanted.colours and all(said.colours and not set(wanted.colours) & set(said.colours) for said in affirmed):
        colour = wanted.colours[0]
        elsewhere = any(colour in said.words for said in told if not said.denied)
        return Conflict("colour", affirmed[0].noun, colour, " and ".join(affirmed[0].colours), elsewhere)
    if wanted.counted and all(said.number not in (None, wanted.number) for said in affirmed):
        return Conflict("number", affirmed[0].noun, wanted.number_word, affirmed[0].number_word)
    return None


def stance_features(said: Sequence[Stance]) -> NDArray[np.float64]:
    """Return (k, 3), the `STANCE_FEATURES` of k captions: whether each agrees, if in part; contradicts; its coverage."""
    rows = [(one.agrees or one.agrees_in_part, one.conflict is not None, one.coverage) for one in said]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)

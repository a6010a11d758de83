"""What one request asks for: checked against its limits and parsed once, before any work; then embedded.

The web API and the command line check a request here and pass it on; nothing after them checks or parses again. Runs no
model: vectors come in ready.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.errors import IdsOutOfRange, PictureWeightOutOfRange, QueryEmpty, QueryTooLong, RequestMalformed, TopKOutOfRange
from runtime.search.testimony import Statement
from runtime.search.words import QUOTED, Phrase, plain_signs, split_denials, without_carrier

Vectors = NDArray[np.float32]

# How much of an unwanted text is subtracted from the wanted one. On storybook scenes, half leaves no hit of the unwanted
# kind among the first five, and the whole begins to lose the wanted ones (benchmarks/RESULTS.md).
UNWANTED_WEIGHT = 0.5
PICTURE_WEIGHT = 0.5
MINUS_WORDS_MAX = 16  # words and phrases that a query leaves out: they share one run of the text tower
# A minus-word follows a space or begins the query: "t-shirt" and "8-bit" are words, "-5" is a number. "-'red boat'" leaves a
# phrase out. Single quotes hold two words and more, as those of "rock 'n' roll" are apostrophes.
MINUS_OR_QUOTED = re.compile(
    rf"""{QUOTED.pattern}|(?<!\w)'([^'\"]*\s[^'\"]*)'(?!\w)|(?:^|(?<=\s))[-−–](?:"([^"]+)"|'([^']+)'|([^\W\d]\S*))"""
)


@dataclass(frozen=True)
class ParsedQuery:
    """A query taken apart: "show me a boat without people" wants "a boat" and has "people" left out.

    `text` is the query as written; `quoted` are the wanted phrases that stood in quotation marks. Where the encoder does not
    read all of it, `part_read` is what it reads, as a query, and the rest of it is in none of the phrases.
    """

    text: str
    wanted: Phrase
    unwanted: tuple[Phrase, ...] = ()
    quoted: tuple[str, ...] = ()
    part_read: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it neither wants anything nor leaves anything out."""
        return not self.wanted.text and not self.unwanted

    def cut_to(self, wanted: str, unwanted: Sequence[str]) -> "ParsedQuery":
        """Return the query with the parts of its texts that the encoder reads, in their order."""
        if wanted == self.wanted.text and list(unwanted) == [phrase.text for phrase in self.unwanted]:
            return self
        quoted = tuple(phrase for phrase in self.quoted if phrase in wanted)
        minus_words = (f'-"{phrase}"' if " " in phrase else f"-{phrase}" for phrase in unwanted)
        part_read = " ".join(filter(None, (wanted, *minus_words)))
        return ParsedQuery(self.text, Phrase(wanted), tuple(map(Phrase, unwanted)), quoted, part_read)


@dataclass(frozen=True)
class CheckedSearch:
    """A request for a search that is inside its limits; `RequestLimits` makes it.

    `like` is the id of a picture of the library to search with. `picture_weight` is how much a picture counts against
    words, from 0 to 1.
    """

    query: ParsedQuery
    top_k: int
    explain: bool = True
    like: int | None = None
    picture_weight: float = PICTURE_WEIGHT


@dataclass(frozen=True)
class CheckedExplain:
    """A request to explain pictures, each id once, that is inside its limits; `RequestLimits` makes it."""

    query: ParsedQuery
    ids: tuple[int, ...]
    heatmap: bool = False
    explain: bool = True


@dataclass(frozen=True)
class RequestLimits:
    """What one request may ask for. Each method checks the values of one kind of request, or raises the first fault."""

    top_k_max: int = 100
    query_max_chars: int = 1000
    heatmaps_max: int = 10

    def check_search(
        self,
        query: str,
        top_k: int,
        *,
        explain: bool = True,
        like: int | None = None,
        picture_weight: float = PICTURE_WEIGHT,
    ) -> CheckedSearch:
        """Return the request to search by words, or by a picture of the library and perhaps words.

        Raises:
            QueryEmpty, QueryTooLong, RequestMalformed: the query cannot be searched with.
            TopKOutOfRange, PictureWeightOutOfRange: a number is outside its range.
        """
        parsed = self._parsed(query) if like is not None else _wanting(self._parsed(query))
        return CheckedSearch(parsed, self._top_k(top_k), explain, like, _checked_weight(picture_weight))

    def check_image_search(
        self, query: str, top_k: int, *, explain: bool = True, picture_weight: float = PICTURE_WEIGHT
    ) -> CheckedSearch:
        """Return the request to search by a picture that is sent along, and perhaps words; raises as `check_search` does."""
        parsed = self._parsed(query)
        return CheckedSearch(parsed, self._top_k(top_k), explain, picture_weight=_checked_weight(picture_weight))

    def check_explain(
        self, query: str, ids: Sequence[int], *, heatmap: bool = False, explain: bool = True
    ) -> CheckedExplain:
        """Return the request to explain pictures.

        Raises:
            QueryEmpty, QueryTooLong, RequestMalformed: the query cannot be searched with.
            IdsOutOfRange: there is no id, or more than may be explained at once.
        """
        parsed = _wanting(self._parsed(query))
        allowed = self.heatmaps_max if heatmap else self.top_k_max
        once = tuple(dict.fromkeys(ids))
        if not 1 <= len(once) <= allowed:
            raise IdsOutOfRange(len(once), allowed, heatmap=heatmap)
        return CheckedExplain(parsed, once, heatmap, explain)

    def _parsed(self, query: str) -> ParsedQuery:
        try:
            query.encode()
        except UnicodeEncodeError as cause:  # half a surrogate pair: JSON can carry it, no tokenizer can
            message = "The query holds half a character (an unpaired surrogate). Send whole ones."
            raise RequestMalformed(message) from cause
        stripped = query.strip()
        if len(stripped) > self.query_max_chars:
            raise QueryTooLong(len(stripped), self.query_max_chars)
        parsed = parse_query(stripped)
        if len(parsed.unwanted) > MINUS_WORDS_MAX:
            raise QueryTooLong(len(parsed.unwanted), MINUS_WORDS_MAX, "words or phrases to leave out")
        return parsed

    def _top_k(self, top_k: int) -> int:
        if not 1 <= top_k <= self.top_k_max:
            raise TopKOutOfRange(top_k, self.top_k_max)
        return top_k


@dataclass(frozen=True)
class Query:
    """A query in the models' space: a text, a picture, or both.

    `text` and `picture` are (d,) float32 of norm 1, or None; `unwanted` holds one such vector for each unwanted phrase.
    `statements` are those of the wanted and of each unwanted text.
    """

    parsed: ParsedQuery
    text: Vectors | None
    statements: tuple[Statement, ...]
    unwanted: tuple[Vectors, ...] = ()
    picture: Vectors | None = None
    picture_weight: float = PICTURE_WEIGHT

    @property
    def is_mixed(self) -> bool:
        """Whether it has both words and a picture."""
        return self.picture is not None and not self.parsed.is_empty

    def direction(self, library: Vectors | None = None) -> Vectors:
        """Return the (d,) direction of norm 1 in which the answers lie.

        In a mix, each side is divided by the spread of its cosines over the `library`, (n, d), some of its pictures. A
        picture's cosines spread wider or narrower than a text's, so in a plain mean one side would dominate.
        """
        words, picture = self._words_direction(), self.picture
        if words is None or picture is None:
            return _unit(_first(words, picture))
        if library is not None:
            words, picture = (vector / max(float((library @ vector).std()), 1e-6) for vector in (words, picture))
        return _unit((1 - self.picture_weight) * words + self.picture_weight * picture)

    def scores(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return the (k,) cosines of (k, d) pictures with what is wanted; of text and picture, their weighted mean."""
        if self.text is None or self.picture is None:
            only: NDArray[np.float32] = vectors @ _first(self.text, self.picture)
            return only
        weight = np.float32(self.picture_weight)
        mixed: NDArray[np.float32] = (1 - weight) * (vectors @ self.text) + weight * (vectors @ self.picture)
        return mixed

    def _words_direction(self) -> Vectors | None:
        parts = [-UNWANTED_WEIGHT * vector for vector in self.unwanted]
        if self.text is not None:
            parts.append(self.text)
        return np.sum(parts, axis=0) if parts else None


def parse_query(text: str) -> ParsedQuery:
    """Return what a query wants and what it leaves out: by minus-words, and by "without", "no", "not" and the like."""
    quoted, unwanted = list[str](), list[str]()

    def take(found: re.Match[str]) -> str:
        double, single, *left_out = (" ".join((group or "").split()) for group in found.groups())
        if double or single:
            quoted.append(double or single)
            return f'"{quoted[-1]}"'
        unwanted.append("".join(left_out).rstrip(",.;:!?"))
        return " "

    rest = " ".join(MINUS_OR_QUOTED.sub(take, plain_signs(text)).split())
    wanted, denied = split_denials(without_carrier(rest))
    wanted = " ".join(QUOTED.sub(r"\1", wanted).split())
    left_out = dict.fromkeys(filter(None, (*unwanted, *denied)))
    return ParsedQuery(
        text, Phrase(wanted), tuple(map(Phrase, left_out)), tuple(phrase for phrase in quoted if phrase in wanted)
    )


def _wanting(parsed: ParsedQuery) -> ParsedQuery:
    if not parsed.wanted.text:
        raise QueryEmpty
    return parsed


def _checked_weight(picture_weight: float) -> float:
    if not 0 <= picture_weight <= 1:  # false of NaN, too
        raise PictureWeightOutOfRange(picture_weight)
    return picture_weight


def _first(*vectors: Vectors | None) -> Vectors:
    """Return the first vector that is there; a query has at least one."""
    return next(vector for vector in vectors if vector is not None)


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit

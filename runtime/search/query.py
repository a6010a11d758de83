"""What one request asks for: checked against its limits and parsed once, before any work.

The web API and the command line check a request here and pass it on; nothing after them checks or parses again.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runtime.errors import IdsOutOfRange, PictureWeightOutOfRange, QueryEmpty, QueryTooLong, RequestMalformed, TopKOutOfRange
from runtime.library.photos.where import Where, check_where
from runtime.search.cursor import FINGERPRINT_BYTES, Cursor, read_cursor
from runtime.search.language import foreign_language, has_own_latin_words
from runtime.search.noun_phrases import DENYING_WORDS
from runtime.search.words import QUOTED, Phrase, plain_signs, split_denials, without_carrier

PICTURE_WEIGHT = 0.5
HitOrder = Literal["match", "date"]  # the best first, or the newest
AHEAD_MAX = 300  # results that pages may have shown out of the order, for their words; a cursor has their ids
MINUS_WORDS_MAX = 16  # words and phrases that a query leaves out: they share one run of the text tower
NAMING = "LNS"  # letters, numbers and symbols, emoji among them: Unicode's categories of what can name something
# A minus-word follows a space or begins the query: "t-shirt" and "8-bit" are words, "-5" is a number. "-'red boat'" leaves a
# phrase out. Single quotes hold two words and more, as those of "rock 'n' roll" are apostrophes.
MINUS_OR_QUOTED = re.compile(
    rf"""{QUOTED.pattern}|(?<!\w)'([^'\"]*\s[^'\"]*)'(?!\w)|(?:^|(?<=\s))[-−–](?:"([^"]+)"|'([^']+)'|([^\W\d]\S*))"""
)


@dataclass(frozen=True)
class ParsedQuery:
    """A query taken apart: "show me a boat without people" wants "a boat" and has "people" left out.

    `text` is the query as written; `quoted` are the wanted phrases that stood in quotation marks. Where the encoder does not
    read all of it, `part_read` is what it reads, as a query, and the rest of it is in none of the phrases. `language` is the
    one that it is in, "ja" as ISO 639 has it; None where that is English, or not known.
    """

    text: str
    wanted: Phrase
    unwanted: tuple[Phrase, ...] = ()
    quoted: tuple[str, ...] = ()
    part_read: str | None = None
    language: str | None = None

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
        return ParsedQuery(self.text, Phrase(wanted), tuple(map(Phrase, unwanted)), quoted, part_read, self.language)


@dataclass(frozen=True)
class CheckedSearch:
    """A request for a search that is inside its limits; `RequestLimits` makes it.

    `like` is the id of a picture of the library to search with. `picture_weight` is how much a picture counts against
    words, from 0 to 1. `where` is the filter, None for all pictures. `order` is that of the hits; the best are
    found in any case. `cursor` is that of the page before, None for the first page. `with_upload`: a picture is sent along.
    """

    query: ParsedQuery
    top_k: int
    explain: bool = True
    like: int | None = None
    picture_weight: float = PICTURE_WEIGHT
    where: Where | None = None
    order: HitOrder = "match"
    cursor: Cursor | None = None
    with_upload: bool = False

    @property
    def fingerprint(self) -> bytes:
        """What tells the pages of this search from those of another; the number of results and their order may change."""
        asked = repr((self.query.text, self.like, self.picture_weight, self.where, self.with_upload))
        return hashlib.sha256(asked.encode()).digest()[:FINGERPRINT_BYTES]


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
        where: object = None,
    ) -> CheckedSearch:
        """Return the request to search by words, or by a picture of the library and perhaps words.

        Raises:
            QueryEmpty, QueryTooLong, RequestMalformed: the query cannot be searched with.
            TopKOutOfRange, PictureWeightOutOfRange: a number is outside its range.
            FilterInvalid: `where` cannot be filtered by.
        """
        parsed = self._parsed(query) if like is not None else _wanting(self._parsed(query))
        weight = _checked_weight(picture_weight)
        return CheckedSearch(parsed, self._top_k(top_k), explain, like, weight, check_where(where))

    def check_image_search(
        self,
        query: str,
        top_k: int,
        *,
        explain: bool = True,
        picture_weight: float = PICTURE_WEIGHT,
        where: object = None,
    ) -> CheckedSearch:
        """Return the request to search by a picture that is sent along, and perhaps words; raises as `check_search` does."""
        weight = _checked_weight(picture_weight)
        parsed, top_k = self._parsed(query), self._top_k(top_k)
        return CheckedSearch(parsed, top_k, explain, None, weight, check_where(where), with_upload=True)

    def check_page(self, request: CheckedSearch, cursor: str | None) -> CheckedSearch:
        """Return the request for the page of its results that a cursor names; for the first one where none is given.

        Raises:
            CursorInvalid: it is no cursor, or belongs to another search.
        """
        if not cursor:
            return request
        ahead_max = max(AHEAD_MAX, self.top_k_max)
        return replace(request, cursor=read_cursor(cursor, request.fingerprint, ahead_max=ahead_max))

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
        return parsed if _names_something(parsed.wanted) else replace(parsed, wanted=Phrase(""))

    def _top_k(self, top_k: int) -> int:
        if not 1 <= top_k <= self.top_k_max:
            raise TopKOutOfRange(top_k, self.top_k_max)
        return top_k


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
    # "no" is Portuguese for "in the"
    wanted, denied = (rest, []) if has_own_latin_words(rest) else split_denials(without_carrier(rest))
    wanted = " ".join(QUOTED.sub(r"\1", wanted).split())
    left_out = dict.fromkeys(filter(None, (*unwanted, *denied)))
    found = tuple(phrase for phrase in quoted if phrase in wanted)
    return ParsedQuery(text, Phrase(wanted), tuple(map(Phrase, left_out)), found, language=foreign_language(text))


def _wanting(parsed: ParsedQuery) -> ParsedQuery:
    if not parsed.wanted.text:
        raise QueryEmpty
    return parsed


def _names_something(wanted: Phrase) -> bool:
    """Return whether there is more than signs in a phrase, "?", and than a denial of nothing, "no"."""
    has_name = any(unicodedata.category(sign)[0] in NAMING for sign in wanted.text)
    return has_name and not (wanted.words and DENYING_WORDS.issuperset(wanted.words))


def _checked_weight(picture_weight: float) -> float:
    if not 0 <= picture_weight <= 1:  # false of NaN, too
        raise PictureWeightOutOfRange(picture_weight)
    return picture_weight

"""Examples of what to ask a library: made of its own captions, and searched for, so that each finds something.

Runs the text tower once for each query that is tried; `runtime/library/example_queries.py` owns the table's form.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from export.index.captions.questions import CaptionQuestions
from export.index.captions.words import EmbedTexts
from runtime.artefacts.match_calibration import MatchCalibration
from runtime.errors import RequestError
from runtime.library.catalog import Library
from runtime.library.example_queries import EXAMPLES_SCHEMA
from runtime.library.image_rows import ImageRow
from runtime.search.candidates import find_candidates
from runtime.search.caption_stance import Statement
from runtime.search.embedded_query import Query
from runtime.search.evidence import Evidence
from runtime.search.hits import best_cards
from runtime.search.noun_phrases import NounPhrase, is_part_of_phrase, noun_phrases
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.search.word_pattern import WORD
from runtime.search.words import JOINING_WORDS
from runtime.stores.protocols import VectorSource, VectorStore

EXAMPLES = 8
WORDS_MIN, WORDS_MAX = 2, 6
CHARS_MAX = 40
DRAWN, TRIED = 400, 60
PICTURES_MAX = 5_000  # whose captions are drawn from
SEED = 7


def make_examples(
    catalog: Path,
    rows: Sequence[ImageRow],
    stores: tuple[VectorStore, VectorSource],
    calibration: MatchCalibration | None,
    embed_texts: EmbedTexts,
) -> list[str]:
    """Return queries whose best hit is a strong match that its caption confirms, the same each time, at most `EXAMPLES`.

    Without calibration there are no verdicts, and no examples.

    Args:
        catalog: the library's, written but for these.
        rows: its pictures.
        stores: the pictures' vectors, and those of their captions.
        calibration: how likely a match is.
        embed_texts: n texts -> (n, d) float32 of L2 norm 1.

    Raises:
        SessionFailed: the text tower refused a query.
    """
    captioned = [[row.caption] for row in rows if row.caption]
    if calibration is None or not captioned:
        return []
    rng = random.Random(SEED)
    sample = rng.sample(captioned, min(len(captioned), PICTURES_MAX))
    questions = CaptionQuestions(sample)
    if not questions.exist:
        return []
    said = "\n".join(f" {' '.join(WORD.findall(caption.lower()))} " for [caption] in sample)
    queries = (questions.draw(rng) for _ in range(DRAWN))
    # as a caption says it, or it may read oddly: "three kites and a day"
    drawn = dict.fromkeys(query for query in queries if _is_short(query) and _is_whole(query) and f" {query} " in said)
    telling_first = sorted(drawn, key=lambda query: not 2 <= len(_words(noun_phrases(query))) <= 4)
    with closing(Library(catalog, catalog.parent)) as library:
        search = _Search(library, Ranker(*stores, calibration, texts_of=library.texts.of_pictures), embed_texts)
        return list(islice(_varied(telling_first, search), EXAMPLES))


def write_examples(catalog: Path, examples: Iterable[str]) -> None:
    """Write examples into a catalogue that has none.

    Raises:
        sqlite3.OperationalError: the disk is full.
    """
    with closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + EXAMPLES_SCHEMA)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO example_queries VALUES (?, ?)", enumerate(examples))
        connection.execute("COMMIT")


class _Search:
    """Searches as the engine does, without sentences."""

    def __init__(self, library: Library, ranker: Ranker, embed_texts: EmbedTexts) -> None:
        self._library, self._ranker, self._embed_texts = library, ranker, embed_texts
        self._limits = RequestLimits()

    def best(self, text: str) -> Evidence | None:
        """Return the evidence of the best hit; None where there is none, or the text is not read as it stands."""
        try:
            request = self._limits.check_search(text, 1, explain=False)
        except RequestError:  # "no dog" only leaves out
            return None
        if request.query.unwanted or request.query.wanted.text != text:  # "a picture of a dog"
            return None
        rarity = self._library.words.rarity(_words(noun_phrases(text)))
        [vector] = self._embed_texts([text])
        query = Query(request.query, vector, (Statement.of(text, rarity),))
        found = find_candidates(self._ranker, self._library, query, request)
        rows = self._library.rows_of_found(found.ids)
        evidence = self._ranker.judge(query, rows, self._ranker.vectors_of(found.ids))
        return next((evidence[at] for at in best_cards(found, evidence, 1)), None)


def _varied(queries: Sequence[str], search: _Search) -> Iterator[str]:
    """Yield queries that find something: first those whose things no other names, then those with others' things, too."""
    tries = iter(range(TRIED))
    named: set[str] = set()
    for nothing_new in (False, True):
        for query in queries:
            nouns = {phrase.words[-1] for phrase in noun_phrases(query)}
            if nouns <= named or (nouns & named and not nothing_new):
                continue
            if next(tries, None) is None:
                return
            best = search.best(query)
            if best and best.verdict == "strong" and best.stance.agrees:
                named |= nouns
                yield query


def _is_short(query: str) -> bool:
    return WORDS_MIN <= len(WORD.findall(query)) <= WORDS_MAX and len(query) <= CHARS_MAX


def _is_whole(query: str) -> bool:
    """Return whether a query neither begins nor ends in the middle: "a bird above", "next to a tree"."""
    words = WORD.findall(query)
    return words[0] not in JOINING_WORDS and is_part_of_phrase(words[-1])


def _words(phrases: Iterable[NounPhrase]) -> set[str]:
    return {word for phrase in phrases for word in phrase.words}

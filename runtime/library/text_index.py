"""The full-text index inside the catalogue (SQLite's FTS5): word -> ids of the pictures that have it.

Owns its form and reads it. Words come in as `runtime/search/text_search.py` makes them; `export/index/catalog.py` writes it.
A catalogue from before there was one, and an SQLite that was built without FTS5, find nothing.
"""

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache, partial

from runtime.library.catalog_file import FAULTS, CatalogFile
from runtime.library.photos.filters import Ids, kept_in_order

# The column `written` has the words that stand in the picture; an older index lacks it, and is read as it is.
# Neither the texts (content='') nor the places of words (detail=column) are kept, nor their numbers: only which word is in
# which column of which row. "ascii" separates at what is no ASCII letter or digit and keeps all else together, so each word
# that comes in stays one, whatever table of Unicode this SQLite has.
TEXT_SCHEMA = """
    CREATE VIRTUAL TABLE full_text USING fts5(
        captions, file_name, folder, written, content = '', columnsize = 0, detail = column, tokenize = 'ascii'
    );
    -- How many pictures have each word, in any column: completes words, and tells at once that no picture has one.
    CREATE TABLE full_text_words (word TEXT PRIMARY KEY, pictures INTEGER NOT NULL) WITHOUT ROWID;
"""
INSERT_WORDS = "INSERT INTO full_text (rowid, captions, file_name, folder, written) VALUES (?, ?, ?, ?, ?)"
# One segment to look into, and the counts; vocabulary is a view of the index that is not stored.
FINISH_TEXT = """
    INSERT INTO full_text (full_text) VALUES ('optimize');
    CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, full_text, row);
    INSERT INTO full_text_words SELECT term, doc FROM temp.vocabulary;
    DROP TABLE temp.vocabulary;
"""
# Ranking reads a row for each picture looked at; a thousand take 1 to 2 ms (`benchmarks/library/full_text.py`).
LOOKED_AT = 1000
COMPLETED_FROM = 3  # letters; shorter beginnings are those of too many words
COMPLETIONS = 8  # of one beginning: its most frequent words
COMPLETIONS_SCANNED = 20_000  # words of one beginning that are compared: 2 ms
NAMES = "{file_name folder} : "
FIND = """
    SELECT id FROM (SELECT rowid AS found FROM full_text WHERE full_text MATCH ? ORDER BY rowid LIMIT ?)
    JOIN images ON id = found ORDER BY length(caption), id LIMIT ?
"""
COMPLETE = """
    SELECT word FROM (SELECT word, pictures FROM full_text_words WHERE word > ? AND word < ? LIMIT ?)
    ORDER BY pictures DESC, word LIMIT ?
"""
FIND_IDS = "SELECT rowid FROM full_text WHERE full_text MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?"
RANK = "SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?)) ORDER BY length(caption), id LIMIT ?"
FILTERED_STEP = 20_000  # pictures with the words that are compared with a filter at once
COUNT = "SELECT pictures FROM full_text_words WHERE word = ?"
WORDS_REMEMBERED = 4096  # of queries, whose words come back
SOME_WORDS = 4  # of a text, the rarest


class TextIndex:
    """The full-text index of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue, and find out whether there is an index that can be read."""
        self._catalog = catalog
        self._readable = has_text_index(catalog.connection)
        self._count_of = lru_cache(WORDS_REMEMBERED)(partial(_read_count, catalog))  # no method: it would be a circle

    def find(
        self, words: Sequence[str], limit: int, *, last: str, names_only: bool, allowed: Ids | None = None
    ) -> list[int]:
        """Return the ids of at most `limit` pictures that hold all words, or else some, best first.

        `find_by_words` says which are the best.

        Args:
            words: at least one, each once and stemmed, the last of the text last.
            limit: how many ids at most.
            last: the last word as it was typed, which may be the beginning of one.
            names_only: leave captions aside.
            allowed: the pictures that a filter leaves; None for all.
        """
        if not self._readable:
            return []
        counts = {word: count for word in words if (count := self._count_of(word))}
        columns = NAMES if names_only else ""
        found = self._with_all(words, counts, limit, last=last, columns=columns, allowed=allowed)
        if len(found) < limit and len(words) > 1 and not names_only:
            found += self._with_some(counts, limit, allowed)
        return list(dict.fromkeys(found))[:limit]

    def _with_all(
        self,
        words: Sequence[str],
        counts: Mapping[str, int],
        limit: int,
        *,
        last: str,
        columns: str,
        allowed: Ids | None,
    ) -> list[int]:
        if any(word not in counts for word in words[:-1]):
            return []
        found = self._match(columns + _all_of(words), limit, allowed) if words[-1] in counts else []
        if len(found) < limit and len(last) >= COMPLETED_FROM and (completions := self._completions(last)):
            any_completion = " OR ".join(map(_quoted, completions))
            found += self._match(columns + _all_of(words[:-1], f"({any_completion})"), limit, allowed)
        return found

    def _with_some(self, counts: Mapping[str, int], limit: int, allowed: Ids | None) -> list[int]:
        """Return the pictures that hold some of the words, those with more and rarer ones first.

        Only the rarest words are looked for, and frequent ones only if there are no others.
        """
        found: defaultdict[int, float] = defaultdict(float)
        for word in sorted(counts, key=lambda word: (counts[word], word))[:SOME_WORDS]:
            if counts[word] > LOOKED_AT and found:
                break
            weight = 1 / math.log2(1 + counts[word])
            for image_id in self._matching(_quoted(word), LOOKED_AT, allowed):
                found[image_id] += weight
        return sorted(sorted(found), key=found.__getitem__, reverse=True)[:limit]  # of equal weights, the smaller id first

    def _completions(self, beginning: str) -> list[str]:
        behind = beginning + "\U0010ffff"
        return [word for (word,) in self._catalog.fetch(COMPLETE, beginning, behind, COMPLETIONS_SCANNED, COMPLETIONS)]

    def _match(self, expression: str, limit: int, allowed: Ids | None) -> list[int]:
        looked_at = max(LOOKED_AT, limit)
        if allowed is None:
            found = self._catalog.fetch(FIND, expression, looked_at, limit)
        else:
            found = self._catalog.fetch(RANK, json.dumps(self._matching(expression, looked_at, allowed)), limit)
        return [image_id for (image_id,) in found]

    def _matching(self, expression: str, limit: int, allowed: Ids | None) -> list[int]:
        """Return the ids of the first pictures that match and are allowed, at most `limit`."""
        if allowed is None:
            return [image_id for (image_id,) in self._catalog.fetch(FIND_IDS, expression, 0, limit)]
        kept, last_kept = list[int](), int(allowed[-1]) if allowed.size else 0
        after = int(allowed[0]) - 1 if allowed.size else 0
        while after < last_kept and len(kept) < limit:
            step = [image_id for (image_id,) in self._catalog.fetch(FIND_IDS, expression, after, FILTERED_STEP)]
            kept += kept_in_order(step, allowed)
            after = step[-1] if len(step) == FILTERED_STEP else last_kept
        return kept[:limit]


def _read_count(catalog: CatalogFile, word: str) -> int:
    counts = [count for (count,) in catalog.fetch(COUNT, word)]
    if not all(isinstance(count, int) and count > 0 for count in counts):
        raise catalog.damage(f"it does not count the pictures with {word!r}")
    return sum(counts)


def has_text_index(connection: sqlite3.Connection) -> bool:
    """Return whether a catalogue has a full-text index that this SQLite can read."""
    try:
        connection.execute("SELECT rowid FROM full_text WHERE full_text MATCH '\"a\"' LIMIT 1").fetchall()
        connection.execute("SELECT word FROM full_text_words LIMIT 1").fetchall()
    except FAULTS:  # no such table, "no such module: fts5", or damaged
        return False
    return True


def can_index_text() -> bool:
    """Return whether this SQLite was built with FTS5; almost all are."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.executescript(TEXT_SCHEMA)
        except sqlite3.OperationalError:
            return False
    return True


def _all_of(words: Iterable[str], *groups: str) -> str:
    """Return the FTS5 expression for all words. They hold no quotes and are put in quotes, so that none is an operator."""
    return "(" + " AND ".join([*map(_quoted, words), *groups]) + ")"


def _quoted(word: str) -> str:
    return f'"{word}"'

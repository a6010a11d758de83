"""An index's whole catalogue, written and read back by the export step; `runtime/library/catalog.py` owns its form.

Its full text is written along with it, in the form of `runtime/library/text_index.py`.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, field
from pathlib import Path

from export.index.captions.words import UsedWords
from export.index.folder.scan import SkippedImage
from export.index.photos.counts import write_photo_counts
from export.index.photos.facts_table import (
    FACTS_SCHEMA,
    read_known_facts,
    read_known_town_names,
    write_facts,
    write_town_names,
)
from export.index.photos.folder_facts import KnownFacts
from export.index.photos.places import Named
from export.index.text.stored import read_texts, said_in, write_texts
from runtime.errors import ArtefactCorrupt
from runtime.library.caption_words import CAPTION_WORDS_SCHEMA
from runtime.library.catalog_file import REMEDY, open_catalog, read_captions, selected_columns, write_captions
from runtime.library.image_rows import CATALOG_SCHEMA, ImageRow
from runtime.library.photos.photo_facts import NO_FACTS, PhotoFacts
from runtime.library.text_index import FINISH_TEXT, INSERT_WORDS, TEXT_SCHEMA, can_index_text, has_text_index
from runtime.search.picture_text_matches import words_of_writing
from runtime.search.text_search import TEXT_RULES, words_of_caption, words_of_path

ROW_COLUMNS = "id, image_path, sha256, bytes, width, height, caption, mtime_ns, caption_source, other_captions, made_caption"
FORMER_COLUMNS = "captioner, sha256, caption"
FORMER_SCHEMA = """
    CREATE TABLE former_captions (
        captioner TEXT NOT NULL, sha256 TEXT NOT NULL, caption TEXT NOT NULL, PRIMARY KEY (captioner, sha256)
    ) WITHOUT ROWID;
"""
SKIPPED_COLUMNS = "name, reason, sha256, bytes, mtime_ns"


@dataclass(frozen=True, slots=True)
class IndexedImage(ImageRow):
    """A row of the catalogue with what only the export step needs.

    `mtime_ns` is the file's time when it was hashed. `made_caption` is what the models made of a picture whose shown caption
    a person gave; None where they made none.
    """

    mtime_ns: int
    made_caption: str | None = field(default=None, kw_only=True)

    @property
    def model_caption(self) -> str | None:
        """The models' caption of the picture, shown or not."""
        return self.made_caption if self.caption_source == "given" else self.caption


@dataclass(frozen=True)
class Catalog:
    """Everything that a generation knows but its vectors.

    `rows` are sorted by id. `next_id` is above every id ever given, so that those of removed pictures do not come back.
    `scanned_ns` is when the run that wrote it began to look at the folder. `has_text` says of one that was read whether its
    full text can be searched, and is what would be written now; one from before there was any has none.
    `former_captions` are those of pictures that are no longer in the library, by captioner (`captioner_fingerprint`) and
    sha256: a picture that comes back has its caption.
    `facts` are those of photos, by id; `town_names` what else their towns are called.
    `texts` are the words of every content that was looked at for text, by sha256 (`text/stored.py`).
    `compared` is how many pictures were compared with the others to find copies.
    """

    rows: Sequence[IndexedImage] = ()
    skipped: Sequence[SkippedImage] = ()
    next_id: int = 1
    scanned_ns: int = 0
    has_text: bool = False
    former_captions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    facts: Mapping[int, KnownFacts] = field(default_factory=dict)
    town_names: Mapping[Named, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    compared: int = 0

    def facts_of(self, row: IndexedImage) -> PhotoFacts:
        """Return the facts of a row's photo."""
        known = self.facts.get(row.id)
        return known.facts if known else NO_FACTS


def write_catalog(path: Path, catalog: Catalog, used_words: UsedWords | None = None) -> None:
    """Write the catalogue to a new file.

    No journal and no sync: an unfinished file belongs to a generation that nothing names yet, and the generation is synced
    as a whole. Where SQLite was built without FTS5, it gets no full text, and its pictures are not found by words.

    Raises:
        sqlite3.OperationalError: the disk is full, or the folder cannot be written.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + CATALOG_SCHEMA + FACTS_SCHEMA)
        connection.execute("BEGIN")
        connection.executemany(_insert("images", ROW_COLUMNS), map(_stored, catalog.rows))
        connection.executemany(_insert("skipped", SKIPPED_COLUMNS), map(astuple, catalog.skipped))
        counters = {"next_id": catalog.next_id, "scanned_ns": catalog.scanned_ns, "compared": catalog.compared}
        connection.executemany(_insert("counters", "name, value"), (counters | {"text_rules": TEXT_RULES}).items())
        connection.execute(FORMER_SCHEMA)
        former = [(*key, caption) for key, caption in sorted(catalog.former_captions.items())]
        connection.executemany(_insert("former_captions", FORMER_COLUMNS), former)
        write_facts(connection, catalog.facts)
        write_town_names(connection, catalog.town_names)
        _write_used_words(connection, used_words or UsedWords())
        # for previews, which are asked for by content; made at the end, in a quarter of the time
        connection.execute("CREATE INDEX images_content ON images (sha256)")
        write_texts(connection, catalog.rows, catalog.texts)
        connection.execute("COMMIT")
        if can_index_text():
            write_text(connection, catalog.rows, catalog.texts)
        write_photo_counts(connection)


def write_text(connection: sqlite3.Connection, rows: Iterable[IndexedImage], texts: Mapping[str, str] | None = None) -> None:
    """Write the full text of some rows into a file that has none, as transactions of its own.

    Args:
        connection: the file, with no transaction begun.
        rows: the pictures.
        texts: the words that stand in them, by sha256.

    Raises:
        sqlite3.OperationalError: the disk is full, or SQLite was built without FTS5.
    """
    connection.executescript(TEXT_SCHEMA)
    connection.execute("BEGIN")
    connection.executemany(INSERT_WORDS, (_words_of(row, texts or {}) for row in rows))
    connection.execute("COMMIT")
    connection.executescript(f"BEGIN; {FINISH_TEXT} COMMIT;")


def _write_used_words(connection: sqlite3.Connection, used: UsedWords) -> None:
    connection.execute(CAPTION_WORDS_SCHEMA)
    vectors = {stem: vector.astype("<f2").tobytes() for stem, vector in (used.nouns or {}).items()}
    rows = [(stem, rarity, stem in used.coloured, vectors.get(stem)) for stem, rarity in sorted(used.rarity.items())]
    connection.executemany(_insert("caption_words", "word, rarity, is_coloured, vector"), rows)


def read_catalog(path: Path) -> Catalog:
    """Return the catalogue in a file.

    Raises:
        ArtefactMissing: there is no such file.
        ArtefactCorrupt: it is no catalogue of this form.
    """
    try:
        with closing(open_catalog(path)) as connection:
            return _read(connection)
    except (sqlite3.DatabaseError, KeyError, ValueError, TypeError) as cause:  # ValueError: a list that is no JSON
        raise ArtefactCorrupt(path, f"it cannot be read to its end ({cause})", REMEDY) from cause


def same_pictures(one: Catalog, other: Catalog) -> bool:
    """Return whether two catalogues show a reader the same: rows, facts, texts and reasons, whatever the files' times."""
    return (
        one.compared == other.compared
        and one.texts == other.texts
        and one.town_names == other.town_names
        and [_shown(row) for row in one.rows] == [_shown(row) for row in other.rows]
        and {row.id: one.facts_of(row) for row in one.rows} == {row.id: other.facts_of(row) for row in other.rows}
        and [(image.name, image.reason, image.sha256) for image in one.skipped]
        == [(image.name, image.reason, image.sha256) for image in other.skipped]
    )


def _read(connection: sqlite3.Connection) -> Catalog:
    counters = dict(connection.execute("SELECT name, value FROM counters"))
    selected = connection.execute(f"SELECT {selected_columns(connection, ROW_COLUMNS)} FROM images ORDER BY id")
    rows = [
        IndexedImage(*columns, caption_source=source, other_captions=read_captions(others), made_caption=made)
        for *columns, source, others, made in selected
    ]
    skipped = connection.execute(f"SELECT {SKIPPED_COLUMNS} FROM skipped ORDER BY name")
    # by the first rules, only names in other scripts than Latin were cut otherwise
    same_words = counters.get("text_rules", 1) == TEXT_RULES or all(row.image_path.isascii() for row in rows)
    return Catalog(
        rows=rows,
        skipped=[SkippedImage(*columns) for columns in skipped],
        next_id=counters["next_id"],
        scanned_ns=counters["scanned_ns"],
        has_text=same_words and has_text_index(connection),
        former_captions=_read_former(connection),
        facts=read_known_facts(connection),
        town_names=read_known_town_names(connection),
        texts=read_texts(connection),
        compared=counters.get("compared", 0),
    )


def _read_former(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'former_captions'").fetchall():
        return {}  # of an earlier version
    rows = connection.execute(f"SELECT {FORMER_COLUMNS} FROM former_captions")
    return {(captioner, sha256): caption for captioner, sha256, caption in rows}


def _stored(row: IndexedImage) -> tuple[object, ...]:
    """Return a row's columns in the order of `ROW_COLUMNS`."""
    shared = (row.id, row.image_path, row.sha256, row.bytes, row.width, row.height, row.caption, row.mtime_ns)
    return *shared, row.caption_source, write_captions(row.other_captions), row.made_caption


def _words_of(row: IndexedImage, texts: Mapping[str, str]) -> tuple[int, str, str, str, str]:
    """Return a row of the full text: its id, and the words of its captions, its file's name, its folders', and in it."""
    folders, _, name = row.image_path.rpartition("/")
    captions = (word for caption in (row.caption or "", *row.other_captions) for word in words_of_caption(caption))
    columns = (captions, words_of_path(name), words_of_path(folders), words_of_writing(said_in(texts, row.sha256)))
    said, of_file, of_folders, written = map(" ".join, columns)
    return row.id, said, of_file, of_folders, written


def _shown(row: IndexedImage) -> tuple[object, ...]:
    shared = (row.id, row.image_path, row.sha256, row.width, row.height, row.caption)
    return *shared, row.caption_source, row.other_captions


def _insert(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(columns.split(',')))})"

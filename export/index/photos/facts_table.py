"""The facts of photos in the catalogue, written and read back by the export step.

`runtime/library/photos/photo_facts.py` owns the form of their table. One beside it says what each photo's facts were
read from.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from export.index.photos.folder_facts import KnownFacts
from export.index.photos.places import Named
from runtime.library.photos.photo_facts import NO_FACTS, PHOTO_FACTS_COLUMNS, PHOTO_FACTS_SCHEMA, PhotoFacts, facts_of_row
from runtime.library.photos.town_names import HAS_TABLE, TOWN_NAMES_SCHEMA

FACTS_SCHEMA = f"""
    {PHOTO_FACTS_SCHEMA}
    {TOWN_NAMES_SCHEMA}
    CREATE TABLE photo_facts_read (id INTEGER PRIMARY KEY, read_from TEXT NOT NULL);
"""
INSERT = f"INSERT INTO photo_facts (id, {PHOTO_FACTS_COLUMNS}) VALUES (?{', ?' * len(PHOTO_FACTS_COLUMNS.split(','))})"


def write_facts(connection: sqlite3.Connection, known: Mapping[int, KnownFacts]) -> None:
    """Write the facts of pictures, by id, into the empty tables of `FACTS_SCHEMA`."""
    connection.executemany(INSERT, (_stored(one, of.facts) for one, of in sorted(known.items()) if of.facts != NO_FACTS))
    read_from = ((one, of.read_from) for one, of in sorted(known.items()) if of.read_from)
    connection.executemany("INSERT INTO photo_facts_read (id, read_from) VALUES (?, ?)", read_from)


def read_known_facts(connection: sqlite3.Connection) -> dict[int, KnownFacts]:
    """Return the facts in a catalogue by id; none where it has no such tables, and none of rows that are damaged."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"photo_facts", "photo_facts_read"} <= tables:
        return {}
    read_from = dict(connection.execute("SELECT id, read_from FROM photo_facts_read"))
    known: dict[int, KnownFacts] = {one: KnownFacts(NO_FACTS, text) for one, text in read_from.items()}
    for one, *columns in connection.execute(f"SELECT id, {PHOTO_FACTS_COLUMNS} FROM photo_facts"):
        if (facts := facts_of_row(columns)) is not None:
            known[one] = KnownFacts(facts, read_from.get(one, ""))
        else:
            known.pop(one, None)
    return known


def write_town_names(connection: sqlite3.Connection, named: Mapping[Named, tuple[str, ...]]) -> None:
    """Write what else towns are called into the empty table."""
    rows = ((*town, other) for town, others in sorted(named.items()) for other in others)
    connection.executemany("INSERT INTO town_names (town, country, other) VALUES (?, ?, ?)", rows)


def read_known_town_names(connection: sqlite3.Connection) -> dict[Named, tuple[str, ...]]:
    """Return what a catalogue says of it; nothing where it has no such table."""
    named: dict[Named, tuple[str, ...]] = {}
    if connection.execute(HAS_TABLE).fetchall():
        for town, country, other in connection.execute("SELECT town, country, other FROM town_names ORDER BY rowid"):
            named[town, country] = (*named.get((town, country), ()), other)
    return named


def _stored(image_id: int, facts: PhotoFacts) -> tuple[Any, ...]:
    values = [getattr(facts, name) for name in PHOTO_FACTS_COLUMNS.split(", ")]
    return image_id, *(
        (json.dumps(one, ensure_ascii=False) if one else None) if isinstance(one, tuple) else one for one in values
    )

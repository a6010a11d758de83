"""Counts of months, places, cameras and folders, written last; `runtime/library/photo_counts.py` owns their form."""

import sqlite3

from runtime.library.photo_counts import COUNT, COUNTS_SCHEMA, HAS_TABLE, KINDS

# What a filter by place or camera looks up; one by date has its index along with the table.
INDEXES = """
    CREATE INDEX IF NOT EXISTS photo_facts_country ON photo_facts (country, place);
    CREATE INDEX IF NOT EXISTS photo_facts_place ON photo_facts (place);
    CREATE INDEX IF NOT EXISTS photo_facts_camera ON photo_facts (camera);
"""


def write_photo_counts(connection: sqlite3.Connection) -> None:
    """Count the pictures of a catalogue that is written but for this, as a transaction of its own.

    A catalogue without facts of photos gets the counts of its folders alone.

    Raises:
        sqlite3.OperationalError: the disk is full.
    """
    has_facts = bool(connection.execute(HAS_TABLE, ["photo_facts"]).fetchall())
    kinds = KINDS if has_facts else ("folder",)
    inserts = " ".join(f"INSERT INTO photo_counts SELECT '{kind}', * FROM ({COUNT[kind]}) ORDER BY 2;" for kind in kinds)
    connection.executescript(f"BEGIN; {INDEXES if has_facts else ''} {COUNTS_SCHEMA} {inserts} COMMIT;")

"""Counts of months, places, cameras and folders, and the columns that filters read; both written last.

`runtime/library/photos/photo_counts.py` and `runtime/library/photos/photo_columns.py` own their forms.
"""

import sqlite3

from runtime.library.photos.photo_columns import COLUMNS_SCHEMA, COUNTED, Cells, Column, make_cells, make_ids
from runtime.library.photos.photo_counts import COUNT, COUNTS_SCHEMA, HAS_TABLE, KINDS, STORED


def write_photo_counts(connection: sqlite3.Connection) -> None:
    """Count the pictures of a catalogue that is written but for this, and write their columns, as a transaction each.

    A catalogue without facts of photos gets the counts of its folders alone.

    Raises:
        sqlite3.OperationalError: the disk is full.
    """
    has_facts = bool(connection.execute(HAS_TABLE, ["photo_facts"]).fetchall())
    kinds = KINDS if has_facts else ("folder",)
    inserts = " ".join(f"INSERT INTO photo_counts SELECT '{kind}', * FROM ({COUNT[kind]}) ORDER BY 2;" for kind in kinds)
    connection.executescript(f"BEGIN; {COUNTS_SCHEMA} {inserts} {COLUMNS_SCHEMA} COMMIT;")
    connection.execute("BEGIN")
    ids = make_ids(connection.execute, has_facts=has_facts)
    _insert(connection, "id", ids)
    for column, kind in COUNTED.items():
        if kind in kinds:
            names = [row[:2] for row in connection.execute(STORED, [kind])]
            _insert(connection, column, make_cells(connection.execute, column, ids, names))
    if connection.execute(HAS_TABLE, ["picture_text"]).fetchall():
        _insert(connection, "text", make_cells(connection.execute, "text", ids))
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, column: Column, cells: Cells) -> None:
    row = (column, cells.itemsize, cells.astype(f"<u{cells.itemsize}").tobytes())
    connection.execute("INSERT INTO photo_columns VALUES (?, ?, ?)", row)

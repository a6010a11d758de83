"""The rows of a damaged catalogue: those that can still be read, and what other files know of the others.

A page of SQLite's that is damaged costs its rows alone, and a flipped bit one value, so each row is read by itself and
compared with its checksum, where there is one, and with `metadata.json`. Every file is hashed again in any case.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from export.index.catalog import ROW_COLUMNS, Catalog, IndexedImage
from runtime.library.catalog_file import read_captions, selected_columns

SHA256 = re.compile("[0-9a-f]{64}")
ID_DOUBTED = 2**40  # no library is so old; a flipped bit is likelier
UNKNOWN_NS = -1  # of a row whose file must be hashed again
Listed = dict[int, tuple[str, str | None]]  # path and caption by id


def salvage_catalog(
    path: Path, metadata: Path | None, before: Catalog | None, is_sound: Callable[[IndexedImage], bool]
) -> Catalog:
    """Return what is known of a damaged catalogue's pictures.

    Args:
        path: the catalogue.
        metadata: the `metadata.json` of the same generation; None where that is damaged, too.
        before: the catalogue of an earlier generation, if there is one.
        is_sound: whether a row is as it was written, as far as that is known.

    Returns:
        The rows, with an empty sha256 where only id, path and caption are left. No file is taken for unchanged.
    """
    listed = _read_listed(metadata) if metadata else None
    older = {row.id: row for row in before.rows} if before else {}
    rows = {row.id: row for row in _readable_rows(path, listed) if _is_plausible(row) and is_sound(row)}
    if listed is not None:
        rows = {one: row for one, row in rows.items() if listed.get(one) == (row.image_path, row.caption)}
        for one, (image_path, caption) in listed.items():
            if one not in rows:
                rows[one] = _row_listed(one, image_path, caption, older.get(one))
    elif not rows:
        rows = dict(older)
    by_path = {row.image_path: row for row in rows.values()}
    kept = sorted(by_path.values(), key=lambda row: row.id)
    return Catalog(rows=[replace(row, mtime_ns=UNKNOWN_NS) for row in kept], next_id=_next_id(path, kept, before))


def _read_listed(metadata: Path) -> Listed | None:
    try:
        return {row["id"]: (row["image_path"], row["caption"]) for row in json.loads(metadata.read_bytes())}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _row_listed(image_id: int, image_path: str, caption: str | None, older: IndexedImage | None) -> IndexedImage:
    """Return the row of a picture of which only id, path and caption are left, and perhaps an older row."""
    if older is None or older.image_path != image_path:
        return IndexedImage(image_id, image_path, "", 0, 0, 0, caption, UNKNOWN_NS)
    return older if older.caption == caption else replace(older, caption=caption, caption_source="index", other_captions=())


def _readable_rows(path: Path, listed: Listed | None) -> Iterator[IndexedImage]:
    """Yield every row that SQLite can still read: by id where the ids are known, else from both ends."""
    try:
        with closing(_connect(path)) as connection:
            query = f"SELECT {selected_columns(connection, ROW_COLUMNS)} FROM images"
            if listed is not None:
                for image_id in listed:
                    yield from _rows(connection, f"{query} WHERE id = ?", image_id)
            else:
                yield from _rows(connection, f"{query} ORDER BY id")
                yield from _rows(connection, f"{query} ORDER BY id DESC")
    except (sqlite3.Error, ValueError):
        return


def _rows(connection: sqlite3.Connection, query: str, *arguments: int) -> Iterator[IndexedImage]:
    try:
        for *columns, source, others, made in connection.execute(query, arguments):
            yield IndexedImage(*columns, caption_source=source, other_captions=read_captions(others), made_caption=made)
    except (sqlite3.Error, ValueError, TypeError, OverflowError):  # a damaged page, text that is no UTF-8 or no JSON
        return


def _is_plausible(row: IndexedImage) -> bool:
    values: list[Any] = [row.id, row.bytes, row.width, row.height]
    texts: list[Any] = [row.image_path, row.sha256]
    return (
        all(isinstance(value, int) and value >= 0 for value in values)
        and all(isinstance(text, str) for text in texts)
        and SHA256.fullmatch(row.sha256) is not None
        and isinstance(row.caption, str | None)
        and isinstance(row.made_caption, str | None)
        and row.caption_source in {"index", "given"}
        and all(isinstance(caption, str) for caption in row.other_captions)
    )


def _next_id(path: Path, rows: list[IndexedImage], before: Catalog | None) -> int:
    """Return an id above every one given so far; where the counter is lost, with room for what may have been removed."""
    floor = max([row.id + 1 for row in rows] + [before.next_id if before else 1])
    try:
        with closing(_connect(path)) as connection:
            [(counted,)] = connection.execute("SELECT value FROM counters WHERE name = 'next_id'").fetchall()
        if isinstance(counted, int) and floor <= counted < ID_DOUBTED:
            return counted
    except (sqlite3.Error, ValueError):
        pass
    return 2 * floor


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)

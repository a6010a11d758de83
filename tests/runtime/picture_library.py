"""A library of given picture files, over a real catalogue."""

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from runtime.library.catalog import Library
from runtime.library.image_rows import CATALOG_SCHEMA

INSERT = (
    "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height, caption) VALUES (?, ?, ?, ?, 0, 60, 40, ?)"
)


def make_library(folder: Path, pictures: Mapping[str, bytes], gone: frozenset[str] = frozenset()) -> Library:
    """Write pictures, all but those that are `gone`, and their catalogue, and open them; ids begin at 1."""
    (folder / "images").mkdir()
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection, connection:
        connection.executescript(CATALOG_SCHEMA)
        for image_id, (name, content) in enumerate(pictures.items(), start=1):
            if name not in gone:
                (folder / "images" / name).write_bytes(content)
            row = (image_id, name, hashlib.sha256(content).hexdigest(), len(content), "a caption")
            connection.execute(INSERT, row)
    return Library(folder / "catalog.sqlite", folder / "images")

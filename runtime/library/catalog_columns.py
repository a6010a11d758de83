"""Columns of the catalogue that an older one lacks, and what stands for them when it is read."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

LACKED = {"caption_source": "'index'", "other_captions": "NULL", "made_caption": "NULL"}


def selected_columns(connection: "Connection", columns: str) -> str:
    """Return these columns of the table `images` as a query names them; one that is not there is what stands for it."""
    there = {name for _, name, *_ in connection.execute("PRAGMA table_info(images)")}
    return ", ".join(name if name in there else LACKED.get(name, name) for name in columns.split(", "))


def write_captions(captions: tuple[str, ...]) -> str | None:
    """Return what the column `other_captions` holds of these: a JSON list, or NULL for none."""
    return json.dumps(captions, ensure_ascii=False) if captions else None


def read_captions(column: str | None) -> tuple[str, ...]:
    """Return the captions in the column `other_captions`.

    Raises:
        ValueError: it is no JSON list of texts.
    """
    if not column:
        return ()
    captions = json.loads(column)
    if not isinstance(captions, list) or not all(isinstance(caption, str) for caption in captions):
        raise ValueError("no list of texts")
    return tuple(captions)

"""Rows of shards as an engine keeps them: pictures with their facts and words, and their vectors as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.library.image_rows import SOURCES, ImageRow
from runtime.library.photos.photo_facts import PHOTO_FACTS_COLUMNS, PhotoFacts
from runtime.library.picture_text import read_words
from runtime.library.remote.rows import StoredPicture

if TYPE_CHECKING:
    import pyarrow as pa

VECTOR_COLUMNS = ("embedding", "caption_embedding")
Halves = NDArray[np.float16]


@dataclass(frozen=True)
class StoredBatch:
    """Some pictures: their rows, their vectors, (n, d), and those of their captions, None for a picture without one."""

    pictures: Sequence[StoredPicture]
    vectors: Halves
    caption_vectors: Sequence[Halves | None]


def stored_batch(batch: "pa.RecordBatch") -> StoredBatch:
    """Return the pictures of a batch of shards."""
    rows = batch.drop_columns([name for name in VECTOR_COLUMNS if name in batch.schema.names]).to_pylist()
    pictures = [_picture(row) for row in rows]
    vectors = _halves(batch["embedding"], len(rows))
    has_one = batch["caption_embedding"].is_valid().to_numpy(zero_copy_only=False)
    given = iter(_halves(batch["caption_embedding"], int(np.count_nonzero(has_one))))
    return StoredBatch(pictures, vectors, [next(given) if one else None for one in has_one.tolist()])


def stored_batches(batches: "Iterator[pa.RecordBatch]") -> Iterator[StoredBatch]:
    """Yield the pictures of shards, as many at a time as are read at once."""
    for batch in batches:
        if batch.num_rows:
            yield stored_batch(batch)


def _halves(column: "pa.Array", rows: int) -> Halves:
    """Return the vectors of a column, (rows, d); rows without one are left out."""
    flat: Halves = column.flatten().to_numpy(zero_copy_only=False).astype(np.float16, copy=False)
    return flat.reshape(rows, -1) if rows else np.empty((0, 0), np.float16)


def _picture(row: dict[str, Any]) -> StoredPicture:
    image = ImageRow(
        row["image_id"],
        row["path"],
        row["sha256"],
        row["bytes"],
        row["width"],
        row["height"],
        row["caption"],
        row.get("mtime_ns"),
        caption_source=SOURCES[row.get("caption_source") or "index"],
        other_captions=tuple(row.get("other_captions") or ()),
    )
    facts = PhotoFacts(
        **{name: row.get(name) for name in PHOTO_FACTS_COLUMNS.split(", ")} | {"keywords": tuple(row.get("keywords") or ())}
    )
    text = row.get("text")
    return StoredPicture(image, facts, None if text is None else read_words(text))

"""Rows of shards and what the rest of the program calls the same: pictures, facts of photos, failures."""

from collections.abc import Mapping
from typing import Any

from export.cluster.shards import image_id_of
from export.index.catalog import IndexedImage
from export.index.folder.found import FoundImage, SkippedImage
from runtime.library.photos.photo_facts import PhotoFacts

FACT_COLUMNS = (
    *("taken", "taken_source", "offset_minutes", "camera", "latitude", "longitude", "place", "country", "rating"),
)
Row = Mapping[str, Any]
"""One row of `pictures_schema`, by column."""


def found_of(row: Row) -> FoundImage:
    """Return the file of a row."""
    return FoundImage(row["path"], row["bytes"], row["mtime_ns"])


def found_in(row: IndexedImage) -> FoundImage:
    """Return the file of a catalogue's row."""
    return FoundImage(row.image_path, row.bytes, row.mtime_ns)


def new_row(image: FoundImage, sha256: str) -> dict[str, Any]:
    """Return the row of a picture that was not looked at yet."""
    image_id = image_id_of(sha256, image.image_path)
    names = {"image_id": image_id, "path": image.image_path, "sha256": sha256}
    return {**names, "bytes": image.bytes, "mtime_ns": image.mtime_ns}


def facts_columns(facts: PhotoFacts) -> dict[str, Any]:
    """Return the columns of a photo's facts."""
    return {name: getattr(facts, name) for name in FACT_COLUMNS} | {"keywords": list(facts.keywords)}


def facts_of(row: Row) -> PhotoFacts:
    """Return the facts of a row's photo."""
    return PhotoFacts(**{name: row[name] for name in FACT_COLUMNS}, keywords=tuple(row["keywords"] or ()))


def indexed_of(row: Row, image_id: int) -> IndexedImage:
    """Return the row of a catalogue, with the id that it has there."""
    size = row["bytes"], row["width"], row["height"]
    return IndexedImage(
        image_id,
        row["path"],
        row["sha256"],
        *size,
        caption=row["caption"],
        caption_source=row["caption_source"] or "index",
        other_captions=tuple(row["other_captions"] or ()),
        made_caption=row["made_caption"],
        mtime_ns=row["mtime_ns"],
    )


def failure_of(image: SkippedImage) -> dict[str, Any]:
    """Return the row of `failures_schema` that says why a picture is not there."""
    facts = {"sha256": image.sha256, "bytes": image.bytes, "mtime_ns": image.mtime_ns}
    return {"path": image.name, "reason": image.reason, **facts}


def skipped_of(row: Row) -> SkippedImage:
    """Return what a row of `failures_schema` says."""
    return SkippedImage(row["path"], row["reason"], row["sha256"], row["bytes"] or 0, row["mtime_ns"] or 0)

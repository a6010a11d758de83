"""A picture as `metadata.json`, the readable copy of the catalogue, has it."""

from dataclasses import asdict

from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import PhotoFacts

KEPT_BACK = ("latitude", "longitude")  # where people live is in the catalogue alone


def readable_row(row: ImageRow, facts: PhotoFacts) -> dict[str, object]:
    """Return id, path and caption, and those of the facts that are known, without the position."""
    listed: dict[str, object] = {"id": row.id, "image_path": row.image_path, "caption": row.caption}
    for name, value in asdict(facts).items():
        if name not in KEPT_BACK and value is not None and value != ():
            listed[name] = list(value) if isinstance(value, tuple) else value
    return listed

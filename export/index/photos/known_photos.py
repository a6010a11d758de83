"""What a catalogue knew of its photos, by path: what the facts of the next build are compared with."""

from collections.abc import Mapping

from export.index.catalog import Catalog
from export.index.photos.folder_facts import KnownFacts, KnownPhoto

NOTHING_KNOWN = KnownFacts()


def known_photos(catalog: Catalog) -> Mapping[str, KnownPhoto]:
    """Return the photos of a catalogue, by path."""
    return {
        row.image_path: KnownPhoto(row.sha256, row.mtime_ns, catalog.facts.get(row.id, NOTHING_KNOWN))
        for row in catalog.rows
    }

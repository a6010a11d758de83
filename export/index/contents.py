"""What is known of the pictures' contents: what the last generation and the journal hold of each, and what is made now.

A content is named by the sha256 of its file. Runs no model and reads no picture.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from export.index.catalog import IndexedImage
from export.index.folder.found import FoundImage
from export.index.generations.last_generation import Generation
from export.index.journal import Journal
from export.index.pipeline import EmbeddedImage
from runtime.artefacts.fingerprint import Fingerprint, captioner_fingerprint, captioner_fingerprints
from runtime.images import LASTING_REASONS
from runtime.library.image_rows import ImageRow
from runtime.stores.vector_file import VectorBatch

VECTORS_AT_ONCE = 4096  # on their way from the old store and the journal into the new one: 8 MB at dimension 512


def former_captions(last: Generation, contents: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the captions that the models made of contents that are no longer in the library, which may come back.

    Args:
        last: the last generation; what it knew of pictures that had left before stays known.
        contents: the sha256 of every picture that is in the library now.

    Returns:
        Captions by captioner (`captioner_fingerprint`) and sha256.
    """
    here = set(contents)
    captioner = captioner_fingerprint(last.manifest.models if last.manifest else {})
    rows = {row.sha256: row.model_caption for row in last.catalog.rows if row.sha256}
    known = {(captioner, sha256): caption for sha256, caption in rows.items() if caption is not None}
    known |= last.catalog.former_captions
    return {key: caption for key, caption in known.items() if key[1] not in here}


class KnownContents:
    """What need not be made again: each part of the models that made it is the same (`runtime/artefacts/fingerprint.py`).

    Attributes:
        sizes: width and height in pixels, upright, of every content that has a vector.
        captions: what the models made of every content that they have captioned; it may be empty.
        failures: why a content cannot be decoded, where that lies in the file alone; the others are tried again.
    """

    def __init__(self, last: Generation, journal: Journal, models: Fingerprint, live_captions: Mapping[str, str]) -> None:
        """Look through the captions that a server made, the last generation and the journal; of two, the later one wins."""
        self._last, self._journal = last, journal
        rows = last.catalog.rows if last.made_with(models, "pictures") else ()
        embedded = [row for row in rows if row.id not in last.lost and row.sha256]
        self._old_ids = {row.sha256: row.id for row in embedded}
        self.sizes = {row.sha256: (row.width, row.height) for row in embedded} | journal.sizes()
        captioned = last.catalog.rows if last.made_with(models, "captions") else ()
        indexed_captions = {row.sha256: made for row in captioned if (made := row.model_caption) is not None}
        captioners = captioner_fingerprints(models)
        former = {one: caption for (by, one), caption in last.catalog.former_captions.items() if by in captioners}
        live = {one: caption for one, caption in live_captions.items() if isinstance(caption, str)}
        self.captions = live | former | indexed_captions | journal.captions()
        failures = {one.sha256: one.reason for one in last.catalog.skipped if one.sha256} | journal.failures()
        self.failures = {sha256: why for sha256, why in failures.items() if why.startswith(LASTING_REASONS)}

    def keep_images(self, embedded: Mapping[str, EmbeddedImage], failures: Mapping[str, str]) -> None:
        """Keep new vectors, and why some contents have none; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        self._journal.record_images(embedded, failures)
        self.sizes.update({sha256: (image.width, image.height) for sha256, image in embedded.items()})
        self.failures.update(failures)

    def keep_captions(self, captions: Mapping[str, str]) -> None:
        """Keep new captions; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        self._journal.record_captions(captions)
        self.captions.update(captions)

    def row(self, image_id: int, image: FoundImage, sha256: str, given: Sequence[str]) -> IndexedImage:
        """Return the row of a picture whose content is known; of captions `given` by people, the first one is shown."""
        made = self.captions.get(sha256)
        return IndexedImage(
            image_id,
            image.image_path,
            sha256,
            image.bytes,
            *self.sizes[sha256],
            caption=given[0] if given else made,
            caption_source="given" if given else "index",
            other_captions=tuple(given[1:]),
            made_caption=made if given else None,
            mtime_ns=image.mtime_ns,
        )

    def vector_batches(self, rows: Sequence[ImageRow]) -> Iterator[VectorBatch]:
        """Yield the ids and the vectors, (n, d) float32, of rows of known contents, in their order."""
        for start in range(0, len(rows), VECTORS_AT_ONCE):
            batch = rows[start : start + VECTORS_AT_ONCE]
            yield [row.id for row in batch], self._vectors_of([row.sha256 for row in batch])

    def _vectors_of(self, contents: Sequence[str]) -> NDArray[np.float32]:
        journaled = self._journal.vectors_of(contents)
        older = [sha256 for sha256 in dict.fromkeys(contents) if sha256 not in journaled]
        stored = dict(zip(older, self._last.vectors_of([self._old_ids[sha256] for sha256 in older]), strict=True))
        return np.stack([journaled[sha256] if sha256 in journaled else stored[sha256] for sha256 in contents])

"""The vectors of the captions: those that the last generation or the journal holds, and those embedded now.

A vector is found by its caption's text, so that pictures with the same caption share one.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.index.catalog import IndexedImage
from export.index.contents import VECTORS_AT_ONCE
from export.index.generations.last_generation import Generation
from export.index.journal import Journal
from export.index.pipeline import Models
from runtime.stores.vector_file import VectorBatch

EMBEDDED_AT_ONCE = 64  # captions between two writes of the journal


class CaptionVectors:
    """The captions of one build and where the vector of each is."""

    def __init__(self, last: Generation, journal: Journal, models: Models) -> None:
        self._last, self._journal, self._models = last, journal, models
        rows = last.catalog.rows if last.captions and last.made_with(models.fingerprint, "texts") else ()
        self._old_ids = {row.caption: row.id for row in rows if row.caption and row.id not in last.lost_captions}
        self._known = {*self._old_ids, *journal.embedded_captions()}

    def embed(self, captions: Iterable[str]) -> None:
        """Embed those of these captions that have no vector yet, each in a run of its own, into the journal.

        Raises:
            sqlite3.OperationalError: the disk is full.
            SessionFailed: the text tower refused a caption.
        """
        missing = [caption for caption in dict.fromkeys(captions) if caption and caption not in self._known]
        if missing:
            self._journal.record_caption_vectors(zip(missing, self._models.encoder.embed_texts(missing), strict=True))
            self._known.update(missing)

    def embed_missing(self, rows: Sequence[IndexedImage], console: Console) -> None:
        """Embed what is missing of a whole catalogue: of an index from before captions had vectors, or of a killed build.

        Raises:
            sqlite3.OperationalError: the disk is full.
            SessionFailed: the text tower refused a caption.
        """
        captions = dict.fromkeys(row.caption for row in rows if row.caption)
        missing = [caption for caption in captions if caption not in self._known]
        with progress_bar(console, "Embedding captions", len(missing)) as advance:
            for start in range(0, len(missing), EMBEDDED_AT_ONCE):
                batch = missing[start : start + EMBEDDED_AT_ONCE]
                self.embed(batch)
                advance(len(batch))

    def batches(self, rows: Sequence[IndexedImage]) -> Iterator[VectorBatch]:
        """Yield the ids and the captions' vectors, (n, d) float32, of the rows that have a caption, in their order."""
        captioned = [row for row in rows if row.caption]
        for start in range(0, len(captioned), VECTORS_AT_ONCE):
            batch = captioned[start : start + VECTORS_AT_ONCE]
            yield [row.id for row in batch], self._vectors_of([row.caption or "" for row in batch])

    def _vectors_of(self, captions: Sequence[str]) -> NDArray[np.float32]:
        journaled = self._journal.caption_vectors(captions)
        older = [caption for caption in dict.fromkeys(captions) if caption not in journaled]
        stored = dict(zip(older, self._last.caption_vectors_of([self._old_ids[caption] for caption in older]), strict=True))
        return np.stack([journaled[caption] if caption in journaled else stored[caption] for caption in captions])

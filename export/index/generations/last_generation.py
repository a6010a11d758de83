"""The generation in force, as a build starts from it: checked by sha256, and what is damaged in it left out.

`salvage.py` finds what a damaged one still holds. Writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.index.catalog import Catalog
from runtime.artefacts.file_record import why_damaged
from runtime.artefacts.fingerprint import PARTS, Fingerprint, Part, differing_entries
from runtime.artefacts.manifest import IndexManifest
from runtime.errors import ArtefactCorrupt
from runtime.stores.protocols import VectorSource

BAR_FROM_BYTES = 200_000_000  # read in less than a second
REMEDY = "Say what is damaged: lookwhy verify. Build the index again: lookwhy index FOLDER."


@dataclass(frozen=True)
class Generation:
    """What an index folder held before; empty where there was no index. `number` is the one in its folder's name.

    Where it `is_damaged`, a new one must be written in any case. `lost` and `lost_captions` are the ids of pictures whose
    vector, or whose caption's, cannot be used. `written_ns` is when it was written; rows without a sha256 are those of
    files that are unchanged since.
    """

    number: int = 0
    catalog: Catalog = field(default_factory=Catalog)
    manifest: IndexManifest | None = None
    store: VectorSource | None = None
    captions: VectorSource | None = None
    lost: frozenset[int] = frozenset()
    lost_captions: frozenset[int] = frozenset()
    is_damaged: bool = False
    written_ns: int = 0

    def has_form_for(self, count: int, ivf_from: int) -> bool:
        """Return whether its stores have the form that so many pictures are to have."""
        return self.manifest is not None and (self.manifest.probing is not None) == (count >= ivf_from)

    def made_with(self, models: Fingerprint, *parts: Part) -> bool:
        """Return whether these very models made these parts of it; all parts, where none is named."""
        if self.manifest is None:
            return False
        made_by = self.manifest.models
        return not any(differing_entries(part, made_by, models) for part in parts or PARTS)

    def vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            ArtefactCorrupt: the store has lost one since it was opened.
        """
        return _vectors_of(self.store, ids, self.number)

    def caption_vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of the captions of these ids, (n, d) float32, in their order; raises as `vectors_of`."""
        return _vectors_of(self.captions, ids, self.number)


def damaged_files(out: Path, manifest: IndexManifest, console: Console) -> dict[str, str]:
    """Return why the files of a generation are not what its manifest says, by path; empty where all are. Reads them all."""
    records = manifest.files()
    megabytes = sum(record.bytes for record in records) // 1_000_000
    shown = megabytes if megabytes * 1_000_000 >= BAR_FROM_BYTES else 0
    damaged = {}
    with progress_bar(console, "Checking the index (MB)", shown, transient=True) as advance:
        for record in records:
            if reason := why_damaged(out, record):
                damaged[record.path] = reason
            advance(record.bytes // 1_000_000)
    return damaged


def _vectors_of(store: VectorSource | None, ids: Sequence[int], number: int) -> NDArray[np.float32]:
    if store is None or not ids:
        return np.empty((0, 0), np.float32)
    try:
        return store.vectors_of(ids)
    except KeyError as cause:
        raise ArtefactCorrupt(f"Generation {number}", f"its vectors do not fit its catalogue: {cause}", REMEDY) from cause

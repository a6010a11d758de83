"""An engine that holds a library's rows, played: plain loops over the contract's pictures, in this process."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.cluster.load.tables import NameCounts, write_tables
from runtime.artefacts.file_record import record_file
from runtime.artefacts.manifest import IndexManifest
from runtime.library.picture_text import read_words
from runtime.library.remote.filter_condition import Condition, Selected, folder_of
from runtime.library.remote.library import RemoteLibrary
from runtime.library.remote.rows import RowKey, StoredPicture
from runtime.stores.flat import FlatStore
from runtime.stores.small import SmallStore
from tests.runtime.stores.contract_library import (
    COUNT,
    DIMENSION,
    TOWN_NAMES,
    OpenedStore,
    contract_facts,
    contract_rows,
    contract_texts,
    open_flat,
)

NEAREST_MAX = 300  # that one answer holds


class PlayedRows:
    """The contract's rows. Counts the calls."""

    def __init__(self) -> None:
        self.calls = 0
        texts = contract_texts()
        self.pictures = {
            row.id: StoredPicture(
                row, contract_facts()[row.id], read_words(texts[row.sha256]) if row.sha256 in texts else None
            )
            for row in contract_rows()
        }

    def pictures_of(self, ids: Sequence[int]) -> dict[int, StoredPicture]:
        self.calls += 1
        return {one: self.pictures[one] for one in ids if one in self.pictures}

    def pictures_with(self, key: RowKey, value: str) -> list[StoredPicture]:
        wanted = {"path": "image_path", "sha256": "sha256"}[key]
        return [picture for picture in self.pictures.values() if getattr(picture.row, wanted) == value]

    def which_meet(self, ids: Sequence[int], condition: Condition) -> set[int]:
        return {one for one in ids if one in self.pictures and meets(self.pictures[one], condition)}

    def count_of(self, condition: Condition) -> int:
        return len(self.which_meet(list(self.pictures), condition))

    def sample(self, count: int) -> list[int]:
        return sorted(self.pictures)[:: max(1, COUNT // count)]

    def check(self) -> None:
        self.calls += 1

    def close(self) -> None:
        self.pictures = {}


class PlayedStore:
    """The contract's vectors, searched among the ids that a condition leaves; never more than `NEAREST_MAX` at once."""

    compares_all, dimension, count = False, DIMENSION, COUNT

    def __init__(self, flat: FlatStore | SmallStore, rows: PlayedRows) -> None:
        self._flat, self.rows = flat, rows

    def search(
        self, vectors: NDArray[np.float32], k: int, *, allowed: Selected | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._flat.search(vectors, min(k, NEAREST_MAX), allowed=self._ids(allowed))

    def cosines(
        self, vector: NDArray[np.float32], *, allowed: Selected | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        ids, scores = self.search(vector[None], NEAREST_MAX, allowed=allowed)
        order = np.argsort(ids[0])
        return ids[0][order], scores[0][order].astype(np.float64)

    def vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        return self._flat.vectors_of(ids)

    def _ids(self, allowed: Selected | None) -> NDArray[np.int64] | None:
        if allowed is None:
            return None
        return np.array(sorted(self.rows.which_meet(list(self.rows.pictures), allowed.condition)), np.int64)


def meets(picture: StoredPicture, condition: Condition) -> bool:
    """Return whether a picture meets a condition: what each engine's own language must say."""
    facts, read = picture.facts, picture.words
    return (
        (condition.taken is None or condition.taken.holds(facts.taken))
        and (condition.places is None or (facts.place, facts.country) in condition.places)
        and (condition.cameras is None or facts.camera in condition.cameras)
        and (condition.folders is None or folder_of(picture.row.image_path) in condition.folders)
        and (condition.has_text is None or (read is not None and bool(read) is condition.has_text))
    )


def open_played(folder: Path) -> OpenedStore:
    """Return the contract's library as an engine holds it."""
    flat, rows = open_flat(folder), PlayedRows()
    counts = NameCounts()
    for row in contract_rows():
        known = contract_facts()[row.id]
        counts.add(row.image_path, known.taken, known.place, known.country, known.camera)
    write_tables(folder / "tables.sqlite", counts, town_names=TOWN_NAMES)
    record = record_file(folder, "tables.sqlite")
    manifest = IndexManifest(
        generation="photos_g1", images_dir=".", count=COUNT, dimension=DIMENSION, models={}, store=record,
        catalog=record, metadata=record,
    )  # fmt: skip
    assert isinstance(flat.pictures, FlatStore | SmallStore)
    return OpenedStore(PlayedStore(flat.pictures, rows), flat.captions, RemoteLibrary.open_over(rows, folder, manifest))

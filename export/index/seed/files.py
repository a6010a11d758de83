"""The seed project's two files, read and checked: `image_index.faiss`, and `metadata.json`, `{"filename", "path"}` a row.

Knows their form and where their pictures may lie now; what becomes of them is `export/index/seed/importing.py`'s.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from export.index.folder.name_finder import NameFinder
from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.flat import read_flat_vectors

NORM_TOLERANCE = 1e-2  # half precision on the way would cost 1e-3
FORM_REASON = 'it is no JSON list of {"filename": text, "path": text}'
REMEDY = "Give the two files that one run of the seed wrote, or build the index: lookwhy index FOLDER."


@dataclass(frozen=True)
class SeedFiles:
    """The seed's FAISS file, its `metadata.json`, and the folder where the pictures lie now."""

    store: Path
    metadata: Path
    images_dir: Path


@dataclass(frozen=True, slots=True)
class SeedEntry:
    """One picture of the seed's. `path` is where it lay on the machine that made the index."""

    filename: str
    path: str

    @property
    def name(self) -> str:
        """The name to report it by, with nothing in it that cannot be written as UTF-8."""
        return (self.path or self.filename).encode("utf-8", "backslashreplace").decode()


def read_seed(seed: SeedFiles, dimension: int) -> tuple[list[SeedEntry], NDArray[np.float32]]:
    """Return the entries, and their vectors in the same order, (n, d) float32 of L2 norm 1.

    Raises:
        ArtefactMissing: a file is not there.
        ArtefactCorrupt: a file is of another form, or the two do not fit each other or the dimension.
    """
    vectors = read_flat_vectors(seed.store, REMEDY)
    entries = _read_entries(seed.metadata)
    if len(entries) != len(vectors):
        reason = f"it names {len(entries):,} pictures where {seed.store} has {len(vectors):,} vectors"
        raise ArtefactCorrupt(seed.metadata, reason, REMEDY)
    if vectors.shape[1] != dimension:
        reason = f"its vectors have {vectors.shape[1]} dimensions where the models' have {dimension}"
        raise ArtefactCorrupt(seed.store, reason, "Point --models at the CLIP that made it.")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    if not np.all(np.abs(norms - 1) <= NORM_TOLERANCE):  # so written that NaN is refused too
        raise ArtefactCorrupt(seed.store, "its vectors are not of length 1, so their order by L2 is no cosine's", REMEDY)
    return entries, vectors / norms


def locate(entry: SeedEntry, pictures: NameFinder) -> tuple[str, str] | None:
    """Return which of the pictures of a folder an entry means, and how that was found out; None where it means none.

    Of several, it is the one that shares most of its path's end.
    """
    return pictures.find(possible_paths(entry))


def _read_entries(path: Path) -> list[SeedEntry]:
    try:
        listed = json.loads(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError):
        raise ArtefactMissing(path, REMEDY) from None
    except ValueError as cause:  # no JSON, or no UTF-8
        raise ArtefactCorrupt(path, FORM_REASON, REMEDY) from cause
    if not isinstance(listed, list) or not all(map(_is_entry, listed)):
        raise ArtefactCorrupt(path, FORM_REASON, REMEDY)
    return [SeedEntry(one["filename"], one["path"]) for one in listed]


def _is_entry(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("filename"), str) and isinstance(one.get("path"), str)


def possible_paths(entry: SeedEntry) -> list[str]:
    """Return where an entry's picture may lie in a folder: at each end of its path, the longest first."""
    return list(dict.fromkeys(_ends(entry)))


def _ends(entry: SeedEntry) -> Iterator[str]:
    for name in (entry.path, entry.filename):
        for spelled in (name, name.replace("\\", "/")):  # a path from Windows
            parts = PurePosixPath(spelled).parts
            yield from ("/".join(parts[start:]) for start in range(len(parts)))

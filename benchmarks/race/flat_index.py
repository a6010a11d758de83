"""The seed's index on disk: a flat L2 index over unit vectors, and its pictures' names. Seed and plain ONNX both use it."""

import json
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

INDEX, METADATA = "image_index.faiss", "metadata.json"
Vectors = NDArray[np.float32]


class FlatIndex:
    """An opened index."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Read the index of `folder`; there is none before the first build, and searching is then an error."""
        faiss.omp_set_num_threads(threads)
        if (folder / INDEX).exists():
            self._index = faiss.read_index(str(folder / INDEX))
            self._names = [entry["filename"] for entry in json.loads((folder / METADATA).read_text("utf-8"))]

    def search(self, vector: Vectors, top_k: int) -> list[str]:
        """Return the file names of the pictures nearest to (1, d), nearest first."""
        _, found = self._index.search(unit(vector), top_k)
        return [self._names[at] for at in found[0] if at >= 0]


def write_flat_index(folder: Path, files: Sequence[Path], vectors: Sequence[Vectors], captions: Sequence[str]) -> None:
    """Write an index of pictures, each with its (1, d) vector and, where there are any, its caption."""
    rows = unit(np.concatenate(vectors))
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    metadata = [{"filename": file.name, "path": str(file)} for file in files]
    for entry, caption in zip(metadata, captions, strict=bool(captions)):
        entry["caption"] = caption
    folder.mkdir(parents=True, exist_ok=True)
    faiss.write_index(index, str(folder / INDEX))
    (folder / METADATA).write_text(json.dumps(metadata), "utf-8")


def unit(vectors: Vectors) -> Vectors:
    """Return the rows with L2 norm 1."""
    rows: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows

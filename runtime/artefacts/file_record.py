"""Records of files: a path, a length, a sha256; of a graph also the file that its weights are mapped from.

Owns how a file is hashed and recorded. `manifest.py` owns what a folder of them means.
"""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

WEIGHTS_SUFFIX = ".weights"  # a graph's weights are named as it is, but for this
HASH_CHUNK_BYTES = 1 << 20


class Record(BaseModel):
    """A frozen part of a manifest; an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileRecord(Record):
    """One file of an artefact folder: its path below the folder (posix), its length, its sha256."""

    path: str
    bytes: int
    sha256: str


class GraphRecord(FileRecord):
    """A graph, and the file beside it that its weights are mapped from. Older exports have one file."""

    weights: FileRecord | None = None

    def files(self) -> list[FileRecord]:
        """Return the records of its one or two files."""
        return [self, self.weights] if self.weights else [self]


def record_file(folder: Path, path: str) -> FileRecord:
    """Return the record of the file at `path` below `folder`, hashed now."""
    full = folder / path
    return FileRecord(path=path, bytes=full.stat().st_size, sha256=sha256_of(full))


def record_graph(folder: Path, path: str) -> GraphRecord:
    """Return the record of the graph at `path` below `folder`, and of its weights if they are beside it; hashed now."""
    record, weights = record_file(folder, path), Path(path).with_suffix(WEIGHTS_SUFFIX).as_posix()
    beside = record_file(folder, weights) if (folder / weights).is_file() else None
    return GraphRecord(**record.model_dump(), weights=beside)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal, read in pieces of `HASH_CHUNK_BYTES`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()

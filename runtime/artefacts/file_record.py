"""Records of files: a path, a length, a sha256; of a graph also the file that its weights are mapped from.

Owns how a file is opened, hashed, recorded and compared with its record. `manifest.py` owns what a folder of them means.
"""

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.errors import ArtefactCorrupt

WEIGHTS_SUFFIX = ".weights"  # a graph's weights are named as it is, but for this
HASH_CHUNK_BYTES = 1 << 20


class Record(BaseModel):
    """A frozen part of a manifest; an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(Record):
    """A JSON file whole. Each kind declares a field `format`, whose default names its form and version."""

    @classmethod
    def parse(cls, content: str | bytes, name: Path | str, remedy: str) -> Self:
        """Return the document in a file's content; `name` is what an error calls the file, and `remedy` ends its message.

        Raises:
            ArtefactCorrupt: it is none of this form.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as cause:
            fault = cause.errors()[0]
            place = ".".join(map(str, fault["loc"]))
            said = f"{place}: {fault['msg']}" if place else fault["msg"]
            reason = f"it is not a {cls.model_fields['format'].default} file ({said})"
            raise ArtefactCorrupt(name, reason, remedy) from cause


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


def why_damaged(folder: Path, record: FileRecord) -> str | None:
    """Return why a file is not what its record says, None where it is. All of it is read."""
    try:
        with open_file(folder / record.path) as file:
            given_bytes = os.fstat(file.fileno()).st_size
            if given_bytes != record.bytes:
                return f"it has {given_bytes:,} bytes where the manifest says {record.bytes:,}"
            return None if _digest(file) == record.sha256 else "its sha256 is not the one in the manifest"
    except FileNotFoundError:
        return "it is not there"
    except (OSError, ValueError) as cause:  # ValueError: a damaged manifest may name a path with a NUL
        return f"it cannot be read ({getattr(cause, 'strerror', None) or cause})"


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with open_file(path) as file:
        return _digest(file)


def sha256_of_opened(file: BinaryIO) -> str:
    """Return the sha256 of a whole file that is open, which is then read from its beginning again."""
    file.seek(0)
    sha256 = _digest(file)
    file.seek(0)
    return sha256


def open_file(path: Path) -> BinaryIO:
    """Open a regular file to read. A FIFO would keep its reader waiting for ever, and a device may never end.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(HASH_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()

"""Whether files still are what their records say, by sha256. Slow on purpose, as it runs beside a server."""

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from time import perf_counter

from runtime.artefacts.file_record import HASH_CHUNK_BYTES, FileRecord, open_file, sha256_of
from runtime.artefacts.manifest import MANIFEST_NAME, parse_index_manifest
from runtime.errors import ArtefactError

REST_SHARE = 4.0  # of the time that a piece took: the check takes at most a fifth of one core
RESTED_FROM_S = 0.02  # shorter rests are put together


def find_damage(folder: Path, records: Iterable[FileRecord], rest: Callable[[float], bool]) -> list[Path] | None:
    """Return the files that have another sha256 than their records; one that is gone has been replaced, and is no damage.

    Args:
        folder: where they lie.
        records: theirs.
        rest: called with seconds, between two pieces; it waits so long, or returns True for the check to end.

    Returns:
        The damaged files; None where the check was ended.
    """
    found = []
    for record in records:
        try:
            if _differs(folder / record.path, record, rest):
                found.append(folder / record.path)
        except _Ended:
            return None
    return found


def manifest_is_damaged(folder: Path, generation: str) -> bool:
    """Return whether an index's manifest is not the one that its generation keeps the sha256 of; False where it keeps none.

    One that names another generation is newer, and says nothing of this one.
    """
    path = folder / MANIFEST_NAME
    try:
        with open_file(folder / generation / f"{MANIFEST_NAME}.sha256") as told:
            kept = told.read().decode("ascii").split()[0]
        given, digest = parse_index_manifest(path), sha256_of(path)
    except (OSError, ValueError, IndexError):
        return False
    except ArtefactError:
        return True
    return given.generation == generation and digest != kept


class _Ended(Exception):
    """The check is to end."""


def changed_length(folder: Path, records: Iterable[FileRecord]) -> list[Path]:
    """Return the files that have another length than their records; none is read."""
    found = []
    for record in records:
        with suppress(OSError):
            if (folder / record.path).stat().st_size != record.bytes:
                found.append(folder / record.path)
    return found


def _differs(path: Path, record: FileRecord, rest: Callable[[float], bool]) -> bool:
    digest, worked_s = hashlib.sha256(), 0.0
    try:
        with path.open("rb", buffering=0) as file:
            while True:
                start = perf_counter()
                chunk = os.read(file.fileno(), HASH_CHUNK_BYTES)
                digest.update(chunk)
                worked_s += perf_counter() - start
                if not chunk:
                    return digest.hexdigest() != record.sha256
                if worked_s > RESTED_FROM_S:
                    if rest(REST_SHARE * worked_s):
                        raise _Ended
                    worked_s = 0.0
    except FileNotFoundError:
        return False
    except OSError:  # such as a bad block
        return True

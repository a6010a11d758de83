"""The generations in an index folder: which is in force, which are whole, how much disk they take, and which go.

Every generation keeps a copy of its manifest, and the copy's sha256 in the form of coreutils. By that, damage of
`manifest.json` is noticed and mended, and an earlier generation can be put back into force. Writes no other file.
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from export.atomic import locked_folder, sync
from export.errors import OutputUnwritable
from export.index.folder.scan import is_text
from export.index.generations.row_sums import SUMS_NAME
from export.index.vectors.store_files import STORE_NAMES
from runtime.artefacts.file_record import open_file
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, parse_index_manifest
from runtime.artefacts.whole_file import PART_SUFFIX, whole_file
from runtime.errors import ArtefactError

CATALOG_NAME, METADATA_NAME = "catalog.sqlite", "metadata.json"
MANIFEST_SUM_NAME = f"{MANIFEST_NAME}.sha256"
FOLDER_NAME = re.compile(r"g(\d{6,})")
# Removed in this order: what is half removed has no manifest any more, and so is not taken for whole.
OWN_NAMES = (MANIFEST_SUM_NAME, MANIFEST_NAME, *STORE_NAMES, CATALOG_NAME, METADATA_NAME, SUMS_NAME)


@dataclass(frozen=True)
class FoundManifest:
    """The manifest of the generation in force. `fault` says what is wrong with `manifest.json`, None where nothing is.

    Where there is a fault, `manifest` is the generation's own copy, if that is sound.
    """

    manifest: IndexManifest
    fault: str | None = None


def find_manifest(out: Path) -> FoundManifest | None:
    """Return the manifest in force, or the one that comes nearest; None where there is none that can be read."""
    path = out / MANIFEST_NAME
    try:
        manifest = parse_index_manifest(path)
    except ArtefactError as error:
        return _newest(out, str(error))
    folder = out / manifest.generation
    if not is_whole(folder):
        lost = None if _is_folder(folder) else _newest(out, f"{path} names {manifest.generation!r}, which is not there.")
        return lost or FoundManifest(manifest)
    if (folder / MANIFEST_NAME).read_bytes() == path.read_bytes():
        return FoundManifest(manifest)
    fault = f"{path} is not as it was written; its copy in {folder.name} is."
    return FoundManifest(parse_index_manifest(folder / MANIFEST_NAME), fault)


def _newest(out: Path, fault: str) -> FoundManifest | None:
    """Return the manifest of the newest whole generation, in place of one that cannot be used; None where there is none."""
    whole = whole_generations(out)
    return FoundManifest(parse_index_manifest(out / name_of(whole[0]) / MANIFEST_NAME), fault) if whole else None


def put_in_force(out: Path, content: bytes) -> None:
    """Switch the index to the generation with this manifest, whose files are in place. Replacing `manifest.json` does it.

    Raises:
        OSError: a manifest cannot be written; the index is as it was.
    """
    keep_manifest(out)
    sync(out)  # the generation's folder must be there before a manifest names it
    with whole_file(out / MANIFEST_NAME) as file:
        file.write(content)
    with suppress(OSError):  # the switch is done; the next run writes what is lacking
        keep_manifest(out)


def keep_manifest(out: Path) -> None:
    """Let the generation in force have its copy of the manifest, and the copy's sha256, if it lacks them.

    The sha256 is written only here, so a generation that has it was in force at some time.

    Raises:
        OSError: it cannot be written.
    """
    try:
        folder = out / parse_index_manifest(out / MANIFEST_NAME).generation
    except ArtefactError:
        return
    if not number_of(folder.name) or not _is_folder(folder) or is_whole(folder):
        return
    content = (out / MANIFEST_NAME).read_bytes()
    written = {MANIFEST_NAME: content, MANIFEST_SUM_NAME: _sum_line(content)}
    there = {name: path.read_bytes() for name in written if (path := folder / name).is_file()}
    if MANIFEST_SUM_NAME in there and not there.items() & written.items():
        return  # both say something else: it is not known which of the three is damaged
    for name, text in written.items():
        with whole_file(folder / name) as file:
            file.write(text)


def is_whole(folder: Path) -> bool:
    """Return whether a generation was in force at some time: its copy of the manifest is there, and sound."""
    try:
        with open_file(folder / MANIFEST_NAME) as manifest, open_file(folder / MANIFEST_SUM_NAME) as told:
            sound = told.read() == _sum_line(manifest.read())
        return sound and parse_index_manifest(folder / MANIFEST_NAME).generation == folder.name
    except (OSError, ValueError, ArtefactError):  # ValueError: a damaged name with a NUL
        return False


def whole_generations(out: Path) -> list[int]:
    """Return the numbers of the generations that were in force at some time, the newest first."""
    return sorted((number for number in _numbers(out) if is_whole(out / name_of(number))), reverse=True)


def is_partial(folder: Path) -> bool:
    """Return whether a whole generation was published while pictures were still to be embedded."""
    return parse_index_manifest(folder / MANIFEST_NAME).awaited > 0


def highest_number(out: Path) -> int:
    """Return the highest number that a generation's folder has, whole or not; 0 where there is none."""
    return max(_numbers(out), default=0)


def next_number(out: Path, number: int) -> int:
    """Return the number of the generation that follows this one: above all that were ever in force, as far as they are left.

    What a killed build left half-written is written over.
    """
    return 1 + max([number, *whole_generations(out)])


def name_of(number: int) -> str:
    """Return the name of a generation's folder."""
    return f"g{number:06d}"


def number_of(folder_name: str) -> int:
    """Return the number in the name of a generation's folder, 0 for any other name."""
    found = FOLDER_NAME.fullmatch(folder_name)
    return int(found[1]) if found else 0


def remove_leftovers(
    out: Path, number: int, *, before: Collection[int] = (), passing: Collection[int] = (), keep: int = 1
) -> None:
    """Remove old and half-written generations.

    Args:
        out: the index folder.
        number: the generation in force.
        before: those that were in force until now, which a reader may be opening at this moment; they stay.
        passing: those that this build put into force on its way, to which nobody would go back.
        keep: how many others stay at most, those of `before` counted: the newest whole ones that are neither passing nor
            partial.

    Raises:
        OSError: one cannot be removed.
    """
    whole = [one for one in whole_generations(out) if one not in {number, *passing} and not is_partial(out / name_of(one))]
    others = [one for one in whole if one not in before]
    kept = {number, *before, *others[: max(0, keep - len(whole) + len(others))]}
    for one in _numbers(out) - kept:
        remove_generation(out / name_of(one))
    (out / f"{MANIFEST_NAME}{PART_SUFFIX}").unlink(missing_ok=True)


def remove_generation(folder: Path) -> None:
    """Remove our own files by name, then the folder if nothing else is in it: `--out` may point anywhere.

    Raises:
        OSError: a file cannot be removed.
    """
    for name in (*OWN_NAMES, *(f"{own}{PART_SUFFIX}" for own in OWN_NAMES)):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def bytes_of(folder: Path) -> int:
    """Return how many bytes a generation's files have."""
    files = (folder / name for name in OWN_NAMES)
    return sum(file.stat().st_size for file in files if file.is_file())


@contextmanager
def sole_writer(out: Path) -> Iterator[None]:
    """Hold `out`, made if need be, against a second build.

    Raises:
        OutputUnwritable: another build holds it, or it cannot be made.
    """
    if not is_text(str(out)):
        raise OutputUnwritable(out, "its path has bytes that are not UTF-8, which faiss cannot open")
    with locked_folder(out, "another build is writing it; wait for that one to end"):
        yield


def _numbers(out: Path) -> set[int]:
    return {number for path in out.iterdir() if (number := number_of(path.name))} if out.is_dir() else set()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a damaged name, too long or with a NUL
        return False


def _sum_line(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {MANIFEST_NAME}\n".encode()

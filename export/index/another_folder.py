"""Whether an index is of the folder that a run is given, and whether the run may bring another folder into its place.

A library that was moved is known by its contents. A folder that lacks the pictures of the index is another library, which
would replace it, captions included: that is refused. Reads no picture and writes nothing.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from export.index.catalog import IndexedImage
from export.index.errors import IndexOfAnother
from export.index.folder.found import Scan
from export.index.generations.history import find_manifest
from export.index.generations.last_generation import Generation
from export.index.unreachable_pictures import KeptPictures

# A library that was moved has lost less than the half that `unreachable_pictures.py` does not believe to be gone.
FOUND_SHARE = 0.5


def is_same_folder(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one folder, links followed; what is not there is only itself."""
    try:
        return one == other or one.samefile(other)
    except (OSError, ValueError):
        return False


def refuse_another(
    scan: Scan, last: Generation, out: Path, forget: Collection[str], hashes: Mapping[str, str] | None = None
) -> None:
    """Refuse a folder that would replace the library of another.

    Another folder is accepted where it has all pictures of the index, or half of them or more and is no part of the index's
    own folder. Names alone say nothing: cameras give the same ones again and again. One without pictures is refused later.

    Args:
        scan: the look at the folder.
        last: the last generation, of this folder or another.
        out: the index's folder.
        forget: the folders of the index's pictures that may go, by relative path; "." for all.
        hashes: the sha256 of the folder's pictures, by path. None where their files are still to be read: then the folder
            is refused only if their lengths say already that they are others.

    Raises:
        IndexOfAnother: its pictures are not here.
    """
    former = None if last.manifest is None else Path(last.manifest.images_dir)
    if former is None or not scan.images or is_same_folder(former, scan.folder):
        return
    old = {row.image_path: row for row in last.catalog.rows if not scan.why_left_out(row.image_path)}
    kept = KeptPictures(old, forget)
    rows = [row for row in old.values() if not kept.is_forgotten(row.image_path)]
    found = _count_lengths(rows, scan) if hashes is None else _count_contents(rows, scan, hashes)
    is_part = scan.folder.is_relative_to(_real(former))
    if found < len(rows) * (1.0 if is_part else FOUND_SHARE):
        raise IndexOfAnother(
            scan.folder, out, former, pictures=len(last.catalog.rows), other_out=free_name(out, scan.folder)
        )


def free_name(out: Path, folder: Path) -> Path:
    """Return where an index of a folder may go beside another: nothing is there, or an index of that very folder."""
    name = re.sub(r"[^\w.]+", "-", folder.name.lower()).strip("-.") or "second"
    names = (name, f"{name}-index", *(f"{name}-{number}" for number in range(2, 1000)))
    return next((out.parent / one for one in names if _is_free(out.parent / one, folder)), out.parent / name)


def _count_lengths(rows: Sequence[IndexedImage], scan: Scan) -> int:
    """Return how many pictures of the index may be in the folder, by the lengths of their files: never too few."""
    lengths = Counter(row.bytes for row in rows if row.sha256) & Counter(image.bytes for image in scan.images)
    return lengths.total() + _count_unsure(rows, {image.image_path for image in scan.images})


def _count_contents(rows: Sequence[IndexedImage], scan: Scan, hashes: Mapping[str, str]) -> int:
    """Return how many pictures of the index are in the folder: by content, by path and length where a file was not read."""
    contents = Counter(row.sha256 for row in rows if row.sha256) & Counter(hashes.values())
    unread = {(image.image_path, image.bytes) for image in scan.images if image.image_path not in hashes}
    unsure = _count_unsure(rows, {image.image_path for image in scan.images})
    return contents.total() + unsure + sum((row.image_path, row.bytes) in unread for row in rows if row.sha256)


def _count_unsure(rows: Sequence[IndexedImage], paths: Collection[str]) -> int:
    """Return how many pictures whose content a damaged catalogue has lost have a file at their path."""
    return sum(row.image_path in paths for row in rows if not row.sha256)


def _is_free(out: Path, folder: Path) -> bool:
    if not out.exists():
        return True
    found = find_manifest(out)
    return found is not None and is_same_folder(Path(found.manifest.images_dir), folder)


def _real(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return folder

"""Pictures of the last generation that this run cannot look at: they are unknown, not gone, and so keep their rows.

Decides by names alone which those are, and counts them by folder. `pictures.py` puts them among the others.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from export.errors import FolderUnusable
from export.index.catalog import IndexedImage
from export.index.folder.scan import INT64_MIN, Scan
from export.index.folder.unread_formats import why_needs_extra

# Where so much of a library has gone since the last run, a drive that is not mounted is likelier than a person who removed
# it: immich, PhotoPrism and koel all lost libraries to it.
GONE_SHARE, GONE_MIN = 0.5, 10
TOLD_SHARE = 0.1  # of a library: fewer than that a person removes any day, and needs no word about how to bring it back
GONE_NS = INT64_MIN  # the mtime of a picture that was no longer there, and was kept: no file has it
EMPTY = "the folder holds nothing at all now, as if a drive was not mounted"
GONE = "half of the library or more is no longer there, as if a drive was not mounted"
EVERYWHERE = "."


@dataclass(frozen=True, slots=True)
class KeptFolder:
    """So many pictures below a folder that kept their rows, and why they could not be looked at."""

    name: str
    reason: str
    pictures: int


class KeptPictures:
    """The rows of the last generation that are kept as they are, by path, and why."""

    def __init__(self, old: Mapping[str, IndexedImage], forget: Collection[str]) -> None:
        """Begin with none.

        Args:
            old: the last generation's rows by path, but for what is left out now on purpose; none where that was made
                of another folder.
            forget: the folders below which nothing is kept, by relative path; "." for all.
        """
        self.rows: dict[str, IndexedImage] = {}
        self._old, self._forget = old, forget
        self._reasons: dict[str, tuple[str, str]] = {}

    @property
    def folders(self) -> list[KeptFolder]:
        """What is kept, by folder and reason."""
        counts = Counter(self._reasons.values())
        return [KeptFolder(name, reason, count) for (name, reason), count in sorted(counts.items())]

    def unknown(self, scan: Scan) -> Iterator[tuple[IndexedImage, str, str]]:
        """Yield every row that a look at the folder says nothing of, with the folder and the reason."""
        there = {image.image_path for image in scan.images}
        for path, row in self._old.items():
            if path in there or self.is_forgotten(path):
                continue
            if found := _why_unknown(path, scan):
                yield row, *found
            elif row.mtime_ns == GONE_NS:
                yield row, EVERYWHERE, GONE

    def row_of(self, path: str) -> IndexedImage | None:
        """Return the row that a picture had, None where it had none or is to be forgotten."""
        return None if self.is_forgotten(path) else self._old.get(path)

    def are_too_many(self, gone: Collection[str]) -> bool:
        """Return whether so much has gone at once that it is not believed."""
        return self._have_gone(gone, GONE_SHARE)

    def lines_about(self, gone: Collection[str]) -> list[str]:
        """Return what is told of pictures that have gone and are believed to be; nothing of a few, or if asked to."""
        if not self._have_gone(gone, TOLD_SHARE):
            return []
        return [
            f"{len(gone):,} of {len(self._old):,} pictures are no longer there and left the index. Were they to stay? Put "
            "their files back, and lookwhy rollback brings back what was known of them."
        ]

    def _have_gone(self, gone: Collection[str], share: float) -> bool:
        unasked = sum(path in self._old and not self.is_forgotten(path) for path in gone)
        return unasked >= GONE_MIN and unasked >= share * len(self._old)

    def keep(self, row: IndexedImage, folder: str, reason: str) -> None:
        """Keep a row; a second reason is as good as the first."""
        if row.image_path not in self.rows:
            self.rows[row.image_path] = row
            self._reasons[row.image_path] = folder, reason

    def reason_of(self, row: IndexedImage) -> tuple[str, str]:
        """Return the folder of a row that is kept, and why it is."""
        return self._reasons[row.image_path]

    def is_forgotten(self, path: str) -> bool:
        """Return whether nothing is to be kept of a picture that cannot be looked at."""
        return any(name == EVERYWHERE or f"{path}/".startswith(f"{name}/") for name in self._forget)


def named_folders(root: Path, below: Iterable[Path], *, everywhere: bool) -> tuple[str, ...]:
    """Return folders as they are kept in an index, by relative path, however a person names them; "." for all.

    Raises:
        FolderUnusable: one lies outside the folder of pictures.
    """
    names = [EVERYWHERE] if everywhere else []
    for folder in below:
        inside = folder if folder.is_absolute() else root.absolute() / folder
        name = os.path.relpath(os.path.normpath(inside), os.path.normpath(root.absolute()))
        if name.startswith(".."):
            raise FolderUnusable(folder, f"it does not lie below {root}; nothing is forgotten")
        names.append(name)
    return tuple(names)


def folder_of(path: str) -> str:
    """Return the folder that a picture lies in, by relative path; "." for the folder of pictures itself."""
    return str(PurePosixPath(path).parent)


def _why_unknown(path: str, scan: Scan) -> tuple[str, str] | None:
    """Return the folder and the reason why nothing is known of what lies at a path; None where it is known to be gone."""
    for place in (path, scan.dangling.get(path)):
        if place is None:
            continue
        if place in scan.unread and (needed := why_needs_extra(scan.unread[place])):
            return folder_of(place), needed
        if place in scan.unlisted:
            return folder_of(place), scan.unlisted[place]
        for folder in map(str, PurePosixPath(place).parents):
            if folder in scan.unlisted:
                return folder, scan.unlisted[folder]
            if folder in scan.empty:
                return folder, EMPTY
    return None

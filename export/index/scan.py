"""The files of a folder of pictures: names, lengths, times. Opens none of them; `decode.py` does."""

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from export.errors import FolderUnusable
from runtime.images import IMAGE_SUFFIXES

# A file may change twice within one tick of its file system's clock (2 s on FAT); its mtime shows only the first.
RACY_NS = 2_000_000_000
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1  # what SQLite can keep; some file systems have times beyond the year 2262
BESIDE_SUFFIXES = frozenset({".xmp", ".json"})  # of sidecars, and of Google Takeout's
MISREAD = (
    f"names in it are UTF-8, but the locale (LC_ALL, LC_CTYPE or LANG) reads them as {sys.getfilesystemencoding()}; "
    "set LC_ALL=C.UTF-8"
)


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A file whose name says that it is a picture. `image_path` is relative to the folder, with forward slashes."""

    image_path: str
    bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedImage:
    r"""A picture that is not in the library, and why.

    `name` is its relative path, bytes that are no UTF-8 written as `\xNN`. `sha256` is None where the file could not even
    be read, or became another one meanwhile: such a file is tried again at every run, any other only once it has changed.
    """

    name: str
    reason: str
    sha256: str | None = None
    bytes: int = 0
    mtime_ns: int = 0


@dataclass
class Scan:
    """One look at a folder: its pictures by path, what cannot be indexed, and how many other files there are.

    `unlisted` says by relative path of what could not be looked at why, be it a folder or a file: what lies there is not
    known. `empty` are the folders that hold nothing at all, not even a hidden file, as a mount point does when nothing is
    mounted. `dangling` says where links that lead nowhere would lead, inside the folder. `beside` are the files, no links,
    whose suffix says that they may tell something of a picture; they count among the other files.
    """

    folder: Path
    began_ns: int
    images: list[FoundImage] = field(default_factory=list)
    skipped: list[SkippedImage] = field(default_factory=list)
    other_files: int = 0
    unlisted: dict[str, str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    dangling: dict[str, str] = field(default_factory=dict)
    beside: list[FoundImage] = field(default_factory=list)


def scan_folder(folder: Path, leave_out: Path | None = None) -> Scan:
    """Return what lies in `folder` and below.

    Hidden files and folders, and the folder `leave_out`, are passed over. Links to folders are not followed, so a loop does
    no harm; a link to a file counts when it ends inside `folder`, because only those will be served.

    Raises:
        FolderUnusable: it is not there, is no folder, cannot be listed, or holds nothing that could be a picture.
    """
    root = _usable_root(folder)
    scan = Scan(root, began_ns=time.time_ns())
    passed_over = leave_out.resolve() if leave_out else None
    waiting = [root]
    while waiting:
        here = waiting.pop()
        try:
            entries = _visible_entries(here, scan)
        except OSError as cause:
            reason = cause.strerror or str(cause)
            if here == root:
                raise FolderUnusable(folder, reason) from cause
            scan.unlisted[_name_of(here, root)] = f"the folder cannot be listed ({reason})"
            continue
        folders = [path for entry in entries if (path := _note_entry(entry, scan))]
        waiting += [path for path in folders if path != passed_over]
    if not (scan.images or scan.skipped or scan.unlisted or scan.empty - {"."}):
        raise FolderUnusable(folder, why_no_picture(scan.other_files))
    scan.images.sort(key=lambda image: image.image_path)
    scan.skipped.sort(key=lambda image: image.name)
    return scan


def mtime_of(facts: os.stat_result) -> int:
    """Return a file's mtime in nanoseconds, as near to it as SQLite can keep."""
    return min(max(facts.st_mtime_ns, INT64_MIN + 1), INT64_MAX)


def is_text(path: str) -> bool:
    """Return whether a path can be written as UTF-8; one with other bytes cannot be kept in JSON or SQLite."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_misread(path: str) -> bool:
    """Return whether a path is UTF-8 on the disk, while the locale makes Python read it as something else.

    Such a name is not skipped: it would leave the index, although its file is in order.
    """
    if sys.getfilesystemencoding() == "utf-8" or path.isascii():
        return False
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeError:
        return False
    return True


def _usable_root(folder: Path) -> Path:
    if not folder.exists():
        raise FolderUnusable(folder, "it is not there. If a drive belongs there, mount it; an index of it is as it was")
    if not folder.is_dir():
        raise FolderUnusable(folder, "it is a file; give the folder that the pictures lie in")
    root = folder.resolve()
    if is_misread(str(root)):
        raise FolderUnusable(folder, MISREAD)
    if not is_text(str(root)):
        raise FolderUnusable(folder, "its own path has bytes that are not UTF-8; rename or move it")
    return root


def _visible_entries(folder: Path, scan: Scan) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as listed:
        entries = list(listed)
    if not entries:
        scan.empty.add(_name_of(folder, scan.folder))
    return [entry for entry in entries if not entry.name.startswith(".")]


def _note_entry(entry: os.DirEntry[str], scan: Scan) -> Path | None:
    """Return the path of a folder, to be listed in its turn; anything else is noted."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return Path(entry.path)
        _note_file(entry, scan)
    except OSError as cause:
        name = _name_of(Path(entry.path), scan.folder)
        scan.unlisted[name] = f"it cannot be looked at ({cause.strerror or cause})"
    return None


def _note_file(entry: os.DirEntry[str], scan: Scan) -> None:
    path = Path(entry.path)
    name = _name_of(path, scan.folder)
    is_picture = path.suffix.lower() in IMAGE_SUFFIXES
    if entry.is_symlink() and (reason := _why_not_followed(path, scan, is_picture)):
        scan.skipped.append(SkippedImage(name, reason))
    elif not is_picture or not entry.is_file():
        scan.other_files += 1
        if path.suffix.lower() in BESIDE_SUFFIXES and entry.is_file(follow_symlinks=False) and is_text(entry.path):
            _note_found(entry, name, scan.beside)
    elif is_misread(entry.path):
        raise FolderUnusable(scan.folder, MISREAD)
    elif not is_text(entry.path):
        scan.skipped.append(SkippedImage(name, "its name has bytes that are not UTF-8; rename it"))
    else:
        _note_found(entry, name, scan.images)


def _note_found(entry: os.DirEntry[str], name: str, found: list[FoundImage]) -> None:
    try:
        facts = entry.stat()
    except FileNotFoundError:  # deleted since the folder was listed: nothing to report
        return
    found.append(FoundImage(name, facts.st_size, mtime_of(facts)))


def _why_not_followed(link: Path, scan: Scan, is_picture: bool) -> str | None:
    """Return why a link is skipped by name; None where it leads to a file inside, or to nothing that anyone would miss."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop, before Python 3.13
        if is_picture:
            _note_dangling(link, scan)
        return "it is a link that leads nowhere" if is_picture else None
    if target.is_relative_to(scan.folder) or not (is_picture or target.is_dir()):
        return None
    return f"it is a link out of the folder, to {'a folder; index that one itself' if target.is_dir() else 'a file'}"


def _note_dangling(link: Path, scan: Scan) -> None:
    try:
        target = link.resolve()
    except (OSError, RuntimeError):
        return
    if target.is_relative_to(scan.folder):
        scan.dangling[_name_of(link, scan.folder)] = _name_of(target, scan.folder)


def _name_of(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    return relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def why_no_picture(other_files: int) -> str:
    """Return why a folder with so many files, none of them a picture, cannot be indexed."""
    if not other_files:
        return "it holds no file. If a drive belongs there, mount it; an index made of it before is as it was"
    return f"none of its {other_files:,} files is a picture ({', '.join(sorted(IMAGE_SUFFIXES))})"

"""The files of a folder of pictures: names, lengths, times. Opens none of them to decode it; `picture_file.py` does."""

import os
import sys
import time
from difflib import get_close_matches
from pathlib import Path

from export.errors import FolderUnusable
from export.index.folder.excluded_files import HIDDEN, NOMEDIA, ExclusionRules
from export.index.folder.found import MOUNT_IT, FoundImage, Scan, SkippedImage, why_no_picture
from export.index.folder.unread_formats import READ_SUFFIXES, live_videos, suffix_of, unread_kind
from runtime.artefacts.manifest import MANIFEST_NAME, parse_index_manifest
from runtime.errors import ArtefactError

__all__ = [
    "INT64_MIN",
    "FoundImage",
    "Scan",
    "SkippedImage",
    "is_misread",
    "is_text",
    "mtime_of",
    "scan_folder",
    "usable_root",
]

# A file may change twice within one tick of its file system's clock (2 s on FAT); its mtime shows only the first.
RACY_NS = 2_000_000_000
MOUNTED_BELOW = frozenset({"/mnt", "/media", "/Volumes"})
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1  # what SQLite can keep; some file systems have times beyond the year 2262
BESIDE_SUFFIXES = frozenset({".xmp", ".json"})  # of sidecars, and of Google Takeout's
MISREAD = (
    f"names in it are UTF-8, but the locale (LC_ALL, LC_CTYPE or LANG) reads them as {sys.getfilesystemencoding()}; "
    "set LC_ALL=C.UTF-8"
)


def scan_folder(folder: Path, leave_out: Path | None = None, rules: ExclusionRules | None = None) -> Scan:
    """Return what lies in `folder` and below.

    What the rules leave out, folders with a file `.nomedia`, and the folder `leave_out`, are passed over. Links to folders
    are not followed, so a loop does no harm; a link to a file counts when it ends inside `folder`, because only those will
    be served.

    Raises:
        FolderUnusable: it is not there, is no folder, cannot be listed, or holds nothing that could be a picture.
    """
    root = usable_root(folder, leave_out)
    scan = Scan(root, began_ns=time.time_ns(), rules=rules or ExclusionRules(root))
    passed_over = leave_out.resolve() if leave_out else None
    waiting = [root]
    while waiting:
        here = waiting.pop()
        try:
            entries = _entries(here, scan)
        except OSError as cause:
            reason = cause.strerror or str(cause)
            if here == root:
                raise FolderUnusable(folder, reason) from cause
            scan.unlisted[_name_of(here, root)] = f"the folder cannot be listed ({reason})"
            continue
        folders = [path for entry in entries if (path := _note_entry(entry, scan))]
        waiting += [path for path in folders if path != passed_over]
    if not (scan.images or scan.skipped or scan.unlisted or scan.empty - {"."}):
        raise FolderUnusable(folder, why_no_picture(scan, may_be_a_drive=may_be_a_drive(root, leave_out)))
    for video in live_videos(scan.unread, (image.image_path for image in scan.images)):
        del scan.unread[video]
    scan.images.sort(key=lambda image: image.image_path)
    scan.skipped.sort(key=lambda image: image.name)
    return scan


def usable_root(folder: Path, out: Path | None = None) -> Path:
    """Return the whole path of a folder of pictures, links followed; `out` is where an index of it may lie.

    Raises:
        FolderUnusable: it is not there, is no folder, cannot be looked at, or its path is no text.
    """
    try:
        is_there, is_folder, root = folder.exists(), folder.is_dir(), folder.resolve()
    except (OSError, RuntimeError, ValueError) as cause:  # a path that is too long, a loop of links, a folder that is closed
        reason = f"it cannot be looked at ({getattr(cause, 'strerror', None) or cause})"
        raise FolderUnusable(folder, reason) from cause
    if not is_there:
        raise FolderUnusable(folder, _why_not_there(folder, out))
    if not is_folder:
        raise FolderUnusable(folder, "it is a file; give the folder that the pictures lie in")
    if is_misread(str(root)):
        raise FolderUnusable(folder, MISREAD)
    if not is_text(str(root)):
        raise FolderUnusable(folder, "its own path has bytes that are not UTF-8; rename or move it")
    return root


def _why_not_there(folder: Path, out: Path | None) -> str:
    """Return what to do about a folder that is not there: mount its drive, or another name that was meant."""
    whole = folder.absolute()
    if may_be_a_drive(whole, out):
        return f"it is not there. {MOUNT_IT}"
    try:
        beside = [entry.name for entry in os.scandir(whole.parent) if entry.is_dir()]
    except OSError:
        beside = []
    by_name = {name.casefold(): name for name in beside}
    near = get_close_matches(whole.name.casefold(), by_name, n=1)
    return f"it is not there, but {whole.parent / by_name[near[0]]} is" if near else "it is not there"


def may_be_a_drive(folder: Path, out: Path | None) -> bool:
    """Return whether a folder may lie on a drive that is not mounted: where drives are mounted, or as an index is of it."""
    return any(folder.is_relative_to(place) for place in MOUNTED_BELOW) or (out is not None and _is_indexed(folder, out))


def _is_indexed(folder: Path, out: Path) -> bool:
    """Return whether the index in `out` is of this folder."""
    try:
        return (out / parse_index_manifest(out / MANIFEST_NAME).images_dir).resolve() == folder.resolve()
    except (OSError, ArtefactError):
        return False


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


def _entries(folder: Path, scan: Scan) -> list[os.DirEntry[str]]:
    """Return what a folder holds and no rule leaves out."""
    with os.scandir(folder) as listed:
        entries = list(listed)
    if not entries:
        scan.empty.add(_name_of(folder, scan.folder))
    if folder != scan.folder and any(entry.name.lower() == NOMEDIA for entry in entries):
        scan.left_out[_name_of(folder, scan.folder)] = NOMEDIA
        return []
    return [entry for entry in entries if not _is_left_out(entry, scan)]


def _is_left_out(entry: os.DirEntry[str], scan: Scan) -> bool:
    name = _name_of(entry.path, scan.folder)
    try:
        is_folder = entry.is_dir(follow_symlinks=False)
    except OSError:  # it will be noted as what cannot be looked at
        return False
    reason = scan.rules.why(name, is_folder=is_folder)
    if reason and reason != HIDDEN:
        scan.left_out[name] = reason
    return reason is not None


def _note_entry(entry: os.DirEntry[str], scan: Scan) -> Path | None:
    """Return the path of a folder, to be listed in its turn; anything else is noted."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return Path(entry.path)
        _note_file(entry, scan)
    except OSError as cause:
        name = _name_of(entry.path, scan.folder)
        scan.unlisted[name] = f"it cannot be looked at ({cause.strerror or cause})"
    return None


def _note_file(entry: os.DirEntry[str], scan: Scan) -> None:
    name = _name_of(entry.path, scan.folder)
    suffix = suffix_of(entry.path)
    is_picture = suffix in READ_SUFFIXES
    if entry.is_symlink() and (reason := _why_not_followed(Path(entry.path), scan, is_picture)):
        scan.skipped.append(SkippedImage(name, reason))
    elif entry.is_file() and (kind := unread_kind(entry.path)):
        scan.unread[name] = kind
    elif not is_picture or not entry.is_file():
        scan.other_files += 1
        if suffix in BESIDE_SUFFIXES and entry.is_file(follow_symlinks=False) and is_text(entry.path):
            _note_found(entry, name, scan.beside)
        elif len(scan.others_named) <= 1:
            scan.others_named.append(name)
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


def _name_of(path: Path | str, root: Path) -> str:
    """Return a path relative to `root`, which it lies below, as it can be kept: without pathlib, a fifth of the time."""
    below = os.fspath(path).removeprefix(os.fspath(root)).replace(os.sep, "/").lstrip("/") or "."
    return below if below.isascii() else below.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

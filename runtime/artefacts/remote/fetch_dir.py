"""The folder that what comes from S3 is kept in: this user's own, made and marked by this program, closed to others.

Nothing is ever written to or deleted from a folder that this program did not make. So another user cannot put a link or a
folder in its place beforehand, and FETCH_DIR may name a folder that holds other files: a sub-folder of it is used.
"""

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from runtime.errors import SettingInvalid

FOLDER_NAME = "lookwhy"
MARK_NAME = ".made-by-lookwhy"
MARK_TEXT = "Lookwhy keeps here what it fetches from S3. Everything below may be removed while it does not run.\n"
FOR_THIS_USER_ALONE = 0o700
ROOT = 0


def default_fetch_dir(environment: Mapping[str, str]) -> Path:
    """Return where fetched files are kept unless a setting says: on Lambda below /tmp, else in the user's cache."""
    if "AWS_LAMBDA_FUNCTION_NAME" in environment:  # nothing else can be written to there, and nobody else is there
        return Path("/tmp") / FOLDER_NAME
    for cache in (Path(environment.get("XDG_CACHE_HOME", "")), Path(environment.get("HOME", "")) / ".cache"):
        if cache.is_absolute() and _can_be_made(cache):
            return cache / FOLDER_NAME
    return Path(tempfile.gettempdir()) / f"{FOLDER_NAME}-{os.geteuid()}"


def own_folder(wanted: Path) -> Path:
    """Return `wanted` where this program made it, or makes it now; else the sub-folder "lookwhy" of it, likewise.

    Raises:
        SettingInvalid: it is a link, no folder, belongs to another user, lies in such a folder, or cannot be made.
    """
    wanted = wanted.absolute()
    folder = wanted
    try:
        if wanted.is_dir() and not wanted.is_symlink() and not _is_marked(wanted):
            folder = wanted / FOLDER_NAME
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.parent.stat().st_uid not in {os.geteuid(), ROOT}:  # who could put another in its place at any time
            raise _refused(folder, "the folder that it lies in belongs to another user")
        with suppress(FileExistsError):
            folder.mkdir(mode=FOR_THIS_USER_ALONE)
            (folder / MARK_NAME).write_text(MARK_TEXT)
        found = folder.lstat()  # of the folder itself: a link is not followed
        _check(folder, found)
        if stat.S_IMODE(found.st_mode) != FOR_THIS_USER_ALONE:
            folder.chmod(FOR_THIS_USER_ALONE)
    except OSError as cause:
        raise _refused(folder, f"it cannot be written ({cause.strerror})") from cause
    return folder


def _check(folder: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise _refused(folder, "it is a symbolic link, which may lead anywhere")
    if not stat.S_ISDIR(found.st_mode):
        raise _refused(folder, "it is no folder")
    if found.st_uid != os.geteuid():
        raise _refused(folder, "it belongs to another user")
    if not _is_marked(folder):
        raise _refused(folder, f"this program did not make it (it lacks {MARK_NAME})")


def _refused(folder: Path, reason: str) -> SettingInvalid:
    return SettingInvalid("FETCH_DIR", str(folder), f"{reason}. Name a folder that does not exist yet and can be made")


def _is_marked(folder: Path) -> bool:
    return (folder / MARK_NAME).is_file()


def _can_be_made(cache: Path) -> bool:
    """Return whether this user may make a folder there."""
    try:
        standing = next(folder for folder in (cache, *cache.parents) if folder.exists())
    except OSError:  # it lies in a folder that is closed to this user, as HOME does after `sudo -u`
        return False
    return standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)

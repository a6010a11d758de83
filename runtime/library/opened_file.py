"""Opens a file of a folder so that nothing put in its place meanwhile is read: no link out, no pipe, no device.

A path that was checked and is then opened may lead elsewhere by then. So the file is opened first, without following links,
and only what was opened is looked at and read.
"""

import errno
import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from runtime.errors import ImageNotFound

log = logging.getLogger(__name__)

# Opening a pipe waits for its writer; with O_NONBLOCK it does not, and a file is read as before.
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
FOLDER_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

NOT_THERE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EINVAL,
    errno.ENAMETOOLONG,
}  # also a link that came meanwhile, or left


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A regular file that lay in its folder when it was opened. Close it, or use it as a context manager.

    `stat` is of the file itself. `path` opens that same file again, whatever lies at its name by then, while it is open.
    """

    content: BinaryIO
    stat: os.stat_result

    @property
    def path(self) -> Path:
        """Where this process finds the opened file."""
        opened = Path("/proc/self/fd")  # Linux; elsewhere, /dev/fd
        return (opened if opened.is_dir() else Path("/dev/fd")) / str(self.content.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self.content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_picture_file(folder: Path, image_path: str) -> OpenedFile:
    """Return the file of a picture, opened.

    A link inside the folder is followed to where it leads inside: the way there is found first, then walked from the folder
    on, and each step of it must be no link. Hard links look like any file, so they cannot be told.

    Args:
        folder: where the file must lie; its own path has no links in it (`Path.resolve`).
        image_path: relative to the folder, with forward slashes.

    Raises:
        ImageNotFound: there is no such file, it may not be read, it leads out of the folder, or it is no regular file.
    """
    try:
        return _open_inside(folder, image_path)
    except OSError as cause:
        if cause.errno not in NOT_THERE:
            log.warning("no picture: %s", cause)
        raise ImageNotFound(image_path) from cause


def _open_inside(folder: Path, name: str) -> OpenedFile:
    try:
        way = (folder / name).resolve(strict=True).relative_to(folder)
    except (RuntimeError, ValueError) as cause:  # a loop of links, a NUL, a way out
        raise _absent(name) from cause
    *folders, last = way.parts or ("",)
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            above, here = here, os.open(part, FOLDER_FLAGS, dir_fd=here)
            os.close(above)
        if not stat.S_ISREG(os.stat(last, dir_fd=here, follow_symlinks=False).st_mode):
            raise _absent(name)  # not even opened: that alone would start some devices
        opened = os.open(last, FILE_FLAGS, dir_fd=here)
    finally:
        os.close(here)
    content = os.fdopen(opened, "rb")
    known = os.fstat(opened)
    if not stat.S_ISREG(known.st_mode):
        content.close()
        raise _absent(name)
    return OpenedFile(content, known)


def _absent(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)

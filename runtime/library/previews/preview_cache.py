"""PreviewCache: previews in a folder of bounded size, for an index whose own folder cannot be written."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from runtime.artefacts.whole_file import whole_file
from runtime.errors import SettingInvalid
from runtime.library.previews.preview_files import preview_path

log = logging.getLogger(__name__)

CACHE_MAX_BYTES = 200_000_000  # some 500 pictures; Lambda's /tmp has 512 MB
KEPT_SHARE = 0.75  # of it, once the oldest have been removed


class PreviewCache:
    """Previews that may go at any time. Any thread may call any method."""

    def __init__(self, open_dir: Callable[[], Path], max_bytes: int = CACHE_MAX_BYTES) -> None:
        """Keep what makes the folder, once there is something for it; it may refuse with SettingInvalid."""
        self._open_dir, self._max_bytes = open_dir, max_bytes
        self._dir: Path | None = None
        self._used_bytes: int | None = None
        self._usable = True
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path | None:
        """Where they are; None where no folder can be had."""
        with self._lock:
            if self._usable and self._dir is None:
                try:
                    self._dir = self._open_dir()
                except (SettingInvalid, OSError) as error:
                    self._usable = False
                    log.warning("previews are not kept: %s", error)
            return self._dir

    def write(self, sha256: str, previews: Mapping[int, bytes]) -> None:
        """Keep the previews of a picture, by edge, and remove the oldest of others where they are too many.

        Raises:
            OSError: one cannot be written.
        """
        folder = self.folder
        if folder is None:
            return
        written = write_previews(folder, sha256, previews)
        with self._lock:
            if self._used_bytes is None:
                self._used_bytes = sum(size for _, size, _ in _files(folder))
            else:
                self._used_bytes += written
            if self._used_bytes > self._max_bytes:
                self._used_bytes = _remove_oldest(folder, int(self._max_bytes * KEPT_SHARE))


def write_previews(folder: Path, sha256: str, previews: Mapping[int, bytes]) -> int:
    """Write previews of a picture, by edge, into a folder, and return how many bytes they have.

    Nothing waits for the disk: after a power cut one may be empty, and is then made again.

    Raises:
        OSError: one cannot be written.
    """
    for edge, content in previews.items():
        path = preview_path(folder, sha256, edge)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, shared=True, synced=False) as file:
            file.write(content)
    return sum(map(len, previews.values()))


def _remove_oldest(folder: Path, left_bytes: int) -> int:
    """Remove files until no more than `left_bytes` are left, and return how many those are."""
    files = sorted(_files(folder))
    used_bytes = sum(size for _, size, _ in files)
    for _, size, path in files:
        if used_bytes <= left_bytes:
            break
        with suppress(OSError):  # another process may be doing the same
            path.unlink(missing_ok=True)
        used_bytes -= size
    return used_bytes


def _files(folder: Path) -> list[tuple[int, int, Path]]:
    """Return time of writing, length and path of each preview."""
    found = []
    for path in folder.rglob("*.jpg"):
        with suppress(OSError):
            stat = path.stat()
            found.append((stat.st_mtime_ns, stat.st_size, path))
    return found

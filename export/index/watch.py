"""An index kept up with its folder: a build whenever something in it has changed and then been quiet.

watchfiles tells of changes: by the system's own events, or, where a drive sends none, by looking again and again.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from export.errors import ExtraMissing
from export.index.errors import IndexOfAnother
from export.index.generations.history import FOLDER_NAME
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.artefacts.whole_file import PART_SUFFIX
from runtime.errors import LookwhyError
from runtime.library.previews.preview_files import PREVIEWS_NAME
from runtime.terminal import tell

QUIET_S = 5.0  # a phone or a camera copies for a while; a build in the middle of it would be one of many
UNQUIET_MAX_S = 600.0  # after so long, there is a build although the folder is never quiet
AGAIN_S = 600.0  # after a build that failed: by then the drive may be back, or the disk have room
POLL_MS = 30_000  # between two looks, where there are no events


def watch_folder(folder: Path, out: Path, build: Callable[[], object], *, poll: bool = False) -> None:
    """Build at the start and after each change, until Ctrl-C.

    A build that fails is told, and tried again ten minutes later, but for one into the index of another folder.

    Args:
        folder: the pictures.
        out: the index's folder; what changes there is the build's own doing.
        build: makes the index; where nothing has changed, it leaves it as it is.
        poll: look at the folder every 30 seconds, for drives that send no events: those of a network.

    Raises:
        ExtraMissing: watchfiles is not installed.
        IndexOfAnother: the index is of another folder.
        KeyboardInterrupt: Ctrl-C.
    """
    while True:
        for _ in _quiet_times(folder, out, poll=poll):
            try:
                build()
            except IndexOfAnother:  # it would be the same in ten minutes
                raise
            except LookwhyError as error:
                tell(f"{error}\nThis is tried again in {AGAIN_S / 60:.0f} minutes.")
                break
            tell(f"Watching {folder}. Ctrl-C ends it.")
        time.sleep(AGAIN_S)  # nothing tells when a drive is back


def is_of_pictures(changed: Path, folder: Path, out: Path) -> bool:
    """Return whether a changed file may matter: it is not hidden, and not the index's own. All are absolute."""
    hidden = changed.is_relative_to(folder) and any(part.startswith(".") for part in changed.relative_to(folder).parts)
    if hidden or not changed.is_relative_to(out):
        return not hidden
    return folder.is_relative_to(out) and not _is_of_an_index(changed.relative_to(out))


def _is_of_an_index(path: Path) -> bool:
    """Return whether a file is an index's own by its name, below a folder that holds pictures, too."""
    outer = path.parts[0] if path.parts else ""
    is_database = path.name.removesuffix(PART_SUFFIX).rpartition(".")[2].startswith("sqlite")  # with its "-wal"
    is_below = bool(FOLDER_NAME.fullmatch(outer)) or outer == PREVIEWS_NAME
    return is_below or (len(path.parts) <= 1 and (is_database or outer.startswith(MANIFEST_NAME)))


def _quiet_times(folder: Path, out: Path, *, poll: bool) -> Iterator[None]:
    """Yield at the start, and whenever changes have come and then been quiet; it ends where the folder cannot be watched."""
    try:
        from watchfiles import watch
    except ImportError:
        raise ExtraMissing("Watching a folder", "watch") from None

    root, own = folder.resolve(), out.resolve()
    changed_s: float | None = -UNQUIET_MAX_S  # when the first change came that no build has seen
    quiet_ms = int(QUIET_S * 1000)
    try:
        for changes in watch(
            root,
            watch_filter=lambda _, name: is_of_pictures(Path(name), root, own),
            rust_timeout=quiet_ms,
            yield_on_timeout=True,
            force_polling=poll,
            poll_delay_ms=POLL_MS,
            ignore_permission_denied=True,
        ):
            now_s = time.monotonic()
            if changes and changed_s is None:
                changed_s = now_s
            if changed_s is not None and (not changes or now_s - changed_s > UNQUIET_MAX_S):
                yield
                changed_s = None
    except (OSError, RuntimeError) as cause:  # RuntimeError: watchfiles' own, where the system allows no more watches
        tell(f"{folder} cannot be watched ({cause}); with --poll, it is looked at every {POLL_MS // 1000} seconds.")
        yield

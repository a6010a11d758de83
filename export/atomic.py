"""A folder that is replaced whole or not at all, however the run ends; and the lock that keeps a second run out of a folder.

Owns the temporary folder beside the final one, the syncing, the switch, and the only `flock`. Knows nothing of what lies in
a folder. A single file is replaced by `runtime/artefacts/whole_file.py`.
"""

import fcntl
import glob
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from export.errors import OutputUnwritable, unwritable_refused

TERMINATED = 128 + signal.SIGTERM  # the exit code that shells give to a process ended by this signal


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out`, which takes its place when the block ends well, and goes when it does not.

    Raises:
        OutputUnwritable: a folder or file could not be written, by the block or by the switch.
        SystemExit: the process was told to end; a second such signal ends it at once.
    """
    with unwritable_refused(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with _ended_by_exception() as told_to_end, _claimed_folder(out) as staged:
            yield staged
            sync_tree(staged)
            if told_to_end.is_set():  # Python drops an exception in a finalizer or a callback, such as those of torch
                sys.exit(TERMINATED)
            _switch(staged, out)


@contextmanager
def locked_folder(folder: Path, in_use: str) -> Iterator[None]:
    """Hold `folder`, made if need be, against a second run; a run that ends, however it ends, lets go.

    Args:
        folder: what is locked itself, so that no lock file is ever left in it.
        in_use: who else may hold it and what to do, for the message.

    Raises:
        OutputUnwritable: another run holds it, or it cannot be made or opened.
    """
    with unwritable_refused(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = _open_locked(folder, wait=False)
    except BlockingIOError as cause:
        raise OutputUnwritable(folder, in_use) from cause
    except OSError as cause:
        raise OutputUnwritable(folder, cause.strerror or str(cause)) from cause
    try:
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def _restore(out: Path) -> None:
    """Put back what a run left aside that was killed between the switch's two renames (none replaces a full folder)."""
    aside = _aside(out)
    if aside.exists() and not out.exists():
        aside.rename(out)


def sync_tree(folder: Path) -> None:
    """Write `folder` and every file and folder below it through to the disk."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Write a file, or a folder's list of names, through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _claimed_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out` that only this process owns; it goes at the end, unless it was renamed by then.

    The lock on it ends with the process, however that ends, so that the next run can tell what a killed one left behind.
    """
    parent = _open_locked(out.parent)  # or another run could take the new folder for an abandoned one, before it is locked
    try:
        _restore(out)
        _remove_abandoned(out)
        staged = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
        owned = _open_locked(staged)
    finally:
        os.close(parent)
    try:
        staged.chmod(0o755)  # mkdtemp makes it for its owner alone; a container serves artefacts as another user
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        os.close(owned)


def _remove_abandoned(out: Path) -> None:
    for folder in out.parent.glob(f".{glob.escape(out.name)}.*.partial"):
        with suppress(OSError):  # still owned by another run, or not to be opened
            os.close(_open_locked(folder, wait=False))
            shutil.rmtree(folder, ignore_errors=True)


def _open_locked(folder: Path, *, wait: bool = True) -> int:
    """Return an open folder that this process alone holds locked, until it is closed.

    Raises:
        BlockingIOError: another process holds it, and `wait` is false.
        OSError: it cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _ended_by_exception() -> Iterator[threading.Event]:
    """Let SIGTERM raise SystemExit, as SIGINT raises KeyboardInterrupt, so that what is left behind is cleared away.

    Yields what is set once the signal has come.
    """
    told_to_end = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's alone
        yield told_to_end
        return

    def exit_once(*_: object) -> None:
        told_to_end.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.exit(TERMINATED)

    previous = signal.signal(signal.SIGTERM, exit_once)
    try:
        yield told_to_end
    finally:
        signal.signal(signal.SIGTERM, previous)


def _switch(staged: Path, out: Path) -> None:
    aside = _aside(out)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        if out.exists():
            out.rename(aside)
        staged.rename(out)
    finally:
        _restore(out)  # a signal or a failure between the two
    shutil.rmtree(aside, ignore_errors=True)


def _aside(out: Path) -> Path:
    return out.with_name(f".{out.name}.previous")

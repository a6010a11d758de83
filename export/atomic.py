"""A folder of artefacts that is replaced whole or not at all, however the run ends.

Owns the temporary folder beside the final one, the syncing, and the switch. Knows nothing of what lies in it.
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

from export.errors import OutputUnwritable

TERMINATED = 128 + signal.SIGTERM  # the exit code that shells give to a process ended by this signal


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out`, which takes its place when the block ends well, and goes when it does not.

    Raises:
        OutputUnwritable: a folder or file could not be written, by the block or by the switch.
        SystemExit: the process was told to end; a second such signal ends it at once.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _ended_by_exception(), _claimed_folder(out) as staged:
            yield staged
            sync_tree(staged)
            _switch(staged, out)
    except OSError as cause:
        raise OutputUnwritable(out, cause.strerror or str(cause)) from cause


def restore_folder(out: Path) -> None:
    """Put back what a run left aside that was killed between the switch's two renames (none replaces a full folder)."""
    aside = _aside(out)
    if aside.exists() and not out.exists():
        aside.rename(out)


def sync_tree(folder: Path) -> None:
    """Write every file and folder below `folder` through to the disk."""
    for path in [*folder.rglob("*"), folder]:
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
    with _locked(out.parent):  # or another run could take the new folder for an abandoned one, before its lock is on it
        restore_folder(out)
        _remove_abandoned(out)
        staged = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
        owned = _open_locked(staged, fcntl.LOCK_EX)
    try:
        staged.chmod(0o755)  # mkdtemp makes it for its owner alone; a container serves artefacts as another user
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        os.close(owned)


def _remove_abandoned(out: Path) -> None:
    for folder in out.parent.glob(f".{glob.escape(out.name)}.*.partial"):
        with suppress(OSError):  # still owned by another run, or not to be opened
            os.close(_open_locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB))
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _open_locked(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _open_locked(folder: Path, operation: int) -> int:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, operation)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """Let SIGTERM raise SystemExit, as SIGINT raises KeyboardInterrupt, so that what is left behind is cleared away."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's alone
        yield
        return
    previous = signal.signal(signal.SIGTERM, _exit_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _exit_once(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(TERMINATED)


def _switch(staged: Path, out: Path) -> None:
    aside = _aside(out)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        if out.exists():
            out.rename(aside)
        staged.rename(out)
    finally:
        restore_folder(out)  # a signal or a failure between the two
    shutil.rmtree(aside, ignore_errors=True)


def _aside(out: Path) -> Path:
    return out.with_name(f".{out.name}.previous")

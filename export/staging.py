"""A folder of artefacts that is replaced whole or not at all.

Owns the temporary folder beside the final one, the syncing, and the switch. Knows nothing of what lies in it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from export.errors import OutputUnwritable


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out`, which takes its place when the block ends well, and goes when it does not.

    Raises:
        OutputUnwritable: a folder or file could not be written, by the block or by the switch.
    """
    staged: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        restore_folder(out)
        staged = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
        staged.chmod(0o755)  # mkdtemp makes it for its owner alone; a container serves artefacts as another user
        yield staged
        sync_tree(staged)
        _switch(staged, out)
    except OSError as cause:
        raise OutputUnwritable(out, cause.strerror or str(cause)) from cause
    finally:
        if staged:
            shutil.rmtree(staged, ignore_errors=True)


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


def _switch(staged: Path, out: Path) -> None:
    aside = _aside(out)
    shutil.rmtree(aside, ignore_errors=True)
    if out.exists():
        out.rename(aside)
    staged.rename(out)
    shutil.rmtree(aside, ignore_errors=True)


def _aside(out: Path) -> Path:
    return out.with_name(f".{out.name}.previous")

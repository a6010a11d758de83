"""Knows Git LFS pointers: three lines of text that stand for a large file until `git lfs pull` has fetched it."""

from collections.abc import Sequence
from pathlib import Path

from export.errors import CheckpointUnusable

FIRST_LINE = b"version https://git-lfs.github.com/spec/"  # as the pointer's specification gives it


def refuse_pointers(given: str, folder: Path, weights: Sequence[Sequence[str]]) -> None:
    """Refuse a checkpoint of which a file that would be read is a pointer.

    Args:
        given: what the user called it.
        folder: the checkpoint.
        weights: the patterns of each form of weights, the preferred one first; only the first that is there is read.

    Raises:
        CheckpointUnusable: names the first such file.
    """
    form = next((patterns for patterns in weights if any(folder.glob(patterns[0]))), ())
    read = [path for pattern in ("*.json", *form) for path in sorted(folder.glob(pattern))]
    for path in read:
        if path.is_file() and _is_pointer(path):
            reason = f"its {path.name} is a Git LFS pointer, which only stands for the file"
            raise CheckpointUnusable(given, reason, "Fetch the files themselves: git lfs pull, in that folder.")


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(FIRST_LINE)) == FIRST_LINE

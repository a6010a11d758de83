"""Knows what lies in a large file's place until the file is fetched: pointers, web pages, links that lead nowhere."""

from collections.abc import Sequence
from pathlib import Path

from export.errors import CheckpointUnusable

PAGE = ("is a web page, saved under the file's name", "Download the file itself.")
# By a file's first bytes, in lower case. The first two are as the pointers' own specifications give them.
STAND_INS = {
    b"version https://git-lfs": (
        "is a Git LFS pointer, which only stands for the file",
        "Fetch the files themselves: git lfs pull, in that folder.",
    ),
    b"/annex/objects/": (
        "is a git-annex pointer, which only stands for the file",
        "Fetch the files themselves: git annex get ., in that folder.",
    ),
    b"<!doctype html": PAGE,
    b"<html": PAGE,
}
DANGLING = ("is a link that leads nowhere", "Copy the folder with what its links lead to: cp -rL does.")
LONGEST = max(len(start) for start in STAND_INS)
TOKENIZER = "tokenizer.json"
OLDER_TOKENIZER = ("*.txt", "*.model")  # read where there is no tokenizer.json


def refuse_stand_ins(given: str, folder: Path, patterns: Sequence[str]) -> None:
    """Refuse a checkpoint of which a file that would be read only stands for it.

    Args:
        given: what the user called it.
        folder: the checkpoint.
        patterns: of the files' names.

    Raises:
        CheckpointUnusable: names the first such file.
    """
    for path in (path for pattern in patterns for path in sorted(folder.glob(pattern))):
        found = _stand_in(path)
        if found:
            reason, remedy = found
            raise CheckpointUnusable(given, f"its {path.name} {reason}", remedy)


def patterns_read(folder: Path, weights: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the patterns of what is read of a checkpoint: of the forms of its weights the first that is there, alone."""
    form = next((patterns for patterns in weights if any(folder.glob(patterns[0]))), ())
    return ("*.json", *(() if (folder / TOKENIZER).exists() else OLDER_TOKENIZER), *form)


def _stand_in(path: Path) -> tuple[str, str] | None:
    if path.is_symlink() and not path.exists():
        return DANGLING
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(LONGEST).lower()
    return next((told for begins, told in STAND_INS.items() if start.startswith(begins)), None)
